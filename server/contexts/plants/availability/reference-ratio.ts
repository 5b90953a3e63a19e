import { localSteps, type Span } from '../local-steps.ts'
import type { PerformanceMean, PerformanceSample } from '../performance-intervals.ts'
import type { PerformanceConstants } from '../performance-ratio.ts'
import { STATE_RULES, type StateInterval } from './plant-state.ts'

/** What a local day says of how well the plant does when nothing is in its way: sums over its available time. */
export type ReferenceDay = Span & {
  available_ms: number
  energy_kwh: number
  /** P0 × G / 1000 W/m² × t: what the plant would give with a ratio of one; kWh. */
  nominal_kwh: number
  /** The same of the time with a module temperature; `stc_nominal_kwh` × (1 + γ (T − 25 °C)). */
  stc_energy_kwh: number
  stc_nominal_kwh: number
}

/** The plant's own ratio over a longer time, and how it comes. */
export type ReferenceRatio = Span & {
  /** Days with at least an hour of available time. */
  days: number
  performance_ratio: number
  /** Corrected to 25 °C; null where γ or the temperatures are not known for as many days. */
  performance_ratio_stc: number | null
}

export const REFERENCE_RULES = {
  /** So many local days end where the month of what is valued begins. */
  days: 365,
  /** With fewer usable days nothing is said. */
  fewest_days: 30,
  shortest_day_ms: 3_600_000,
  /** Readings that are closer together count as means over so long; those further apart as they are. */
  mean_ms: 900_000,
} as const

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const hours = ({ from, to }: Span): number => (to - from) / HOUR_MS

/** P0 × G / 1000 × t; null without irradiance or P0. */
function nominalOf(piece: StateInterval, { p0_kw }: PerformanceConstants): number | null {
  if (p0_kw === null || piece.irradiance_w_m2 === null) return null
  return p0_kw * (Math.max(0, piece.irradiance_w_m2) / 1000) * hours(piece)
}

/** 1 + γ (T − 25 °C); null where either is not known. */
function correctionOf({ module_temperature_c: warmth }: StateInterval, { gamma_per_c }: PerformanceConstants) {
  return warmth === null || gamma_per_c === null ? null : 1 + gamma_per_c * (warmth - 25)
}

/** Time that shows what the plant can do: it produced in enough sun, and nobody had declared anything. */
const shows = ({ state, stoppage, power_kw, irradiance_w_m2 }: StateInterval): boolean =>
  state === 'available' &&
  stoppage === null &&
  power_kw !== null &&
  irradiance_w_m2 !== null &&
  irradiance_w_m2 >= STATE_RULES.irradiance_threshold_w_m2

/**
 * Where the plant stood still for most of the time that a mean is made of, and not for all of it, the mean shows neither a production nor
 * a standstill, and its power is not looked at. A shorter standstill stays in, as those do that are too short to be one.
 */
export function steadyMeans(
  means: readonly PerformanceMean[],
  { p0_kw }: PerformanceConstants,
): readonly PerformanceSample[] {
  return means.map((mean) => {
    const { ac_power_kw, least_power_kw, most_power_kw, irradiance_w_m2 } = mean
    if (ac_power_kw === null || irradiance_w_m2 === null) return mean
    const still = STATE_RULES.standstill_share * (p0_kw ?? 0) * (irradiance_w_m2 / 1000)
    const stoodStill = (least_power_kw ?? 0) <= still && ac_power_kw < (most_power_kw ?? 0) / 2
    return stoodStill && ac_power_kw > still ? { ...mean, ac_power_kw: null } : mean
  })
}

/** The sums of each local day that shows anything; `states` ascend in time. */
export function referenceDays(
  states: readonly StateInterval[],
  constants: PerformanceConstants,
  zone: string,
): ReferenceDay[] {
  const [first, last] = [states[0], states.at(-1)]
  if (first === undefined || last === undefined) return []
  const days = localSteps(first.from, last.to, '1d', zone).map((day) => ({
    ...{ from: day.from, to: day.to, available_ms: 0, energy_kwh: 0, nominal_kwh: 0 },
    ...{ stc_energy_kwh: 0, stc_nominal_kwh: 0 },
  }))
  let at = 0
  for (const piece of states) {
    // A piece belongs to the day in which it begins: a quarter of an hour over midnight is dark.
    while (at < days.length - 1 && days[at]!.to <= piece.from) at += 1
    const nominal = nominalOf(piece, constants)
    if (!shows(piece) || nominal === null) continue
    const day = days[at]!
    const energy = (piece.power_kw ?? 0) * hours(piece)
    const correction = correctionOf(piece, constants)
    day.available_ms += piece.to - piece.from
    day.energy_kwh += energy
    day.nominal_kwh += nominal
    if (correction === null) continue
    day.stc_energy_kwh += energy
    day.stc_nominal_kwh += nominal * correction
  }
  return days.filter(({ available_ms }) => available_ms > 0)
}

/**
 * The ratio of the days before an instant. Ratios of sums, as the performance ratio itself; null where there are too few days.
 * The correction is to 25 °C, a temperature that does not come from the data: the mean of the window itself would cancel it.
 */
export function referenceRatio(days: readonly ReferenceDay[], before: number): ReferenceRatio | null {
  const from = before - REFERENCE_RULES.days * DAY_MS
  const usable = days.filter((day) => day.from >= from && day.to <= before)
  const shown = usable.filter(({ available_ms }) => available_ms >= REFERENCE_RULES.shortest_day_ms)
  const sum = (of: keyof ReferenceDay): number => usable.reduce((total, day) => total + day[of], 0)
  if (shown.length < REFERENCE_RULES.fewest_days || !(sum('nominal_kwh') > 0)) return null
  const corrected = shown.filter(({ stc_nominal_kwh }) => stc_nominal_kwh > 0).length >= REFERENCE_RULES.fewest_days
  return {
    ...{ from, to: before, days: shown.length, performance_ratio: sum('energy_kwh') / sum('nominal_kwh') },
    performance_ratio_stc: corrected ? sum('stc_energy_kwh') / sum('stc_nominal_kwh') : null,
  }
}

/** What the plant would have given in this time, kWh: corrected for temperature where both sides know it. */
export function expectedEnergy(
  piece: StateInterval,
  constants: PerformanceConstants,
  reference: ReferenceRatio | null,
): number | null {
  const nominal = nominalOf(piece, constants)
  if (nominal === null || reference === null) return null
  const correction = correctionOf(piece, constants)
  return reference.performance_ratio_stc !== null && correction !== null
    ? nominal * correction * reference.performance_ratio_stc
    : nominal * reference.performance_ratio
}
