import { isGood, type Series } from '../readings/series.ts'

/**
 * The steps of a sensor, which is what a model counts in: one reading each. Of a sensor that reads more often than once a minute it
 * is the first reading of each minute; the others are passed over, and judged by the detector alone.
 */
export type Pace = {
  /** The usual time between two readings, and between two steps; milliseconds. */
  readonly gap_ms: number
  readonly step_ms: number
}

const LEAST_STEP_MS = 60_000
/** No quantity is greater; the detector says the same. */
const GREATEST = 1e30

/** The pace at which a sensor reads, by the median of its gaps; null where it has not read twice. */
export function paceOf(at_ms: ArrayLike<number>): Pace | null {
  const gaps = Float64Array.from(
    { length: Math.max(0, at_ms.length - 1) },
    (_, i) => at_ms[i + 1]! - at_ms[i]!,
  ).toSorted()
  const gap_ms = gaps[gaps.length >> 1]
  return gap_ms === undefined ? null : { gap_ms, step_ms: Math.max(LEAST_STEP_MS, gap_ms) }
}

/** From the step before to a reading: 0 where it is still that step, 1 where it is the next, more where some are missing. */
export function stepsBetween({ gap_ms, step_ms }: Pace, last: number, at: number): number {
  const since = at - last
  return since < step_ms - gap_ms / 2 ? 0 : Math.max(1, Math.round(since / step_ms))
}

/** Steps one after the other; where one is missing both are NaN. */
export type Steps = { readonly at_ms: number[]; readonly value: number[] }

/** Takes the steps out of a series that follows what was taken before. Readings that are not good are no steps. `hole`: as many missing ones say it all. */
export function takeSteps(steps: Steps, pace: Pace, { at_ms, value, mark, length }: Series, hole: number): void {
  let last = steps.at_ms.at(-1)
  for (let i = 0; i < length; i += 1) {
    const one = value[i]!
    if (!isGood(mark[i]!) || Math.abs(one) > GREATEST) continue
    const between = last === undefined ? 1 : stepsBetween(pace, last, at_ms[i]!)
    if (between === 0) continue
    for (let missing = Math.min(between - 1, hole); missing > 0; missing -= 1) {
      steps.at_ms.push(Number.NaN)
      steps.value.push(Number.NaN)
    }
    steps.at_ms.push((last = at_ms[i]!))
    steps.value.push(one)
  }
}

/** The newest so many, without what is missing at their begin. */
export function newestSteps({ at_ms, value }: Steps, most: number): Steps {
  let from = Math.max(0, value.length - most)
  while (Number.isNaN(value[from])) from += 1
  return { at_ms: at_ms.slice(from), value: value.slice(from) }
}
