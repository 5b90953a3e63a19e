import { sql } from 'kysely'
import { plantFacts } from '#contexts/plants'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { dayIn, knownTimeZone, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { dayOf } from '../shifts/shift-times.ts'
import type { FloorWork } from '../tables.ts'
import { restatementOrder } from './restatement-order.ts'
import type { FactKind } from './line-history.ts'
import type { Span } from './spans.ts'

const HOUR_MS = 3_600_000
type LineOf = { id: string; plant_id: string }
export type PastChange = { line: LineOf; span: Span; reason: string; kinds: readonly FactKind[] }

/** The zone in which a plant's days and months are counted. */
export async function plantZone(work: FloorWork, plantId: string): Promise<string> {
  const facts = await plantFacts(work, plantId)
  return facts?.time_zone ? knownTimeZone(facts.time_zone) : tenantTimeZone(work)
}

const at = (value: number): string => new Date(value).toISOString()
const ms = (column: string) => sql`extract(epoch from ${sql.ref(column)})::float8 * 1000`

/** Whether a shift or a day that is over can be another one by this change. */
async function concernsClosed(work: FloorWork, { line, kinds }: PastChange, { from, to }: Span): Promise<boolean> {
  // What was put out while the line ran is spread anew where the line is said to have run otherwise.
  const spreads = kinds.includes('states')
  const { rows } = await sql<{ from: number; shift: boolean }>`
    with reach as (
      select least(${at(from)}::timestamptz, min(o.starts_at), min(case when b.inspected_quantity is not null or
                   b.planned_scrap_quantity is not null then b.started_at end)) as starts_at
        from batches b left join batch_outputs o on o.tenant_id = b.tenant_id and o.batch_id = b.id
         and o.starts_at < ${at(to)} and o.ends_at > ${at(from)}
       where ${spreads}::boolean and b.tenant_id = ${work.tenantId} and b.line_id = ${line.id} and b.started_at < ${at(to)}
         and (b.ended_at is null or b.ended_at > ${at(from)}))
    select ${ms('r.starts_at')} as "from",
           exists (select 1 from shifts s where s.tenant_id = ${work.tenantId} and s.line_id = ${line.id} and s.cancelled_at is null
                      and s.ends_at <= ${work.now} and s.ends_at > r.starts_at and s.starts_at < ${at(to)}) as shift
      from reach r`.execute(work.db)
  const reached = rows[0]!
  if (reached.shift || work.now.getTime() - reached.from > 26 * HOUR_MS) return true
  const zone = await plantZone(work, line.plant_id)
  return dayOf(dayIn(zone, work.now), zone).from > reached.from
}

/** The facts of these kinds that touch a span, as `Before` has them: one piece of SQL for each kind. */
function factsAsTheyAre({ tenantId }: FloorWork, { line, kinds }: PastChange, { from, to }: Span) {
  const of = (alias: string) =>
    sql`${sql.ref(`${alias}.tenant_id`)} = ${tenantId} and ${sql.ref(`${alias}.line_id`)} = ${line.id}`
  const span = (alias: string) => sql`'from', ${ms(`${alias}.starts_at`)}, 'to', ${ms(`${alias}.ends_at`)}`
  const touches = (starts: string, ends: string) =>
    sql`${sql.ref(starts)} <= ${at(to)} and (${sql.ref(ends)} is null or ${sql.ref(ends)} >= ${at(from)})`
  const planned = (table: string) => sql`
    (select coalesce(jsonb_agg(jsonb_build_object(${span('t')})), '[]') from ${sql.table(table)} t
      where ${of('t')} and t.cancelled_at is null and ${touches('t.starts_at', 't.ends_at')})`
  const parts = {
    states: sql`'states', (select coalesce(jsonb_agg(jsonb_build_object(${span('s')}, 'status', s.status, 'reason_code', s.reason_code)), '[]')
      from line_states s where ${of('s')} and s.superseded_at is null and ${touches('s.starts_at', 's.ends_at')}
       -- States do not overlap: before the last one that began earlier none reaches the span, and none of them is read.
       and s.starts_at >= coalesce((select max(e.starts_at) from line_states e
             where ${of('e')} and e.superseded_at is null and e.starts_at < ${at(from)}), '-infinity'))`,
    batches: sql`'batches', (select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'product_code', b.product_code, 'unit', b.unit,
        'ideal_cycle_time_s', b.ideal_cycle_time_s, 'from', ${ms('b.started_at')}, 'to', ${ms('b.ended_at')},
        'inspected', coalesce(b.inspected_quantity, 0), 'first_pass', coalesce(b.first_pass_quantity, 0),
        'planned_scrap', case when b.status = 'completed' then b.planned_scrap_quantity end,
        'holds', (select coalesce(jsonb_agg(jsonb_build_object(${span('h')}) order by h.starts_at), '[]') from batch_holds h
                   where h.tenant_id = b.tenant_id and h.batch_id = b.id))), '[]')
      from batches b where ${of('b')} and ${touches('b.started_at', 'b.ended_at')})`,
    outputs: sql`'outputs', (select coalesce(jsonb_agg(o.id), '[]') from batch_outputs o join batches b
        on b.tenant_id = o.tenant_id and b.id = o.batch_id
      where ${of('b')} and ${touches('b.started_at', 'b.ended_at')} and ${touches('o.starts_at', 'o.ends_at')})`,
    shifts: sql`'shifts', ${planned('shifts')}, 'first_shift', (select ${sql`extract(epoch from min(t.starts_at))::float8 * 1000`}
      from shifts t where ${of('t')} and t.cancelled_at is null)`,
    planned_downtimes: sql`'planned_downtimes', ${planned('planned_downtimes')}`,
  }
  return sql`jsonb_build_object(${sql.join(kinds.map((kind) => parts[kind]))})`
}

/**
 * Does something that changes a span of a line's past; `kinds` are the facts that it changes. Where a closed shift, day or month can be
 * another one by that, what the facts were is kept, and a job that is enqueued with the change works out the figures before and after.
 * The line is locked by the caller.
 */
export async function recordRestatements<T>(work: FloorWork, past: PastChange, change: () => Promise<T>): Promise<T> {
  const span = { from: past.span.from, to: Math.min(past.span.to, work.now.getTime()) }
  if (span.from >= span.to || !(await concernsClosed(work, past, span))) return change()
  const { line, reason } = past
  await sql`
    insert into line_changes (tenant_id, plant_id, line_id, number, reason, starts_at, ends_at, before, told_at, told_by)
    select ${work.tenantId}::uuid, ${line.plant_id}::uuid, ${line.id}::uuid,
           coalesce((select max(number) from line_changes where tenant_id = ${work.tenantId} and line_id = ${line.id}), 0) + 1,
           ${reason}::text, ${at(span.from)}::timestamptz, ${at(span.to)}::timestamptz, ${factsAsTheyAre(work, past, span)},
           ${work.now}::timestamptz, ${work.actor.id}::uuid`.execute(work.db)
  await enqueue(work, restatementOrder, { line_id: line.id }, { key: line.id })
  return change()
}
