import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { job, type Job } from '#platform/jobs/job-kind.ts'
import { calendarPeriods } from '../shifts/shift-times.ts'
import type { FloorWork } from '../tables.ts'
import { tellRestated } from './events.ts'
import { exclusionsOf, indicators, OEE_FORMULA, type Sums } from './indicators.ts'
import { type LineFacts, lineSums } from './line-facts.ts'
import { type LineChange, reachOf, undoneOneByOne } from './line-history.ts'
import { readLineFacts } from './read-line-facts.ts'
import { plantZone } from './record-restatements.ts'
import { restatementOrder } from './restatement-order.ts'
import { overlap, type Span } from './spans.ts'

type LineOf = { id: string; plant_id: string }
type Period = Span & { period: 'shift' | 'day' | 'month' }
type Version = Period & {
  sums: Sums
  version: number
  reason: string
  told_at: string
  told_by: string | null
}
type Told = LineChange & { number: number; reason: string; told_at: string; told_by: string | null }

/** Changes that one step works out. */
const AT_ONCE = 50

const keyOf = ({ period, from, to }: Period): string => `${period} ${from} ${to}`
// Sums of doubles may differ in their last digits and say the same.
const comparable = (sums: Sums): string =>
  JSON.stringify(sums, (_name, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(12)) : value))

const figuresOf = (sums: Sums) => {
  const shown = indicators(sums)
  return { ...shown, sums, exclusions: exclusionsOf(sums, shown), formula_version: OEE_FORMULA.version }
}

async function readChanges({ db, tenantId }: FloorWork, lineId: string): Promise<Told[]> {
  const { rows } = await sql<Told>`
    select number::int as number, reason, extract(epoch from starts_at)::float8 * 1000 as "from",
           extract(epoch from ends_at)::float8 * 1000 as "to", before, told_at, told_by
      from line_changes where tenant_id = ${tenantId} and line_id = ${lineId} order by number`.execute(db)
  return rows
}

async function latestVersions({ db, tenantId }: FloorWork, line: LineOf): Promise<Map<string, number>> {
  const { rows } = await sql<Period & { version: number }>`
    select period, extract(epoch from starts_at)::float8 * 1000 as "from", extract(epoch from ends_at)::float8 * 1000 as "to",
           max(version) as version
      from period_figures where tenant_id = ${tenantId} and line_id = ${line.id} group by period, starts_at, ends_at`.execute(
    db,
  )
  return new Map(rows.map((row) => [keyOf(row), row.version]))
}

async function keep(work: FloorWork, line: LineOf, versions: readonly Version[]): Promise<void> {
  const rows = versions.map(({ period, from, to, version, reason, sums, told_at, told_by }) => ({
    ...{ id: newId(), period, version, reason, figures: figuresOf(sums), created_at: told_at, created_by: told_by },
    ...{ starts_at: new Date(from).toISOString(), ends_at: new Date(to).toISOString() },
  }))
  await sql`
    insert into period_figures (tenant_id, plant_id, line_id, id, period, starts_at, ends_at, version, figures, reason, created_at, created_by)
    select ${work.tenantId}::uuid, ${line.plant_id}::uuid, ${line.id}::uuid, r.*
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, period text, starts_at timestamptz, ends_at timestamptz,
           version integer, figures jsonb, reason text, created_at timestamptz, created_by uuid)`.execute(work.db)
}

/** The shifts, days and months that were closed when a change was told, and that it can reach. */
function closedPeriods(change: Told, [before, after]: readonly [LineFacts, LineFacts], zone: string): Period[] {
  const reaches = [reachOf(before, change), reachOf(after, change)]
  const reach = {
    from: Math.min(...reaches.map(({ from }) => from)),
    to: Math.max(...reaches.map(({ to }) => to)),
  }
  const told = Date.parse(change.told_at)
  const closed = (spans: readonly Span[], period: Period['period']): Period[] =>
    spans.filter(({ to }) => to <= told).map(({ from, to }) => ({ from, to, period }))
  // A shift that a change has made or taken away had no other figure.
  const kept = new Set(after.shifts.map(({ from, to }) => `${from} ${to}`))
  const shifts = before.shifts.filter((one) => overlap(one, reach) !== null && kept.has(`${one.from} ${one.to}`))
  return [
    ...closed(shifts, 'shift'),
    ...closed(calendarPeriods(reach, zone, 'day'), 'day'),
    ...closed(calendarPeriods(reach, zone, 'month'), 'month'),
  ]
}

