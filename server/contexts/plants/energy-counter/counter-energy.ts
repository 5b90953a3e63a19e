import type { Span } from '../local-steps.ts'
import type { MountedMeter } from './mounted-meter.ts'

/** What a counter of energy showed at one time (epoch ms), in its own units: kWh = units × K of its meter. */
export type CounterReading = { at: number; value: number }

/** Why the energy between two readings of a counter is not known. */
export type CounterExclusion =
  | 'counter_reset'
  | 'counter_implausible'
  | 'counter_exchanged'
  | 'counter_factor_unknown'
  | 'counter_gap'

/** What was counted between two readings; `energy_kwh` is null where `out` says why. */
export type CounterInterval = Span & {
  energy_kwh: number | null
  out: CounterExclusion | null
  rolled_over: boolean
}

/** Habits, not norms. */
export const COUNTER_RULES = {
  /** More than so many times the nominal power no plant gives; a difference beyond it is no energy. */
  plausible_power: 1.5,
  /** Registers without decimals rise by whole units: so many units are plausible in any time. */
  plausible_units: 2,
  /** A counter that begins anew has run through less than this share of its range since the last reading. */
  roll_over_share: 0.1,
  /** Of readings that are closer together the first counts; ms. */
  closest_ms: 900_000,
  /** What lies between readings that are no further apart is shared out evenly over the time; ms. */
  shared_ms: 3_600_000,
} as const

const HOUR_MS = 3_600_000

type Judged = Omit<CounterInterval, 'from' | 'to'>
const known = (energy_kwh: number, rolled_over = false): Judged => ({ energy_kwh, out: null, rolled_over })
const unknown = (out: CounterExclusion): Judged => ({ energy_kwh: null, out, rolled_over: false })

/** The energy between two readings of one meter, or why it is not known. */
function between(one: CounterReading, other: CounterReading, meter: MountedMeter, nominal_kw: number | null): Judged {
  const { constant_k, digits } = meter
  if (constant_k === null) return unknown('counter_factor_unknown')
  const most =
    nominal_kw === null
      ? Number.POSITIVE_INFINITY
      : COUNTER_RULES.plausible_power * nominal_kw * ((other.at - one.at) / HOUR_MS) +
        COUNTER_RULES.plausible_units * constant_k
  const units = other.value - one.value
  if (units >= 0) return units * constant_k <= most ? known(units * constant_k) : unknown('counter_implausible')
  if (digits === null) return unknown('counter_reset')
  const range = 10 ** digits
  const through = units + range
  const isRollOver = through >= 0 && through < COUNTER_RULES.roll_over_share * range && through * constant_k <= most
  return isRollOver ? known(through * constant_k, true) : unknown('counter_reset')
}

/** Readings of one meter, one in a quarter of an hour and the last, with what it showed when it was mounted and taken down. */
function pointsOf(readings: readonly CounterReading[], meter: MountedMeter): CounterReading[] {
  const { closest_ms } = COUNTER_RULES
  const points = readings.filter(({ at }, index) => {
    const before = readings[index - 1]
    return (
      index === readings.length - 1 ||
      before === undefined ||
      Math.floor(at / closest_ms) > Math.floor(before.at / closest_ms)
    )
  })
  if (meter.first !== null && points[0]!.at > meter.from) points.unshift({ at: meter.from, value: meter.first })
  if (meter.last !== null) points.push({ at: meter.to, value: meter.last })
  return points
}

/** Without single readings that cannot be, where those beside them agree: a zero of a feed that lost the meter for a moment. */
function withoutSpikes(points: readonly CounterReading[], meter: MountedMeter, nominal_kw: number | null) {
  const kept: CounterReading[] = []
  for (const [index, point] of points.entries()) {
    const [before, after] = [kept.at(-1), points[index + 1]]
    if (before !== undefined && after !== undefined && between(before, point, meter, nominal_kw).out !== null) {
      const over = between(before, after, meter, nominal_kw)
      if (over.out === null && !over.rolled_over) continue
    }
    kept.push(point)
  }
  return kept
}

/** The meter that was mounted at a time; none where it cannot be told which it was. */
const meterAt = (meters: readonly MountedMeter[], at: number): MountedMeter => {
  const mounted = meters.filter(({ from, to }) => from <= at && at < to)
  return mounted.length === 1 ? mounted[0]! : NO_METER
}
const NO_METER: MountedMeter = {
  ...{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, serial: null, constant_k: null },
  ...{ digits: null, first: null, last: null },
}

/**
 * What was counted between readings of good quality, which ascend in time; the intervals follow each other without a gap. A counter
 * counts on where nobody reads it, so readings far apart lose no energy, only the knowledge of when it was. Where it
 * goes back, it has run through its range (known by its digits, near its end and plausible for the plant) or was reset: then nobody
 * knows what it had counted, and nothing is invented. Between two meters only what they showed at the exchange is known.
 */
export function counterIntervals(
  readings: readonly CounterReading[],
  meters: readonly MountedMeter[],
  nominal_kw: number | null,
): CounterInterval[] {
  const intervals: CounterInterval[] = []
  let end: number | null = null
  for (let first = 0; first < readings.length;) {
    const meter = meterAt(meters, readings[first]!.at)
    let after = first + 1
    while (after < readings.length && meterAt(meters, readings[after]!.at) === meter) after += 1
    const points = withoutSpikes(pointsOf(readings.slice(first, after), meter), meter, nominal_kw)
    if (end !== null && points[0]!.at > end) {
      intervals.push({ from: end, to: points[0]!.at, ...unknown('counter_exchanged') })
    }
    for (const [index, point] of points.slice(1).entries()) {
      const before = points[index]!
      if (point.at > before.at) {
        intervals.push({ from: before.at, to: point.at, ...between(before, point, meter, nominal_kw) })
      }
    }
    end = points.at(-1)!.at
    first = after
  }
  return intervals
}

/** What was counted in a stretch of time. */
export type CounterSums = {
  energy_kwh: number
  /** The time of which that is known. */
  counter_ms: number
  /** Times between readings of which it is not known, by reason. */
  excluded: Readonly<Partial<Record<CounterExclusion, number>>>
}

/**
 * Adds up what was counted in a span. Between readings up to an hour apart energy is shared out by time. Of readings that are further
 * apart all of it belongs to the span that holds most of the time, and all but an hour at most, so that a daily reading some minutes
 * after midnight is a day; otherwise it belongs to none (`counter_gap`), for nobody knows when it was.
 */
export function counterSums(intervals: readonly CounterInterval[], span: Span): CounterSums {
  const sums = { energy_kwh: 0, counter_ms: 0 }
  const excluded: Partial<Record<CounterExclusion, number>> = {}
  const count = (reason: CounterExclusion): void => {
    excluded[reason] = (excluded[reason] ?? 0) + 1
  }
  for (const { from, to, energy_kwh, out } of intervals) {
    const ms = Math.min(to, span.to) - Math.max(from, span.from)
    if (ms <= 0) continue
    const isShared = to - from <= COUNTER_RULES.shared_ms
    // Of two spans that hold half of it each, the first.
    const isMost = 2 * ms > to - from || (2 * ms === to - from && from >= span.from)
    if (out !== null) count(out)
    else if (isShared || (isMost && to - from - ms <= COUNTER_RULES.shared_ms)) {
      sums.energy_kwh += (energy_kwh ?? 0) * (isShared ? ms / (to - from) : 1)
      sums.counter_ms += ms
    } else if (ms > COUNTER_RULES.shared_ms || ms === span.to - span.from) count('counter_gap')
  }
  return { ...sums, excluded }
}
