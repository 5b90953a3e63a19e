import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { tellUserDeleted } from '../events.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkMayChange } from './check-grant.ts'
import { endUserSessions } from './end-user-sessions.ts'
import { withdrawInvitations } from './invitation.ts'
import { keepLastAdmin } from './last-admin.ts'
import { lockUser } from './lock-user.ts'

type Tables = Owned<
  'control.users' | 'control.tenants' | 'control.sessions' | 'control.tickets' | 'control.roles' | 'control.api_keys'
>

/** Removes a user from the company: sessions end, invitations are void; what they did keeps their name. */
export async function deleteUser(work: Work<Tables>, id: string, expected: readonly number[] | null): Promise<void> {
  await lockTenant(work)
  const user = await lockUser(work, id)
  checkRevision(user, expected)
  await keepLastAdmin(work, user, null)
  await checkMayChange(work, user)
  const { db, tenantId, actor } = work
  const now = work.now.toISOString()
  await db
    .updateTable('control.users')
    .set({ deleted_at: now, updated_at: now, updated_by: actor.id, revision: sql`revision + 1` })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
  await endUserSessions(work, id, 'user_removed')
  await withdrawInvitations(work, { tenantId, userId: id })
  const { name, surname, role } = user
  const entry = { action: 'users.deleted', resource: 'user', resource_id: id, before: { name, surname, role } }
  work.record(entry, tellUserDeleted(id))
}
