import type { PerformanceInterval } from './performance-sums.ts'

/** What was read at one time: means over the interval that begins there, null where nothing was read. */
export type PerformanceSample = {
  /** Epoch ms. */
  at: number
  ac_power_kw: number | null
  power_quality: number | null
  irradiance_w_m2: number | null
  module_temperature_c: number | null
}

/** What was read over a stretch of time that begins at `at`: means of the good readings. */
export type PerformanceMean = PerformanceSample & {
  /** The least and the most of the powers that the mean is made of. */
  least_power_kw: number | null
  most_power_kw: number | null
}

/** Longer than this a mean power says nothing about the energy of an interval; ms. */
export const LONGEST_INTERVAL_MS = 3_600_000

export type PerformanceIntervals = { intervals: PerformanceInterval[]; interval_ms: number | null }

/**
 * Readings carry the time at which their interval begins, not how long it is: that is the median distance between
 * neighbours, at most an hour. An interval ends with the next reading where that comes sooner; where it comes later there
 * is a gap, which counts as missing. `interval_ms` is null, and there are no intervals, for fewer than two readings.
 */
export function intervalsOf(samples: readonly PerformanceSample[]): PerformanceIntervals {
  const ordered = samples.toSorted((one, other) => one.at - other.at)
  const distances = new Float64Array(Math.max(0, ordered.length - 1))
  for (let i = 0; i < distances.length; i += 1) distances[i] = ordered[i + 1]!.at - ordered[i]!.at
  const median = distances.toSorted()[Math.floor((distances.length - 1) / 2)]
  if (median === undefined) return { intervals: [], interval_ms: null }
  const interval_ms = Math.min(median, LONGEST_INTERVAL_MS)
  const intervals = ordered.map((sample, index) => ({
    from: sample.at,
    to: sample.at + Math.min(interval_ms, distances[index] ?? interval_ms),
    ac_power_kw: sample.ac_power_kw,
    irradiance_w_m2: sample.irradiance_w_m2,
    module_temperature_c: sample.module_temperature_c,
    quality: sample.power_quality,
  }))
  return { intervals, interval_ms }
}
