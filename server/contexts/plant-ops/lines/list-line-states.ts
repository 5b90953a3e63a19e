import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { FloorWork } from '../tables.ts'
import { getLine } from './get-line.ts'
import type { StateRow } from './write-line-state.ts'

type Filter = { limit: number; offset: number; from?: string; to?: string; superseded: boolean }
export type StateView = StateRow & { superseded_at: string | null; superseded_by: string | null }

/** The history of a line's states, newest first; with `superseded` also what was corrected since. */
export async function listLineStates(work: FloorWork, id: string, filter: Filter): Promise<Page<StateView>> {
  await getLine(work, id)
  const terms: RawBuilder<unknown>[] = [sql`tenant_id = ${work.tenantId}`, sql`line_id = ${id}`]
  if (!filter.superseded) terms.push(sql`superseded_at is null`)
  if (filter.from !== undefined) terms.push(sql`(ends_at is null or ends_at > ${filter.from})`)
  if (filter.to !== undefined) terms.push(sql`starts_at < ${filter.to}`)
  const where = sql.join(terms, sql` and `)
  const { rows } = await sql<StateView & { total: number }>`
    select counted.total, paged.* from (select count(*)::int as total from line_states where ${where}) as counted
      left join (select id, status, reason_code, note, source, starts_at, ends_at, recorded_at, recorded_by, superseded_at,
                        superseded_by from line_states where ${where}
                  order by starts_at desc, id desc limit ${filter.limit} offset ${filter.offset}) as paged on true
     order by starts_at desc, id desc`.execute(work.db)
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    filter,
  )
}
