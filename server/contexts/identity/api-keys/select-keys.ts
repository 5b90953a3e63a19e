import { sql, type Kysely } from 'kysely'
import type { Owned } from '#tables'
import type { PlantScope } from '../plant-scope.ts'
import type { ApiKey } from './schemas.ts'

/** API keys as the wire has them; revoked ones are listed too, with when. */
export const selectKeys = (db: Kysely<Owned<'control.api_keys'>>, tenantId: string) =>
  db
    .selectFrom('control.api_keys')
    .where('tenant_id', '=', tenantId)
    .select(['id', 'name', 'hint', 'permissions', 'expires_at', 'revoked_at', 'last_used_at'])
    .select(['revision', 'created_at', 'updated_at', 'created_by', 'updated_by'])
    .select(sql<PlantScope>`coalesce(to_jsonb(plant_ids), '"all"')`.as('plant_scope'))
    .$castTo<ApiKey>()
