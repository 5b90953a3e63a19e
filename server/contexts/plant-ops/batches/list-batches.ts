import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import type { FloorWork } from '../tables.ts'
import { batchColumns } from './get-batch.ts'
import type { Batch } from './schemas.ts'

export const BATCH_SORTS = [
  'created_at',
  'planned_start',
  'started_at',
  'ended_at',
  'batch_number',
  'product_code',
] as const
const EQUAL = ['plant_id', 'line_id', 'status'] as const
type Filter = {
  limit: number
  offset: number
  sort?: string
  q?: string
  plant_id?: string
  line_id?: string
  status?: string
  product_code?: string
  from?: string
  to?: string
}

/** Batches that were not deleted; `q` is found in number, product and notes; from and to speak of when they ran. */
export async function listBatches({ db, tenantId }: FloorWork, filter: Filter): Promise<Page<Batch>> {
  const { q, product_code, from, to, limit, offset } = filter
  const terms: RawBuilder<unknown>[] = [sql`b.tenant_id = ${tenantId}`, sql`b.deleted_at is null`]
  for (const name of EQUAL) if (filter[name] !== undefined) terms.push(sql`${sql.ref(`b.${name}`)} = ${filter[name]}`)
  if (product_code !== undefined) terms.push(sql`lower(b.product_code) = lower(${product_code})`)
  if (from !== undefined) terms.push(sql`(b.ended_at > ${from} or b.started_at is not null and b.ended_at is null)`)
  if (to !== undefined) terms.push(sql`b.started_at < ${to}`)
  if (q !== undefined) {
    terms.push(sql`strpos(lower(concat_ws(' ', b.batch_number, b.product_code, b.notes)), lower(${q})) > 0`)
  }
  const order = sortTerms(filter.sort, '-created_at').map(
    // security-ok: one of two words
    ({ field, direction }) => sql`${sql.ref(`b.${field}`)} ${sql.raw(direction)} nulls last`,
  )
  const rowsFrom = sql`from batches b where ${sql.join(terms, sql` and `)}`
  const { rows } = await sql<Batch & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${rowsFrom}) as counted
      left join (select ${batchColumns} ${rowsFrom} order by ${sql.join([...order, sql`b.id`])} limit ${limit} offset ${offset})
        as paged on true`.execute(db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    { limit, offset },
  )
}
