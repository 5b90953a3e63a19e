import { type LineStatus, TIME_MODEL } from '../lines/line-status.ts'
import { covered, type Span } from './spans.ts'

export type StateSpan = Span & { status: LineStatus; reason_code: string | null }

/** What is known of one line around a period. */
export type LineTimes = {
  /** In order and without overlap. */
  states: readonly StateSpan[]
  /** When orders (batches) were under way. */
  orders: readonly Span[]
  /** When the line was to work; null where no shift was ever planned for it: then the orders are its plan. */
  shifts: readonly Span[] | null
  planned_downtimes: readonly Span[]
}

/** Seconds. POT = planned downtime + APT + ASUT + ADET + ADOT; PBT = POT − planned downtime; AUPT = APT + ASUT; AUBT = AUPT + ADET. */
export type TimeElements = {
  pot_s: number
  planned_downtime_s: number
  pbt_s: number
  apt_s: number
  asut_s: number
  aupt_s: number
  adet_s: number
  aubt_s: number
  adot_s: number
  /** Order execution time: from the start of an order to its end. */
  aoet_s: number
  /** Of the delay and down time, what nobody recorded a state of. Never taken for production. */
  unrecorded_s: number
  /** Of the production time, what lay outside of the shifts or within a planned downtime: it counts as planned, too. */
  overtime_s: number
}

const ELEMENTS = {
  APT: 'apt_s',
  ASUT: 'asut_s',
  ADET: 'adet_s',
  ADOT: 'adot_s',
  planned_downtime: 'planned_downtime_s',
} as const

export const NO_TIME: TimeElements = {
  ...{ pot_s: 0, planned_downtime_s: 0, pbt_s: 0, apt_s: 0, asut_s: 0, aupt_s: 0, adet_s: 0, aubt_s: 0, adot_s: 0 },
  ...{ aoet_s: 0, unrecorded_s: 0, overtime_s: 0 },
}

/** Walks along ordered spans; answers which one holds an instant. Instants must be asked in order. */
function along<T extends Span>(spans: readonly T[]): (at: number) => T | null {
  let next = 0
  return (at) => {
    while (next < spans.length && spans[next]!.to <= at) next += 1
    const span = spans[next]
    return span !== undefined && span.from <= at ? span : null
  }
}

/** The time of a line within a period, by the elements of ISO 22400-2. */
export function timeElements(period: Span, { states, orders, shifts, planned_downtimes }: LineTimes): TimeElements {
  const known = states
    .filter(({ from, to }) => from < period.to && to > period.from)
    .toSorted((a, b) => a.from - b.from)
  const [ordered, stops] = [covered(orders, period), covered(planned_downtimes, period)]
  const plan = shifts === null ? ordered : covered(shifts, period)
  const cuts = [...known, ...ordered, ...stops, ...plan, period].flatMap(({ from, to }) => [from, to])
  const bounds = [...new Set(cuts.filter((at) => at >= period.from && at <= period.to))].toSorted((a, b) => a - b)
  const [stateAt, orderAt, stopAt, planAt] = [along(known), along(ordered), along(stops), along(plan)]
  const time = { ...NO_TIME }
  for (const [i, from] of bounds.slice(0, -1).entries()) {
    const seconds = (bounds[i + 1]! - from) / 1000
    const [state, order, stop, planned] = [
      stateAt(from),
      orderAt(from) !== null,
      stopAt(from) !== null,
      planAt(from) !== null,
    ]
    if (order) time.aoet_s += seconds
    const runs = state?.status === 'running'
    if (!planned && !runs) continue
    time.pot_s += seconds
    if (runs && (!planned || stop)) time.overtime_s += seconds
    if (state === null && !stop) time.unrecorded_s += seconds
    // A state that nobody recorded is a stop that nobody recorded.
    const meaning = TIME_MODEL[state?.status ?? 'idle'][order ? 'with_order' : 'without_order']
    time[ELEMENTS[stop && !runs ? 'planned_downtime' : meaning]] += seconds
  }
  return completed(time)
}

/** Elements that follow from the others. */
export function completed(time: TimeElements): TimeElements {
  const aupt_s = time.apt_s + time.asut_s
  return { ...time, pbt_s: time.pot_s - time.planned_downtime_s, aupt_s, aubt_s: aupt_s + time.adet_s }
}

/** Times of several lines or periods together. */
export function sumOfTimes(times: readonly TimeElements[]): TimeElements {
  const sum = { ...NO_TIME }
  for (const time of times) for (const name of Object.keys(sum) as (keyof TimeElements)[]) sum[name] += time[name]
  return sum
}

export type Failures = {
  count: number
  /** Of those that began in the period and are over: how many, and how long from failure to restoration. */
  restored: number
  restoration_s: number
  /** When the last of those that began did; null where none did. */
  last: number | null
}

/** Failures that began in a period. Rows that follow each other without a gap are one failure. */
export function failuresIn(period: Span, failing: readonly Span[], now: number): Failures {
  const ordered = failing.toSorted((a, b) => a.from - b.from)
  const events: Span[] = []
  for (const span of ordered) {
    const last = events.at(-1)
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else events.push({ ...span })
  }
  const begun = events.filter(({ from }) => from >= period.from && from < period.to)
  const over = begun.filter(({ to }) => to < now)
  return {
    count: begun.length,
    restored: over.length,
    restoration_s: over.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0),
    last: begun.at(-1)?.from ?? null,
  }
}
