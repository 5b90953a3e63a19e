import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { changedFields } from '../changed-fields.ts'
import { tellRoleUpdated } from '../events.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkHolders, checkName, checkPermissions, lockRole } from './check-role.ts'
import { getRole } from './read-roles.ts'
import type { Role, RoleChange } from './schemas.ts'

type Tables = Owned<'control.roles' | 'control.users' | 'control.tenants' | 'control.api_keys'>

/** Changes a role; it acts with the next request of each user who has it. A new name goes to those users too. */
export async function updateRole(
  work: Work<Tables>,
  id: string,
  { change, expected }: { change: RoleChange; expected: readonly number[] | null },
): Promise<Role> {
  await lockTenant(work)
  const role = await lockRole(work, id)
  checkRevision(role, expected)
  const changed = changedFields(role, change)
  if (changed === null) return getRole(work, id)
  const { before, after } = changed
  // Also what it may now: else a role beyond one's own could be emptied by taking it away.
  await checkPermissions(work, [...role.permissions, ...(after.permissions ?? [])])
  if (after.permissions !== undefined) await checkHolders(work, role.name)
  if (after.name !== undefined) await checkName(work, after.name, id)

  const { db, tenantId, actor } = work
  const stamps = { revision: sql<number>`revision + 1`, updated_at: work.now.toISOString(), updated_by: actor.id }
  const roles = db.updateTable('control.roles').set({ ...after, ...stamps })
  await roles.where('tenant_id', '=', tenantId).where('id', '=', id).execute()
  if (after.name !== undefined) {
    const users = db.updateTable('control.users').set({ role: after.name, ...stamps })
    await users.where('tenant_id', '=', tenantId).where('role', '=', role.name).execute()
  }
  const entry = { action: 'roles.updated', resource: 'role', resource_id: id, before, after }
  work.record(entry, tellRoleUpdated(id, after.name ?? role.name, after))
  return getRole(work, id)
}
