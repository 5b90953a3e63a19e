import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { OneOf, page, type Page, type Static } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import { identityRefusals } from '../refusals.ts'
import type { ApiKey } from './schemas.ts'
import { selectKeys } from './select-keys.ts'

type Reading = Work<Owned<'control.api_keys'>>
export const ApiKeyStatus = OneOf(['active', 'expired', 'revoked'])
export type ApiKeyStatus = Static<typeof ApiKeyStatus>
export type ApiKeyQuery = { limit: number; offset: number; sort?: string; q?: string; status?: ApiKeyStatus }
export const apiKeySort = ['name', 'created_at', 'expires_at', 'last_used_at'] as const

const status = sql<ApiKeyStatus>`case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end`

/** The company's keys; `q` finds parts of names. */
export async function listApiKeys({ db, tenantId }: Reading, query: ApiKeyQuery): Promise<Page<ApiKey>> {
  let keys = selectKeys(db, tenantId)
  if (query.status !== undefined) keys = keys.where(status, '=', query.status)
  if (query.q !== undefined) {
    keys = keys.where(sql<boolean>`position(lower(ext.unaccent(${query.q})) in lower(ext.unaccent(name))) > 0`)
  }
  let sorted = keys.select(sql<number>`count(*) over ()`.as('total'))
  for (const { field, direction } of sortTerms(query.sort, '-created_at')) {
    sorted = sorted.orderBy(sql.ref(field), direction)
  }
  const rows = await sorted.orderBy('id').limit(query.limit).offset(query.offset).execute()
  const items = rows.map(({ total: _total, ...key }) => key)
  if (rows.length > 0 || query.offset === 0) return page(items, rows[0]?.total ?? 0, query)
  const counted = keys.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'))
  return page(items, (await counted.executeTakeFirstOrThrow()).total, query)
}

/** One key; `api_keys.not_found` for a stranger's id as for a random one. */
export async function getApiKey({ db, tenantId }: Reading, id: string): Promise<ApiKey> {
  const key = await selectKeys(db, tenantId).where('id', '=', id).executeTakeFirst()
  if (key === undefined) throw identityRefusals.refuse('api_keys.not_found')
  return key
}