/** The versions that changes leave of closed periods: what stood before the first change of one, then each other figure. */
function versionsOf(changes: readonly Told[], facts: readonly LineFacts[], zone: string, latest: Map<string, number>) {
  return changes.map((change, i) => {
    const [before, after] = [facts[i]!, facts[i + 1]!]
    const versions: Version[] = []
    for (const period of closedPeriods(change, [before, after], zone)) {
      const [was, is] = [lineSums(before, period), lineSums(after, period)]
      if (comparable(was) === comparable(is)) continue
      const { reason, told_at, told_by } = change
      const last = latest.get(keyOf(period)) ?? 0
      if (last === 0) versions.push({ ...period, sums: was, version: 1, reason: 'closed', told_at, told_by })
      latest.set(keyOf(period), Math.max(last, 1) + 1)
      versions.push({ ...period, sums: is, version: Math.max(last, 1) + 1, reason, told_at, told_by })
    }
    return { reason: change.reason, versions }
  })
}

/** The facts of a line as far as changes of it reach, in whole months. */
async function factsAround(work: FloorWork, line: LineOf, changes: readonly Told[], zone: string): Promise<LineFacts> {
  const span = {
    from: Math.min(...changes.map(({ from }) => from)),
    to: Math.max(...changes.map(({ told_at }) => Date.parse(told_at))),
  }
  const [near] = await readLineFacts(work, [line], span)
  const reach = reachOf(near!, span)
  const months = calendarPeriods(reach, zone, 'month')
  const whole = {
    from: Math.min(reach.from, ...months.map(({ from }) => from)),
    to: Math.max(reach.to, ...months.map(({ to }) => to)),
  }
  const [facts] = await readLineFacts(work, [line], whole)
  return facts!
}

const isThere = async ({ db, tenantId }: FloorWork, lineId: string): Promise<boolean> => {
  const { rows } = await sql`
    select 1 from line_changes where tenant_id = ${tenantId} and line_id = ${lineId} limit 1`.execute(db)
  return rows.length > 0
}

/**
 * Writes what changes of a line's past left of its closed periods, in the order of the changes. False: more was told meanwhile. Facts
 * are read after the changes that are worked out and before those that are only undone, so that whatever they show of a
 * change that is told meanwhile is taken back; the line is locked at the end only, so that whoever tells more does not wait long.
 */
export async function writeRestatements(work: FloorWork, lineId: string): Promise<boolean> {
  const mine = (await readChanges(work, lineId)).slice(0, AT_ONCE)
  if (mine.length === 0) return true
  const { rows } = await sql<LineOf>`
    select id, plant_id from lines where tenant_id = ${work.tenantId} and id = ${lineId}`.execute(work.db)
  const line = rows[0]!
  const zone = await plantZone(work, line.plant_id)
  const now = await factsAround(work, line, mine, zone)
  const facts = undoneOneByOne(now, await readChanges(work, lineId))
  const found = versionsOf(mine, facts, zone, await latestVersions(work, line))
  await sql`select 1 from lines where tenant_id = ${work.tenantId} and id = ${lineId} for update`.execute(work.db)
  await keep(
    work,
    line,
    found.flatMap(({ versions }) => versions),
  )
  for (const { reason, versions } of found) {
    const restated = versions.filter(({ version }) => version > 1)
    if (restated.length > 0) work.announce(tellRestated(line, reason, restated))
  }
  await sql`
    delete from line_changes where tenant_id = ${work.tenantId} and line_id = ${lineId} and number <= ${mine.at(-1)!.number}`.execute(
    work.db,
  )
  return !(await isThere(work, lineId))
}

/** Kinds of job of this folder. */
export const oeeJobs: readonly Job[] = [
  job(restatementOrder, {
    run: async (work, { line_id }) => ((await writeRestatements(work, line_id)) ? undefined : { next: { line_id } }),
  }),
]
