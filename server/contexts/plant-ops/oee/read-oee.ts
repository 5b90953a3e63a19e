import { sql } from 'kysely'
import { tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { getLine } from '../lines/get-line.ts'
import { lineRefusals } from '../lines/refusals.ts'
import type { FloorWork } from '../tables.ts'
import { addSums, exclusionsOf, indicators, OEE_FORMULA, type Sums } from './indicators.ts'
import { batchSums, type LineFacts, lineSums } from './line-facts.ts'
import { oeePeriod } from './oee-period.ts'
import { readLineFacts } from './read-line-facts.ts'
import { plantZone } from './record-restatements.ts'
import { overlap, type Span } from './spans.ts'

type Asked = { from?: string; to?: string }
/** How many figures one answer holds, and lines it is made of. */
const MOST_ITEMS = 2_000
const MOST_LINES = 500

function periodOf(work: FloorWork, asked: Asked, zone: string): Span {
  const period = oeePeriod(asked, zone, work.now.getTime())
  if (period === null) throw lineRefusals.refuse('plant_ops.period_not_usable')
  return period
}

const iso = (at: number): string => new Date(at).toISOString()
const shownPeriod = ({ from, to }: Span, now: number) => ({
  ...{ from: iso(from), to: iso(to), counted_to: iso(Math.max(from, Math.min(to, now))) },
})
function figuresOf(sums: Sums) {
  const shown = indicators(sums)
  return { ...shown, sums: { ...sums, units: [...sums.units] }, exclusions: exclusionsOf(sums, shown) }
}
const { version, source, definitions } = OEE_FORMULA
const formula = { version, source, definitions: { ...definitions } }

/** The figures of a line in a period, with the sums and the inputs that they come from. */
export async function readLineOee(work: FloorWork, id: string, asked: Asked) {
  const line = await getLine(work, id)
  const zone = await plantZone(work, line.plant_id)
  const period = periodOf(work, asked, zone)
  const [facts] = await readLineFacts(work, [line], period)
  const { batches, states, shifts, planned_downtimes, first_shift } = facts!
  const inside = <T extends Span>(spans: readonly T[]): T[] => spans.filter((span) => overlap(span, period) !== null)
  const plan = first_shift !== null && first_shift < period.to ? ('shifts' as const) : ('orders' as const)
  return {
    ...{ line_id: id, plant_id: line.plant_id, ...shownPeriod(period, work.now.getTime()), plan },
    ...figuresOf(lineSums(facts!, period)),
    inputs: {
      time_zone: zone,
      batches: inside(batches).length,
      open_batches: inside(batches).flatMap((batch) => (batch.open ? [batch.id] : [])),
      states: inside(states).length,
      shifts: inside(shifts).length,
      planned_downtimes: inside(planned_downtimes).length,
    },
    formula,
  }
}

type LineRow = { id: string; plant_id: string; name: string; plant_name: string }
type Item = { key: string; line_id: string | null; plant_id: string | null; name: string | null; sums: Sums } & Span

async function linesOf({ db, tenantId }: FloorWork, { plant_id, line_id }: Filter): Promise<LineRow[]> {
  const { rows } = await sql<LineRow>`
    select l.id, l.plant_id, l.name, p.name as plant_name from lines l join plants p on p.tenant_id = l.tenant_id and p.id = l.plant_id
     where l.tenant_id = ${tenantId} and (${plant_id ?? null}::uuid is null or l.plant_id = ${plant_id ?? null})
       and (${line_id ?? null}::uuid is null or l.id = ${line_id ?? null})
     order by l.plant_id, l.name, l.id limit ${MOST_LINES + 1}`.execute(db)
  if (rows.length > MOST_LINES) throw lineRefusals.refuse('plant_ops.period_not_usable')
  return rows
}
type Filter = { plant_id?: string; line_id?: string }

async function shiftsOf({ db, tenantId }: FloorWork, lines: readonly LineRow[], { from, to }: Span) {
  const { rows } = await sql<{ id: string; line_id: string; name: string } & Span>`
    select id, line_id, name, extract(epoch from starts_at)::float8 * 1000 as "from", extract(epoch from ends_at)::float8 * 1000 as "to"
      from shifts where tenant_id = ${tenantId} and line_id = any (${lines.map(({ id }) => id)}::uuid[]) and cancelled_at is null
       and starts_at < ${iso(to)} and ends_at > ${iso(from)} order by starts_at, id limit ${MOST_ITEMS + 1}`.execute(db)
  if (rows.length > MOST_ITEMS) throw lineRefusals.refuse('plant_ops.period_not_usable')
  return rows
}

function byProduct(facts: readonly LineFacts[], period: Span): Item[] {
  const parts = facts.flatMap((line) =>
    line.batches
      .filter((batch) => overlap(batch, period) !== null)
      .map((batch) => ({ key: batch.product_code, sums: batchSums(line, batch, period) })),
  )
  return [...Map.groupBy(parts, ({ key }) => key)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, all]) => ({
      ...{ key, line_id: null, plant_id: null, name: key, ...period },
      sums: addSums(all.map(({ sums }) => sums)),
    }))
}

