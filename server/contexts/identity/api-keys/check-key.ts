import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { PlantsExist } from '../administration.ts'
import { plantsBeyond } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { beyondOwn } from '../roles.ts'
import type { Rights } from '../roles/own-rights.ts'
import { checkPlants } from '../users/check-grant.ts'

const { refuse } = identityRefusals

export type KeyGrant = {
  permissions?: readonly string[] | undefined
  plant_ids?: readonly string[] | null | undefined
  expires_at?: string | null | undefined
}

/** Refuses what whoever makes or changes a key does not have themselves, and a key that would be dead from the start. */
export async function checkKey(
  work: Work<Owned<'control.api_keys'>>,
  own: Rights,
  { permissions, plant_ids, expires_at }: KeyGrant,
  plantsExist: PlantsExist,
): Promise<void> {
  if (typeof expires_at === 'string' && Date.parse(expires_at) <= work.now.getTime()) {
    throw refuse('api_keys.invalid', { details: [{ field: 'expires_at', message: 'must be in the future' }] })
  }
  await checkLife(work, expires_at)
  const beyond = beyondOwn(own.permissions, permissions ?? [])
  if (beyond.length > 0) {
    const details = beyond.slice(0, 20).map((one) => ({ field: 'permissions', message: `${one} is not yours` }))
    throw refuse('api_keys.beyond_own', { details })
  }
  if (plant_ids !== undefined) await checkPlants(work, own, plant_ids, { plantsExist, part: 'api_keys' })
}

/** A key that ends makes none that goes on after it, nor itself last longer. */
async function checkLife(
  { db, tenantId, actor }: Work<Owned<'control.api_keys'>>,
  expires_at: string | null | undefined,
): Promise<void> {
  if (actor.kind !== 'api_key' || actor.id === null || expires_at === undefined) return
  const maker = db.selectFrom('control.api_keys').select('expires_at').where('tenant_id', '=', tenantId)
  const { expires_at: end } = await maker.where('id', '=', actor.id).executeTakeFirstOrThrow()
  if (end === null || (expires_at !== null && Date.parse(expires_at) <= Date.parse(end))) return
  throw refuse('api_keys.beyond_own', { details: [{ field: 'expires_at', message: `goes beyond your own, ${end}` }] })
}

/**
 * Refuses to change a key that may do, or sees, more than whoever acts: a permission of theirs on plants that are not, or
 * a longer life of what they could not make. Revoking is always theirs: it only takes away.
 */
export function checkMayChangeKey(
  own: Rights,
  key: { permissions: readonly string[]; plant_ids: readonly string[] | null },
): void {
  if (beyondOwn(own.permissions, key.permissions).length > 0 || plantsBeyond(own.plant_ids, key.plant_ids)) {
    throw refuse('api_keys.beyond_own')
  }
}

/** A key's row, held until the transaction ends. */
export async function lockKey({ db, tenantId }: Work<Owned<'control.api_keys'>>, id: string) {
  const key = await db
    .selectFrom('control.api_keys')
    .select(['name', 'permissions', 'plant_ids', 'expires_at', 'revoked_at', 'revision'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (key === undefined) throw refuse('api_keys.not_found')
  return key
}
