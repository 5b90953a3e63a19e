import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import type { PlantsExist } from '../administration.ts'
import { changedFields } from '../changed-fields.ts'
import { tellApiKeyUpdated } from '../events.ts'
import { plantIdsOf, plantScopeOf } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { ownRights } from '../roles/own-rights.ts'
import { checkKey, checkMayChangeKey, lockKey } from './check-key.ts'
import { getApiKey } from './read-api-keys.ts'
import type { ApiKey, ApiKeyChange } from './schemas.ts'

type Asked = { change: ApiKeyChange; expected: readonly number[] | null; plantsExist: PlantsExist }

/** Changes a key; what was changed acts with its next request. A revoked one stays as it was. */
export async function updateApiKey(
  work: Work<Owned<'control.api_keys' | 'control.users'>>,
  id: string,
  { change, expected, plantsExist }: Asked,
): Promise<ApiKey> {
  const key = await lockKey(work, id)
  checkRevision(key, expected)
  if (key.revoked_at !== null) throw identityRefusals.refuse('api_keys.revoked')
  const { plant_scope, ...rest } = change
  const changed = changedFields(key, {
    ...rest,
    plant_ids: plant_scope === undefined ? undefined : plantIdsOf(plant_scope),
  })
  if (changed === null) return getApiKey(work, id)
  const own = await ownRights(work)
  checkMayChangeKey(own, key)
  await checkKey(work, own, changed.after, plantsExist)
  const { db, tenantId, now, actor } = work
  await db
    .updateTable('control.api_keys')
    .set({ ...changed.after, revision: sql`revision + 1`, updated_at: now.toISOString(), updated_by: actor.id })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
  const [before, after] = [told(changed.before), told(changed.after)]
  const entry = { action: 'api_keys.updated', resource: 'api_key', resource_id: id, before, after }
  work.record(entry, tellApiKeyUpdated(id, after))
  return getApiKey(work, id)
}

const told = ({ plant_ids, ...rest }: { plant_ids?: string[] | null }): Record<string, unknown> => ({
  ...rest,
  ...(plant_ids !== undefined && { plant_scope: plantScopeOf(plant_ids) }),
})
