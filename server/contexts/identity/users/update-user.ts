import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import type { PlantsExist } from '../administration.ts'
import { changedFields } from '../changed-fields.ts'
import { tellUserUpdated } from '../events.ts'
import { plantIdsOf, plantScopeOf } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkGrant, checkMayChange } from './check-grant.ts'
import { endUserSessions } from './end-user-sessions.ts'
import { getUser } from './get-user.ts'
import { keepLastAdmin } from './last-admin.ts'
import { lockUser, type LockedUser } from './lock-user.ts'
import type { User, UserChange } from './schemas.ts'

type Tables = Owned<
  'control.users' | 'control.accounts' | 'control.tenants' | 'control.sessions' | 'control.roles' | 'control.api_keys'
>
type Asked = { change: UserChange; expected: readonly number[] | null; plantsExist: PlantsExist }

/** Changes a user; what was changed acts with the user's next request, and a suspended one's sessions end. */
export async function updateUser(
  work: Work<Tables>,
  id: string,
  { change, expected, plantsExist }: Asked,
): Promise<User> {
  await lockTenant(work)
  const user = await lockUser(work, id)
  checkRevision(user, expected)
  const fields = fieldsOf(user, change)
  const changed = changedFields(user, fields)
  if (changed === null) return getUser(work, id)
  await keepLastAdmin(work, user, { ...user, ...changed.after })
  await checkMayChange(work, user)
  await checkGrant(work, plantsExist, { role: changed.after.role, plant_ids: newPlants(user, changed.after.plant_ids) })

  const { db, tenantId, now, actor } = work
  await db
    .updateTable('control.users')
    .set({ ...changed.after, revision: sql`revision + 1`, updated_at: now.toISOString(), updated_by: actor.id })
    // Who is really Active has accepted; that is not to be asked again after a suspension.
    .$if(user.status === 'Active', (update) => update.set({ password_given: false }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
  if (changed.after.status === 'Suspended') await endUserSessions(work, id, 'user_suspended')
  const [before, after] = [told(changed.before), told(changed.after)]
  const entry = { action: 'users.updated', resource: 'user', resource_id: id, before, after }
  work.record(entry, tellUserUpdated(id, after))
  return getUser(work, id)
}

function fieldsOf(user: LockedUser, { plant_scope, status, ...rest }: UserChange) {
  const invited = user.status === 'Invited' && !user.password_given
  if (status !== undefined && invited) throw identityRefusals.refuse('users.not_accepted')
  const plant_ids = plant_scope === undefined ? undefined : plantIdsOf(plant_scope)
  return { ...rest, plant_ids, status: status === undefined ? undefined : storedStatus(user, status) }
}

/** Who was shown as Active without having accepted goes on waiting, and has no way in before they have. */
function storedStatus(user: LockedUser, status: string): string {
  return status === 'Active' && user.password_given && user.status !== 'Active' ? 'Invited' : status
}

/** Plants that the user has already need not be there any more. */
function newPlants(
  user: LockedUser,
  plantIds: readonly string[] | null | undefined,
): readonly string[] | null | undefined {
  if (plantIds === undefined || plantIds === null) return plantIds
  return plantIds.filter((id) => !user.plant_ids?.includes(id))
}

/** As the wire spells it. */
function told({ plant_ids, status, ...rest }: Partial<LockedUser>): Record<string, unknown> {
  return {
    ...rest,
    ...(plant_ids !== undefined && { plant_scope: plantScopeOf(plant_ids) }),
    ...(status !== undefined && { status: status === 'Invited' ? 'Active' : status }),
  }
}
