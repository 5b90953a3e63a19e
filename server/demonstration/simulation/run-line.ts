import type { Call } from './client.ts'
import { FULL_SPEED, PRODUCTS, SLOT_MS, slotAt, spanAt, type Slot } from './pasta-line.ts'

/** So far back the line has a history: six batches, 70 requests; a person may make some 120 changes a minute. */
export const LINE_DAYS = 1
const DAY_MS = 86_400_000
const CODE = 'SIM-1'
const SHIFTS = [
  { name: 'Mattina', starts: '06:00', ends: '14:00' },
  { name: 'Pomeriggio', starts: '14:00', ends: '22:00' },
  { name: 'Notte', starts: '22:00', ends: '06:00' },
] as const
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
/** The moisture at the exit, which decides how long dry pasta keeps. */
const MOISTURE = { code: 'CP1', description: 'Umidità del prodotto in uscita', kind: 'oPRP', unit: '%', max: 12.5 }

type Line = { id: string; code: string; status: string; status_since: string }
type Batch = { id: string; batch_number: string; status: string }

const text = (at: number): string => new Date(at).toISOString()
const day = (at: number): string => text(at).slice(0, 10)
const itemsOf = <T>(body: unknown): T[] => (body as { items: T[] }).items
const numberOf = ({ from }: Slot): string => `SIM-${text(from).slice(0, 13).replaceAll(/[-T]/g, '')}`

export type RunningLine = { line: Line; since: number; batches: Map<string, Batch> }

/** The line of the plant with its products and shifts; made where it is not there yet. */
export async function findLine(call: Call, plantId: string, now: number): Promise<RunningLine> {
  const earliest = now - LINE_DAYS * DAY_MS
  const known = itemsOf<Line>((await call('GET', `/plant-ops/lines?plant_id=${plantId}&limit=200`)).body)
  const found = known.find(({ code }) => code === CODE)
  const line = found ?? (await makeLine(call, plantId))
  const open = await call('GET', `/plant-ops/batches?line_id=${line.id}&limit=200&sort=-created_at`)
  const batches = new Map(itemsOf<Batch>(open.body).map((batch) => [batch.batch_number, batch]))
  // One that is new is told from the beginning of a slot on; the others from where they were left.
  const since = found ? Math.max(earliest, Date.parse(line.status_since)) : Math.floor(earliest / SLOT_MS) * SLOT_MS - 1
  return { line, since, batches }
}

async function makeLine(call: Call, plantId: string): Promise<Line> {
  const cycle = { ideal_cycle_time_s: 3_600 / FULL_SPEED }
  const made = await call('POST', '/plant-ops/lines', {
    plant_id: plantId,
    name: 'Pasta corta 1',
    code: CODE,
    ...cycle,
  })
  const line = made.body as Line
  for (const product of PRODUCTS)
    await call('POST', '/plant-ops/products', { ...product, ...cycle, recipe: { control_points: [MOISTURE] } })
  return line
}

/** Tells what the line did since it was last told, and what it does now. */
export async function tellLine(call: Call, running: RunningLine, now: number): Promise<void> {
  const { line } = running
  for (let at = Math.floor((running.since + 1) / SLOT_MS) * SLOT_MS; at <= now; at += SLOT_MS) {
    const slot = slotAt(at)
    for (const { status, reason_code, from } of slot.spans) {
      if (from > now) break
      if (from >= slot.starts) await tellBatch(call, running, slot, 'running')
      if (from > running.since)
        await call('POST', `/plant-ops/lines/${line.id}/status`, { status, reason_code, at: text(from) })
    }
    if (slot.ends <= now) await tellBatch(call, running, slot, 'completed')
  }
  running.since = now
}

/** Completes what was left running when the simulation was stopped while it told the past. */
export async function finishBatches(call: Call, running: RunningLine): Promise<void> {
  for (const { batch_number, status } of running.batches.values()) {
    const [, year, month, date, hour] = /^SIM-(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(batch_number) ?? []
    if (year === undefined || (status !== 'running' && status !== 'planned')) continue
    const slot = slotAt(Date.parse(`${year}-${month}-${date}T${hour}:00:00Z`))
    if (slot.to <= running.since) await tellBatch(call, running, slot, 'completed')
  }
}

/** Its shifts: after its past was told, which would have restated each of them again and again. */
export async function makeShifts(call: Call, { line }: RunningLine, now: number): Promise<void> {
  const { body } = await call('GET', `/plant-ops/shift-patterns?line_id=${line.id}`)
  const known = new Set(itemsOf<{ name: string }>(body).map(({ name }) => name))
  const earliest = now - LINE_DAYS * DAY_MS
  const valid = { valid_from: day(earliest), valid_until: day(earliest + 380 * DAY_MS) }
  for (const shift of SHIFTS.filter(({ name }) => !known.has(name)))
    await call('POST', '/plant-ops/shift-patterns', { line_id: line.id, ...shift, days: WEEK, ...valid })
}

/** What it does now: before its past is told, which takes longer. */
export async function tellNow(call: Call, { line }: RunningLine, now: number): Promise<void> {
  const { status, reason_code } = spanAt(now)
  await call('POST', `/plant-ops/lines/${line.id}/status`, { status, reason_code })
}

/** Brings the batch of these hours to where it is by now. */
async function tellBatch(call: Call, running: RunningLine, slot: Slot, wanted: 'running' | 'completed'): Promise<void> {
  const batch_number = numberOf(slot)
  let batch = running.batches.get(batch_number)
  if (batch === undefined) {
    const hours = (slot.ends - slot.starts) / 3_600_000
    const plan = { planned_quantity: Math.round(hours * FULL_SPEED * 0.9), planned_start: text(slot.starts) }
    const { code: product_code, unit } = slot.product
    const asked = { line_id: running.line.id, product_code, unit, batch_number, ...plan }
    const answer = await call('POST', '/plant-ops/batches', asked)
    // Somebody else's batch has its number: it is left alone.
    batch = answer.status === 409 ? { id: '', batch_number, status: 'completed' } : (answer.body as Batch)
    running.batches.set(batch_number, batch)
  }
  if (batch.status === 'planned') {
    const answer = await call('POST', `/plant-ops/batches/${batch.id}/start`, { at: text(slot.starts) })
    batch.status = answer.status < 300 ? 'running' : 'completed'
  }
  if (batch.status === 'running' && wanted === 'completed') {
    const measured_at = text((slot.starts + slot.ends) / 2)
    const value = 11.6 + Math.round((slot.scrap % 7) * 10) / 100
    await call('POST', `/plant-ops/batches/${batch.id}/measurements`, { control_point: 'CP1', value, measured_at })
    await call('POST', `/plant-ops/batches/${batch.id}/complete`, resultOf(slot))
    batch.status = 'completed'
  }
}

const cents = (value: number): number => Math.round(value * 100) / 100

/** Quantities in kg; semolina at 0.55 EUR/kg and 42 EUR of labour an hour are only plausible. */
function resultOf({ good, scrap, rework, starts, ends }: Slot) {
  return {
    ...{ good_quantity: good, scrap_quantity: scrap, rework_quantity: rework, at: text(ends) },
    scrap_reasons: [{ reason: 'broken', quantity: scrap }],
    ...{ labor_cost: cents(((ends - starts) / 3_600_000) * 42), material_cost: cents((good + scrap + rework) * 0.55) },
    currency: 'EUR',
  }
}
