import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { getLine } from '../lines/get-line.ts'
import type { FloorWork } from '../tables.ts'

type Filter = { limit: number; offset: number; period?: string; from?: string; to?: string }
export type RestatementView = {
  id: string
  line_id: string
  plant_id: string
  period: 'shift' | 'day' | 'month'
  starts_at: string
  ends_at: string
  version: number
  reason: string
  figures: unknown
  created_at: string
  created_by: string | null
}

/** Every figure that closed periods of a line have had, the newest period first, each from its first version on. */
export async function listRestatements(work: FloorWork, id: string, filter: Filter): Promise<Page<RestatementView>> {
  await getLine(work, id)
  const terms: RawBuilder<unknown>[] = [sql`tenant_id = ${work.tenantId}`, sql`line_id = ${id}`]
  if (filter.period !== undefined) terms.push(sql`period = ${filter.period}`)
  if (filter.from !== undefined) terms.push(sql`ends_at > ${filter.from}`)
  if (filter.to !== undefined) terms.push(sql`starts_at < ${filter.to}`)
  const from = sql`from period_figures where ${sql.join(terms, sql` and `)}`
  const { rows } = await sql<RestatementView & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${from}) as counted
      left join (select id, line_id, plant_id, period, starts_at, ends_at, version, reason, figures, created_at, created_by ${from}
                  order by starts_at desc, period, version limit ${filter.limit} offset ${filter.offset}) as paged on true
     order by starts_at desc, period, version`.execute(work.db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    filter,
  )
}
