import { newId } from '#platform/new-id.ts'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { PlantsExist } from '../administration.ts'
import { tellApiKeyCreated } from '../events.ts'
import { plantIdsOf, plantScopeOf } from '../plant-scope.ts'
import { ownRights } from '../roles/own-rights.ts'
import { apiKeyHint, newApiKey } from '../tokens/opaque-token.ts'
import { checkKey } from './check-key.ts'
import { getApiKey } from './read-api-keys.ts'
import type { CreatedApiKey, NewApiKey } from './schemas.ts'

/** Makes a key and tells it this once. Without a plant scope it sees what its maker sees. */
export async function createApiKey(
  work: Work<Owned<'control.api_keys' | 'control.users'>>,
  { name, permissions, plant_scope, expires_at = null }: NewApiKey,
  plantsExist: PlantsExist,
): Promise<CreatedApiKey> {
  const own = await ownRights(work)
  const asked = plant_scope === undefined ? undefined : plantIdsOf(plant_scope)
  await checkKey(work, own, { permissions, plant_ids: asked, expires_at }, plantsExist)
  const plant_ids = asked === undefined ? own.plant_ids && [...own.plant_ids] : asked
  const { token: key, hash: key_hash } = newApiKey()
  const { db, tenantId, actor } = work
  const id = newId()
  const fields = { name, permissions, plant_ids, expires_at }
  const by = { created_by: actor.id, updated_by: actor.id }
  await db
    .insertInto('control.api_keys')
    .values({ tenant_id: tenantId, id, key_hash, hint: apiKeyHint(key), ...fields, ...by })
    .execute()
  const after = { name, permissions, plant_scope: plantScopeOf(plant_ids), expires_at }
  work.record({ action: 'api_keys.created', resource: 'api_key', resource_id: id, after }, tellApiKeyCreated(id))
  return { ...(await getApiKey(work, id)), key }
}
