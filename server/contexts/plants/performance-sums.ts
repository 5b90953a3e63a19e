import type { Span } from './local-steps.ts'

/** What was measured from `from` to `to` (epoch ms): means over the interval, or the energy of a meter. */
export type PerformanceInterval = Span & {
  /** Mean AC power, kW; negative is consumption. Used where `energy_kwh` is not given. */
  ac_power_kw?: number | null
  /** Net AC energy of the interval, kWh. */
  energy_kwh?: number | null
  /** Mean irradiance in the plane of the array, W/m². */
  irradiance_w_m2?: number | null
  /** Mean temperature of the module (back of module or cell), °C. */
  module_temperature_c?: number | null
  /** 192 good, 0 bad, 500 stale (Sparkplug B); absent means good. */
  quality?: number | null
  /** Whether `energy_kwh` was counted where no power was read. */
  counted?: boolean
}

/** Why time did not count. The first three leave out energy as well, the last two only a ratio. */
export type Exclusion =
  | 'invalid_interval'
  | 'overlap'
  | 'quality'
  | 'energy_missing'
  | 'irradiance_missing'
  | 'temperature_missing'

/** Sums that add up over any split of time; every figure is a quotient of these, never a mean of figures. */
export type PerformanceSums = {
  step_ms: number
  /** Time with valid energy, and that energy. */
  energy_ms: number
  energy_kwh: number
  /** Of that, what was counted where no power was read. */
  counted_ms: number
  counted_kwh: number
  /** Time with valid energy and irradiance, the energy and the irradiation (kWh/m²) of that time alone. */
  ratio_ms: number
  ratio_energy_kwh: number
  ratio_irradiation: number
  /** The same for time that has a module temperature too; `stc_irradiation_c` is the sum of irradiation × (T − 25 °C). */
  stc_ms: number
  stc_energy_kwh: number
  stc_irradiation: number
  stc_irradiation_c: number
  /** Time in which a negative irradiance was read and counted as zero. */
  irradiance_zeroed_ms: number
  /** Intervals left out, by reason; one that crosses the edge of a step counts in each. */
  excluded: Readonly<Partial<Record<Exclusion, number>>>
}

const GOOD = 192
const HOUR_MS = 3_600_000

/** Nothing measured in no time. */
export const NO_SUMS: PerformanceSums = {
  step_ms: 0,
  energy_ms: 0,
  energy_kwh: 0,
  counted_ms: 0,
  counted_kwh: 0,
  ratio_ms: 0,
  ratio_energy_kwh: 0,
  ratio_irradiation: 0,
  stc_ms: 0,
  stc_energy_kwh: 0,
  stc_irradiation: 0,
  stc_irradiation_c: 0,
  irradiance_zeroed_ms: 0,
  excluded: {},
}

const finite = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value)

/** An interval after judgement: why it is out of the energy, or null. */
export type JudgedInterval = PerformanceInterval & { out: Exclusion | null }

/** Orders by time and judges each interval; of two good ones that overlap, the one that begins first counts. */
export function judgeIntervals(intervals: readonly PerformanceInterval[]): JudgedInterval[] {
  let covered = Number.NEGATIVE_INFINITY
  return intervals
    .toSorted((one, other) => one.from - other.from || one.to - other.to)
    .map((interval) => {
      const out = reasonOut(interval, covered)
      if (out === null) covered = interval.to
      return { ...interval, out }
    })
}

function reasonOut(interval: PerformanceInterval, covered: number): Exclusion | null {
  if (!(interval.from < interval.to)) return 'invalid_interval'
  if ((interval.quality ?? GOOD) !== GOOD) return 'quality'
  if (!finite(interval.energy_kwh) && !finite(interval.ac_power_kw)) return 'energy_missing'
  return interval.from < covered ? 'overlap' : null
}

/**
 * Adds up what lies in the span. An interval that crosses an edge gives each side its share of the time. A negative
 * irradiance (the zero offset of a pyranometer at night, some −5 W/m²) counts as zero; negative energy counts as it is.
 */
export function sumsOf(judged: readonly JudgedInterval[], span: Span): PerformanceSums {
  const sums = { ...NO_SUMS, step_ms: span.to - span.from }
  const excluded: Partial<Record<Exclusion, number>> = {}
  const count = (reason: Exclusion): void => {
    excluded[reason] = (excluded[reason] ?? 0) + 1
  }
  for (const interval of judged) {
    const inside = interval.out === 'invalid_interval' && interval.from >= span.from && interval.from < span.to
    const ms = Math.min(interval.to, span.to) - Math.max(interval.from, span.from)
    if (interval.out !== null && (inside || ms > 0)) count(interval.out)
    if (interval.out !== null || ms <= 0) continue
    const energy = finite(interval.energy_kwh)
      ? interval.energy_kwh * (ms / (interval.to - interval.from))
      : (interval.ac_power_kw ?? 0) * (ms / HOUR_MS)
    sums.energy_ms += ms
    sums.energy_kwh += energy
    if (interval.counted === true) {
      sums.counted_ms += ms
      sums.counted_kwh += energy
    }
    const irradiance = interval.irradiance_w_m2
    if (!finite(irradiance)) {
      count('irradiance_missing')
      continue
    }
    const irradiation = (Math.max(0, irradiance) / 1000) * (ms / HOUR_MS)
    if (irradiance < 0) sums.irradiance_zeroed_ms += ms
    sums.ratio_ms += ms
    sums.ratio_energy_kwh += energy
    sums.ratio_irradiation += irradiation
    const temperature = interval.module_temperature_c
    if (!finite(temperature)) {
      count('temperature_missing')
      continue
    }
    sums.stc_ms += ms
    sums.stc_energy_kwh += energy
    sums.stc_irradiation += irradiation
    sums.stc_irradiation_c += irradiation * (temperature - 25)
  }
  return { ...sums, excluded }
}

/** The sums of two stretches of time that do not overlap. */
export function addSums(one: PerformanceSums, other: PerformanceSums): PerformanceSums {
  const excluded = { ...one.excluded }
  for (const reason of EXCLUSIONS) {
    const count = (one.excluded[reason] ?? 0) + (other.excluded[reason] ?? 0)
    if (count > 0) excluded[reason] = count
  }
  return {
    step_ms: one.step_ms + other.step_ms,
    energy_ms: one.energy_ms + other.energy_ms,
    energy_kwh: one.energy_kwh + other.energy_kwh,
    counted_ms: one.counted_ms + other.counted_ms,
    counted_kwh: one.counted_kwh + other.counted_kwh,
    ratio_ms: one.ratio_ms + other.ratio_ms,
    ratio_energy_kwh: one.ratio_energy_kwh + other.ratio_energy_kwh,
    ratio_irradiation: one.ratio_irradiation + other.ratio_irradiation,
    stc_ms: one.stc_ms + other.stc_ms,
    stc_energy_kwh: one.stc_energy_kwh + other.stc_energy_kwh,
    stc_irradiation: one.stc_irradiation + other.stc_irradiation,
    stc_irradiation_c: one.stc_irradiation_c + other.stc_irradiation_c,
    irradiance_zeroed_ms: one.irradiance_zeroed_ms + other.irradiance_zeroed_ms,
    excluded,
  }
}

const EXCLUSIONS: readonly Exclusion[] = [
  'invalid_interval',
  'overlap',
  'quality',
  'energy_missing',
  'irradiance_missing',
  'temperature_missing',
]
