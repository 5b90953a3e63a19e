import type { LineStatus } from '../lines/line-status.ts'
import { isFailure } from '../lines/stop-reasons.ts'
import { type Made, type Sums, sumsOf } from './indicators.ts'
import { covered, lengthWithin, overlap, type Span } from './spans.ts'
import { failuresIn, type LineTimes, NO_TIME, type StateSpan, timeElements } from './time-elements.ts'

/** Something that a batch put out over a stretch of time; of corrections figures can be below zero. */
export type OutputFact = Span & { id: string; good: number; scrap: number; rework: number }

export type BatchFact = Span & {
  id: string
  product_code: string
  unit: string
  ideal_cycle_time_s: number | null
  inspected: number
  first_pass: number
  /** PSQ of a batch that was completed; null where none is planned, or it is not over. */
  planned_scrap: number | null
  open: boolean
  outputs: readonly OutputFact[]
  /** When it was on hold. */
  holds: readonly Span[]
}

/** All that figures of one line are made of. */
export type LineFacts = {
  line_id: string
  plant_id: string
  states: readonly StateSpan[]
  batches: readonly BatchFact[]
  shifts: readonly Span[]
  /** When the first shift ever begins; null where there is none. Before it the orders are the plan. */
  first_shift: number | null
  planned_downtimes: readonly Span[]
  failures: ReadonlySet<string>
  now: number
}

/** The plan of a line: its shifts, and before the first of them its orders. */
function planOf({ shifts, first_shift, batches }: LineFacts): Span[] | null {
  if (first_shift === null) return null
  const before = batches.map(({ from, to }) => overlap({ from, to }, { from: -Infinity, to: first_shift }))
  return [...shifts, ...before.filter((span) => span !== null)]
}

/** States as they count: while its batch is on hold a line that is said to run stands. */
function statesOf({ states, batches }: LineFacts): readonly StateSpan[] {
  const holds = batches.flatMap((batch) => batch.holds)
  return holds.length === 0 ? states : states.flatMap((state) => heldParts(state, holds))
}

function heldParts(state: StateSpan, holds: readonly Span[]): StateSpan[] {
  const stood = state.status === 'running' ? covered(holds, state) : []
  const parts: StateSpan[] = []
  let at = state.from
  for (const hold of stood) {
    if (at < hold.from) parts.push({ ...state, from: at, to: hold.from })
    parts.push({ ...hold, status: 'idle', reason_code: null })
    at = hold.to
  }
  return at < state.to ? [...parts, { ...state, from: at }] : parts
}

const timesOf = (facts: LineFacts, orders: readonly Span[]): LineTimes => ({
  ...{ states: statesOf(facts), orders, shifts: planOf(facts), planned_downtimes: facts.planned_downtimes },
})

/** How much of what was made over a stretch belongs to a period: by producing time, since counts say no more. */
export function shareOf(made: Span, period: Span, running: readonly Span[]): number {
  if (made.from >= made.to) return period.from < made.to && made.to <= period.to ? 1 : 0
  const part = overlap(made, period)
  if (part === null) return 0
  const whole = lengthWithin(running, made)
  return whole > 0 ? lengthWithin(running, part) / whole : (part.to - part.from) / (made.to - made.from)
}

const spansIn = (states: readonly StateSpan[], status: LineStatus): Span[] =>
  states.filter((state) => state.status === status)

/** What a batch made within a period. */
export function madeIn(batch: BatchFact, period: Span, running: readonly Span[]): Made {
  const made = { good: 0, scrap: 0, rework: 0 }
  for (const output of batch.outputs) {
    const share = shareOf(output, period, running)
    made.good += output.good * share
    made.scrap += output.scrap * share
    made.rework += output.rework * share
  }
  const share = shareOf(batch, period, running)
  const { unit, ideal_cycle_time_s, inspected, first_pass, planned_scrap } = batch
  return {
    ...{ ...made, unit, ideal_cycle_time_s, inspected: inspected * share, first_pass: first_pass * share },
    planned_scrap: planned_scrap === null ? null : planned_scrap * share,
  }
}

function sumsWithin(facts: LineFacts, period: Span, orders: readonly Span[], made: readonly Made[]): Sums {
  const times = timesOf(facts, orders)
  const failing = facts.states.filter(({ status, reason_code }) => isFailure(status, reason_code, facts.failures))
  const { count, last, ...restored } = failuresIn(period, failing, facts.now)
  return sumsOf(timeElements(period, times), made, {
    ...{ failures: count, ...restored },
    to_failure_s: last === null ? 0 : timeElements({ from: period.from, to: last }, times).aupt_s,
    maintenance_s: lengthWithin(spansIn(facts.states, 'maintenance'), period) / 1000,
  })
}

/** The sums of a line in a period, up to now. */
export function lineSums(facts: LineFacts, asked: Span): Sums {
  const period = { from: asked.from, to: Math.min(asked.to, facts.now) }
  if (period.from >= period.to) return sumsOf(NO_TIME, [], null)
  const running = spansIn(statesOf(facts), 'running')
  const made = facts.batches.map((batch) => madeIn(batch, period, running))
  return sumsWithin(facts, period, facts.batches, made)
}

/** The sums of one batch in a period: the time in which it had the line, and what it made. */
export function batchSums(facts: LineFacts, batch: BatchFact, asked: Span): Sums {
  const period = overlap(batch, { from: asked.from, to: Math.min(asked.to, facts.now) })
  if (period === null) return sumsOf(NO_TIME, [], null)
  return sumsWithin(facts, period, [batch], [madeIn(batch, period, spansIn(statesOf(facts), 'running'))])
}
