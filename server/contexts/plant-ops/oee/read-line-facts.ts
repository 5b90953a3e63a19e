import { sql } from 'kysely'
import type { LineStatus } from '../lines/line-status.ts'
import { PUBLIC_REASONS } from '../lines/stop-reasons.ts'
import type { FloorWork } from '../tables.ts'
import type { BatchFact, LineFacts, OutputFact } from './line-facts.ts'
import type { Span } from './spans.ts'

/** Milliseconds of a column; an open end is now. */
const ms = (column: string, now: Date) =>
  sql<number>`extract(epoch from coalesce(${sql.ref(column)}, ${now}::timestamptz))::float8 * 1000`
const at = (value: number): string => new Date(value).toISOString()

type Of = { line_id: string }

/** Batches that had one of these lines within a span, whole, with all that they put out. */
async function readBatches({ db, tenantId, now }: FloorWork, lines: readonly string[], { from, to }: Span) {
  const { rows } = await sql<Of & BatchFact>`
    select b.line_id, b.id, b.product_code, b.unit, b.ideal_cycle_time_s, ${ms('b.started_at', now)} as "from",
           ${ms('b.ended_at', now)} as "to", b.ended_at is null as open,
           coalesce(b.inspected_quantity, 0)::float8 as inspected, coalesce(b.first_pass_quantity, 0)::float8 as first_pass,
           case when b.status = 'completed' then b.planned_scrap_quantity::float8 end as planned_scrap
      from batches b
     where b.tenant_id = ${tenantId} and b.line_id = any (${lines}::uuid[]) and b.started_at <= ${at(to)}
       and coalesce(b.ended_at, ${now}) >= ${at(from)}
     order by b.started_at`.execute(db)
  const ids = rows.map(({ id }) => id)
  const { rows: outputs } = await sql<OutputFact & { batch_id: string }>`
    select o.batch_id, o.id, ${ms('o.starts_at', now)} as "from", ${ms('o.ends_at', now)} as "to", o.good::float8 as good,
           o.scrap::float8 as scrap, o.rework::float8 as rework
      from batch_outputs o where o.tenant_id = ${tenantId} and o.batch_id = any (${ids}::uuid[])`.execute(db)
  const { rows: holds } = await sql<Span & { batch_id: string }>`
    select h.batch_id, ${ms('h.starts_at', now)} as "from", ${ms('h.ends_at', now)} as "to" from batch_holds h
     where h.tenant_id = ${tenantId} and h.batch_id = any (${ids}::uuid[]) order by h.starts_at`.execute(db)
  const byBatch = Map.groupBy(outputs, ({ batch_id }) => batch_id)
  const holdsOf = Map.groupBy(holds, ({ batch_id }) => batch_id)
  return rows.map((row) => ({ ...row, outputs: byBatch.get(row.id) ?? [], holds: holdsOf.get(row.id) ?? [] }))
}

async function readStates({ db, tenantId, now }: FloorWork, lines: readonly string[], { from, to }: Span) {
  const { rows } = await sql<Of & Span & { status: LineStatus; reason_code: string | null }>`
    select s.line_id, s.status, s.reason_code, ${ms('s.starts_at', now)} as "from", ${ms('s.ends_at', now)} as "to"
      from line_states s
     where s.tenant_id = ${tenantId} and s.line_id = any (${lines}::uuid[]) and s.superseded_at is null
       and s.starts_at <= ${at(to)} and (s.ends_at is null or s.ends_at >= ${at(from)})
     order by s.starts_at`.execute(db)
  return rows
}

async function readPlans({ db, tenantId, now }: FloorWork, lines: readonly string[], { from, to }: Span) {
  const within = (table: string) => sql`
    select ${table}::text as kind, t.line_id, ${ms('t.starts_at', now)} as "from", ${ms('t.ends_at', now)} as "to"
      from ${sql.table(table)} t where t.tenant_id = ${tenantId} and t.line_id = any (${lines}::uuid[]) and t.cancelled_at is null
       and t.starts_at < ${at(to)} and t.ends_at > ${at(from)}`
  const { rows } = await sql<Of & Span & { kind: string }>`
    ${within('shifts')} union all ${within('planned_downtimes')}
    union all select 'first', t.line_id, extract(epoch from min(t.starts_at))::float8 * 1000, null from shifts t
     where t.tenant_id = ${tenantId} and t.line_id = any (${lines}::uuid[]) and t.cancelled_at is null group by t.line_id`.execute(
    db,
  )
  return rows
}

/** The codes of reasons that are failures of the line: the public ones and the tenant's own. */
async function readFailureCodes({ db, tenantId }: FloorWork): Promise<ReadonlySet<string>> {
  const own = await db
    .selectFrom('stop_reasons')
    .select('code')
    .where('tenant_id', '=', tenantId)
    .where('failure', '=', true)
    .execute()
  return new Set([...PUBLIC_REASONS.filter(({ failure }) => failure), ...own].map(({ code }) => code))
}

/** What figures of these lines in a span are made of, read in the Work that asks. */
export async function readLineFacts(
  work: FloorWork,
  lines: readonly { id: string; plant_id: string }[],
  span: Span,
): Promise<LineFacts[]> {
  const ids = lines.map(({ id }) => id)
  const batches = await readBatches(work, ids, span)
  // What a batch made is spread over all of its time, and so asks for the states of all of it.
  const whole = {
    from: Math.min(span.from, ...batches.map(({ from }) => from)),
    to: Math.max(span.to, ...batches.map(({ to }) => to)),
  }
  const states = await readStates(work, ids, whole)
  const plans = await readPlans(work, ids, whole)
  const failures = await readFailureCodes(work)
  return lines.map(({ id, plant_id }) => {
    const mine = plans.filter(({ line_id }) => line_id === id)
    return {
      ...{ line_id: id, plant_id, failures, now: work.now.getTime() },
      states: states.filter(({ line_id }) => line_id === id),
      batches: batches.filter(({ line_id }) => line_id === id),
      shifts: mine.filter(({ kind }) => kind === 'shifts'),
      planned_downtimes: mine.filter(({ kind }) => kind === 'planned_downtimes'),
      first_shift: mine.find(({ kind }) => kind === 'first')?.from ?? null,
    }
  })
}
