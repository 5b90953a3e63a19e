import type { Span } from '../local-steps.ts'
import type { JudgedInterval, PerformanceInterval } from '../performance-sums.ts'
import { COUNTER_RULES, type CounterInterval } from './counter-energy.ts'

const GOOD = 192
/** A counter is not asked about what lies between two readings of power that come a little late. */
const SHORTEST_GAP_MS = 60_000

const shortOnes = (intervals: readonly CounterInterval[]): CounterInterval[] =>
  intervals.filter(({ from, to, out }) => out === null && to - from <= COUNTER_RULES.shared_ms)

const hasPower = ({ ac_power_kw, quality }: PerformanceInterval): boolean =>
  (quality ?? GOOD) === GOOD && typeof ac_power_kw === 'number' && Number.isFinite(ac_power_kw)

/** Answers what was counted in spans that ascend, by intervals that follow each other; null where they do not cover one. */
function energyBy(intervals: readonly CounterInterval[]): (span: Span) => number | null {
  let place = 0
  return ({ from, to }) => {
    while (place < intervals.length && intervals[place]!.to <= from) place += 1
    let [at, energy] = [from, 0]
    for (let i = place; at < to; i += 1) {
      const one = intervals[i]
      if (one === undefined || one.from > at) return null
      const end = Math.min(one.to, to)
      energy += (one.energy_kwh ?? 0) * ((end - at) / (one.to - one.from))
      at = end
    }
    return energy
  }
}

/**
 * Fills what was not read of power with what was counted meanwhile, up to an hour between readings of the counter. `intervals`
 * ascend and stay in order; what comes from the counter says so (`counted`).
 */
export function filledByCounter(
  intervals: readonly PerformanceInterval[],
  counter: readonly CounterInterval[],
): PerformanceInterval[] {
  const short = shortOnes(counter)
  if (short.length === 0) return intervals.slice()
  const energyIn = energyBy(short)
  const filled: PerformanceInterval[] = []
  let [place, at] = [0, Number.NEGATIVE_INFINITY]
  const fillUntil = (end: number): void => {
    while (place < short.length && short[place]!.to <= at) place += 1
    if (end - at < SHORTEST_GAP_MS) return
    for (let i = place; i < short.length && short[i]!.from < end; i += 1) {
      const { from, to, energy_kwh } = short[i]!
      const piece = { from: Math.max(from, at), to: Math.min(to, end) }
      const share = (piece.to - piece.from) / (to - from)
      filled.push({ ...piece, energy_kwh: (energy_kwh ?? 0) * share, counted: true })
    }
  }
  for (const interval of intervals) {
    fillUntil(interval.from)
    const energy_kwh = hasPower(interval) ? null : energyIn(interval)
    filled.push(energy_kwh === null ? interval : { ...interval, energy_kwh, quality: GOOD, counted: true })
    at = Math.max(at, interval.to)
  }
  fillUntil(Number.POSITIVE_INFINITY)
  return filled
}

/** What the counter and power say of the same time. */
export type Compared = { compared_ms: number; counter_kwh: number; power_kwh: number }

/**
 * Compares them over each time between two readings of the counter that lies in the span and was read of power without a gap, so that the
 * difference is one of the meters and not of what is missing. `judged` ascends and does not overlap where it is not left out.
 */
export function comparedEnergy(
  counter: readonly CounterInterval[],
  judged: readonly JudgedInterval[],
  span: Span,
): Compared {
  const compared = { compared_ms: 0, counter_kwh: 0, power_kwh: 0 }
  let place = 0
  for (const { from, to, energy_kwh } of counter) {
    if (energy_kwh === null || from < span.from || to > span.to) continue
    while (place < judged.length && judged[place]!.to <= from) place += 1
    let [ms, energy] = [0, 0]
    for (let i = place; i < judged.length && judged[i]!.from < to; i += 1) {
      const one = judged[i]!
      if (one.out !== null || one.counted === true) continue
      const inside = Math.min(one.to, to) - Math.max(one.from, from)
      if (inside <= 0) continue
      ms += inside
      energy += (one.ac_power_kw ?? 0) * (inside / 3_600_000)
    }
    if (ms < (to - from) * WITHOUT_A_GAP) continue
    compared.compared_ms += to - from
    compared.counter_kwh += energy_kwh
    compared.power_kwh += energy * ((to - from) / ms)
  }
  return compared
}
/** Of the time: readings are some seconds early or late. */
const WITHOUT_A_GAP = 0.99