function byLine(lines: readonly LineRow[], facts: readonly LineFacts[], period: Span): Item[] {
  return lines.map(({ id, plant_id, name }, i) => ({
    ...{ key: id, line_id: id, plant_id, name, ...period },
    sums: lineSums(facts[i]!, period),
  }))
}

function byPlant(lines: readonly LineRow[], facts: readonly LineFacts[], period: Span): Item[] {
  const items = byLine(lines, facts, period)
  return [...Map.groupBy(items, ({ plant_id }) => plant_id!)].map(([plant_id, all]) => ({
    ...{ key: plant_id, line_id: null, plant_id, ...period },
    name: lines.find((line) => line.plant_id === plant_id)!.plant_name,
    sums: addSums(all.map(({ sums }) => sums)),
  }))
}

async function byShift(work: FloorWork, lines: readonly LineRow[], facts: readonly LineFacts[], period: Span) {
  const shifts = await shiftsOf(work, lines, period)
  return shifts.map(({ id, line_id, name, from, to }): Item => {
    const line = facts.find((one) => one.line_id === line_id)!
    return { key: id, line_id, plant_id: line.plant_id, name, from, to, sums: lineSums(line, { from, to }) }
  })
}

/**
 * The figures of several lines, by line, shift, product or plant, and of all together: from sums, never averaged. A shift is whole, also
 * where the period cuts it; time without a batch belongs to no product.
 */
export async function readOee(work: FloorWork, asked: Asked & Filter & { by: string }) {
  const zone = asked.plant_id === undefined ? await tenantTimeZone(work) : await plantZone(work, asked.plant_id)
  const period = periodOf(work, asked, zone)
  const lines = await linesOf(work, asked)
  const facts = await readLineFacts(work, lines, await spanOf(work, lines, period, asked.by))
  const items = await itemsOf(work, asked.by, { lines, facts, period })
  return {
    ...{ ...shownPeriod(period, work.now.getTime()), by: asked.by },
    items: items.map(({ sums, from, to, ...item }) => ({ ...item, from: iso(from), to: iso(to), ...figuresOf(sums) })),
    totals: figuresOf(addSums(items.map(({ sums }) => sums))),
    formula,
  }
}

type Read = { lines: readonly LineRow[]; facts: readonly LineFacts[]; period: Span }
async function itemsOf(work: FloorWork, by: string, { lines, facts, period }: Read): Promise<Item[]> {
  if (by === 'shift') return byShift(work, lines, facts, period)
  if (by === 'product') return byProduct(facts, period)
  return by === 'plant' ? byPlant(lines, facts, period) : byLine(lines, facts, period)
}

/** Shifts are whole, so that what is read of them must be. */
async function spanOf(work: FloorWork, lines: readonly LineRow[], period: Span, by: string): Promise<Span> {
  if (by !== 'shift') return period
  const shifts = await shiftsOf(work, lines, period)
  return {
    from: Math.min(period.from, ...shifts.map(({ from }) => from)),
    to: Math.max(period.to, ...shifts.map(({ to }) => to)),
  }
}
