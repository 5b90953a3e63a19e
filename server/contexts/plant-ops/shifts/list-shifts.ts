import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import type { FloorWork } from '../tables.ts'
import { shiftRefusals } from './refusals.ts'
import type { PlannedDowntime, Shift, ShiftPattern } from './schemas.ts'

type Filter = { limit: number; offset: number; line_id?: string; plant_id?: string; from?: string; to?: string }

const STAMPS = sql.raw('t.revision, t.created_at, t.updated_at, t.created_by, t.updated_by')
const patternColumns = sql`t.id, t.plant_id, t.line_id, t.name, t.days, t.starts, t.ends, t.time_zone, t.valid_from, t.valid_until,
  t.replaces,
  (select count(*)::int from shifts s where s.tenant_id = t.tenant_id and s.pattern_id = t.id and s.cancelled_at is null) as shifts,
  ${STAMPS}`

/** A pattern in scope. */
export async function getShiftPattern({ db, tenantId }: FloorWork, id: string): Promise<ShiftPattern> {
  const { rows } = await sql<ShiftPattern>`
    select ${patternColumns} from shift_patterns t where t.tenant_id = ${tenantId} and t.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw shiftRefusals.refuse('shifts.not_found')
  return rows[0]
}

const ofWhat = ({ line_id, plant_id }: Filter): RawBuilder<unknown>[] => [
  ...(line_id === undefined ? [] : [sql`t.line_id = ${line_id}`]),
  ...(plant_id === undefined ? [] : [sql`t.plant_id = ${plant_id}`]),
]
const inTime = ({ from, to }: Filter): RawBuilder<unknown>[] => [
  ...(from === undefined ? [] : [sql`t.ends_at > ${from}`]),
  ...(to === undefined ? [] : [sql`t.starts_at < ${to}`]),
]

type Asked = { columns: RawBuilder<unknown>; from: RawBuilder<unknown>; order: RawBuilder<unknown>; filter: Filter }
/** One page with the number of all, in one statement; beyond the last row there is still the number. */
async function pageOf<T>({ db }: FloorWork, { columns, from, order, filter }: Asked): Promise<Page<T>> {
  const { rows } = await sql<T & { id: string | null; total: number }>`
    select counted.total, paged.* from (select count(*)::int as total ${from}) as counted
      left join (select ${columns} ${from} ${order} limit ${filter.limit} offset ${filter.offset}) as paged on true`.execute(
    db,
  )
  return page(
    rows.filter((row) => row.id !== null),
    rows[0]?.total ?? 0,
    filter,
  )
}

export function listShiftPatterns(work: FloorWork, filter: Filter): Promise<Page<ShiftPattern>> {
  const where = sql.join([sql`t.tenant_id = ${work.tenantId}`, ...ofWhat(filter)], sql` and `)
  const [from, order] = [sql`from shift_patterns t where ${where}`, sql`order by t.valid_from, t.id`]
  return pageOf<ShiftPattern>(work, { columns: patternColumns, from, order, filter })
}

/** The shifts that stand, in the order of time. */
export function listShifts(work: FloorWork, filter: Filter): Promise<Page<Shift>> {
  const terms = [sql`t.tenant_id = ${work.tenantId}`, sql`t.cancelled_at is null`, ...ofWhat(filter), ...inTime(filter)]
  const columns = sql`t.id, t.plant_id, t.line_id, t.pattern_id, t.name, t.local_date, t.starts_at, t.ends_at,
    extract(epoch from t.ends_at - t.starts_at)::float8 / 3600 as hours`
  const [from, order] = [sql`from shifts t where ${sql.join(terms, sql` and `)}`, sql`order by t.starts_at, t.id`]
  return pageOf<Shift>(work, { columns, from, order, filter })
}

const downtimeColumns = sql`t.id, t.plant_id, t.line_id, t.starts_at, t.ends_at, t.reason_code, t.note, ${STAMPS}`

export function listPlannedDowntimes(work: FloorWork, filter: Filter): Promise<Page<PlannedDowntime>> {
  const terms = [sql`t.tenant_id = ${work.tenantId}`, sql`t.cancelled_at is null`, ...ofWhat(filter), ...inTime(filter)]
  const [from, order] = [
    sql`from planned_downtimes t where ${sql.join(terms, sql` and `)}`,
    sql`order by t.starts_at, t.id`,
  ]
  return pageOf<PlannedDowntime>(work, { columns: downtimeColumns, from, order, filter })
}

/** A planned downtime that was not cancelled. */
export async function getPlannedDowntime({ db, tenantId }: FloorWork, id: string): Promise<PlannedDowntime> {
  const { rows } = await sql<PlannedDowntime>`
    select ${downtimeColumns} from planned_downtimes t
     where t.tenant_id = ${tenantId} and t.id = ${id} and t.cancelled_at is null`.execute(db)
  if (rows[0] === undefined) throw shiftRefusals.refuse('planned_downtimes.not_found')
  return rows[0]
}
