import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import type { FloorWork } from '../tables.ts'
import { lineColumns } from './get-line.ts'
import type { ProductionLine } from './schemas.ts'

export const LINE_SORTS = ['name', 'code', 'status', 'status_since', 'created_at'] as const
export type LineFilter = {
  limit: number
  offset: number
  sort?: string
  q?: string
  plant_id?: string
  status?: string
  code?: string
}

/** Live lines in scope; `q` is found in name and code, whatever the case. */
export async function listLines({ db, tenantId }: FloorWork, filter: LineFilter): Promise<Page<ProductionLine>> {
  const terms: RawBuilder<unknown>[] = [sql`l.tenant_id = ${tenantId}`, sql`l.deleted_at is null`]
  if (filter.plant_id !== undefined) terms.push(sql`l.plant_id = ${filter.plant_id}`)
  if (filter.status !== undefined) terms.push(sql`l.status = ${filter.status}`)
  if (filter.code !== undefined) terms.push(sql`lower(l.code) = lower(${filter.code})`)
  if (filter.q !== undefined) {
    terms.push(sql`strpos(lower(l.name || ' ' || l.code), lower(${filter.q})) > 0`)
  }
  const where = sql.join(terms, sql` and `)
  const order = sortTerms(filter.sort, 'name').map(
    // security-ok: one of two words
    ({ field, direction }) => sql`${sql.ref(`l.${field}`)} ${sql.raw(direction)}`,
  )
  const count = sql<{ total: number }>`select count(*)::integer as total from lines l where ${where}`
  const { rows } = await sql<ProductionLine & { total: number }>`
    select ${lineColumns}, (${count}) as total from lines l where ${where}
     order by ${sql.join([...order, sql`l.id`])} limit ${filter.limit} offset ${filter.offset}`.execute(db)
  const total = rows[0]?.total ?? (filter.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, filter)
}
