import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import type { PlantsExist } from '../administration.ts'
import { plantsBeyond } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { beyondOwn } from '../roles.ts'
import { permissionsOfRole } from '../roles/find-role.ts'
import { ownRights, type Rights } from '../roles/own-rights.ts'

const { refuse } = identityRefusals
type Tables = Owned<'control.users' | 'control.api_keys' | 'control.roles'>

/** Refuses a role that is not there, or that may do more than whoever gives it. */
async function checkRole(work: Work<Tables>, own: Rights, role: string): Promise<void> {
  const given = await permissionsOfRole(work, role)
  if (given === null) throw refuse('users.invalid', { details: [{ field: 'role', message: 'is not a role here' }] })
  const beyond = beyondOwn(own.permissions, given)
  if (beyond.length === 0) return
  const details = beyond
    .slice(0, 20)
    .map((permission) => ({ field: 'role', message: `may ${permission}, which you may not` }))
  throw refuse('users.beyond_own', { details })
}

/** Refuses plants that are not there or not seen by whoever gives them, alike; and all plants from who has only some. */
export async function checkPlants(
  work: EdgeWork,
  own: Rights,
  given: readonly string[] | null,
  { plantsExist, part }: { plantsExist: PlantsExist; part: 'users' | 'api_keys' },
): Promise<void> {
  if (given !== null && !(await plantsExist(work, given))) {
    throw refuse(`${part}.invalid`, { details: [{ field: 'plant_scope', message: 'names a plant that is not there' }] })
  }
  if (!plantsBeyond(own.plant_ids, given)) return
  throw refuse(`${part}.beyond_own`, { details: [{ field: 'plant_scope', message: 'goes beyond your own plants' }] })
}

/** What is to be given to a user: a role, and the plants that are new to them. */
export async function checkGrant(
  work: Work<Tables>,
  plantsExist: PlantsExist,
  given: { role?: string | undefined; plant_ids?: readonly string[] | null | undefined },
): Promise<void> {
  const own = await ownRights(work)
  if (given.role !== undefined) await checkRole(work, own, given.role)
  if (given.plant_ids !== undefined) await checkPlants(work, own, given.plant_ids, { plantsExist, part: 'users' })
}

/** Refuses to touch a user who may do, or sees, more than whoever acts: suspending them is a way to take it. */
export async function checkMayChange(
  work: Work<Tables>,
  user: { role: string; plant_ids: readonly string[] | null },
): Promise<void> {
  const own = await ownRights(work)
  const theirs = (await permissionsOfRole(work, user.role)) ?? []
  if (beyondOwn(own.permissions, theirs).length > 0 || plantsBeyond(own.plant_ids, user.plant_ids)) {
    throw refuse('users.beyond_own')
  }
}
