import { comparedEnergy, type Compared } from './energy-counter/counter-and-power.ts'
import { type CounterInterval, type CounterSums, counterSums } from './energy-counter/counter-energy.ts'
import { localSteps, type Span, type Step } from './local-steps.ts'
import {
  addSums,
  type JudgedInterval,
  judgeIntervals,
  NO_SUMS,
  sumsOf,
  type PerformanceInterval,
  type PerformanceSums,
} from './performance-sums.ts'

/** Which formulas made a figure. A change of any rule below is a new version beside this one. */
export const PERFORMANCE_FORMULA = {
  version: 'pr-3',
  standard: 'IEC 61724-1:2021 (read through public implementations and NREL/TP-5200-57991, not the standard itself)',
  energy_kwh:
    'what the counter rose by * K, where it says no less of the time than power does (a hundredth less at most): it is what is billed, and ' +
    'counts on while nobody reads it; otherwise sum(P * t), and what was counted where no power was read',
  energy_difference_kwh:
    'sum over readings of the counter between which power was read without a gap: what it rose by * K, less sum(P * t)',
  performance_ratio:
    'sum(E) / sum(P0 * G / 1000 W/m2 * t), over time with both energy and irradiance; E of the same moments: sum(P * t), counted where no power was read',
  performance_ratio_stc: 'sum(E) / sum((1 + gamma * (Tmod - 25 C)) * P0 * G / 1000 W/m2 * t)',
  specific_yield: 'sum(E) / P0, kWh/kWp',
  capacity_factor: 'sum(E) / (AC nominal power * hours with valid energy)',
  availability:
    't(available) / (t(available) + t(outage)), nothing left out; of time with enough sun that could be judged',
  availability_contract: 't(available) / (t(available) + t(outage) - t(outage of excluded categories))',
  availability_energy: 'E / (E + lost energy), of the same time',
  lost_energy_kwh:
    'sum of max(0, expected - actual) over outages, and of what lies above the limit while declared as curtailed; ' +
    'expected = P0 * G / 1000 W/m2 * t * reference ratio, where possible at 25 C and * (1 + gamma * (Tmod - 25 C))',
  lost_revenue: 'sum(lost energy * price of its day)',
  unread_energy_kwh: 'sum(expected) over communication loss: probably produced and not read, never lost',
  conventions:
    'Energy of power is net as measured: night consumption counts as negative. Negative irradiance counts as zero. ' +
    'A counter that goes back has run through its digits or was reset; what was counted then is left out. ' +
    'Nothing is capped; what is not defined is null. Outages count: a plant that stands still in the sun has a low ratio.',
} as const

/** Constants of a photovoltaic plant. */
export type PerformanceConstants = {
  /** DC rated power at standard test conditions, kWp, above zero; null if unknown. */
  p0_kw: number | null
  /** Temperature coefficient of power, 1/°C, usually −0.005…−0.002; null if unknown. */
  gamma_per_c: number | null
  /** AC nominal power, kW; null if unknown. */
  ac_nominal_kw: number | null
}

/** What energy was taken from. */
export type EnergySource = 'counter' | 'power' | 'power_and_counter'

/** The figures of one stretch of time; null is «not defined», never zero. */
export type PerformanceFigures = {
  energy_kwh: number | null
  energy_from: EnergySource | null
  /** By the counter alone, and by power alone, each of the time that it knows. */
  energy_counter_kwh: number | null
  energy_power_kwh: number | null
  /** Counter less power, of time that both know. */
  energy_difference_kwh: number | null
  /** kWh/kWp. */
  specific_yield: number | null
  /** Irradiation in the plane of the array, kWh/m² = reference yield in hours, of the time that has energy too. */
  irradiation_kwh_m2: number | null
  performance_ratio: number | null
  /** Corrected to a module temperature of 25 °C. */
  performance_ratio_stc: number | null
  capacity_factor: number | null
  /** Share of the time (0…1) that has valid energy. */
  completeness: number | null
  /** Share of the time (0…1) that the counter knows, that power knows, and on which the difference stands. */
  completeness_counter: number | null
  completeness_power: number | null
  completeness_difference: number | null
  /** Share of the time (0…1) on which the performance ratio stands. */
  completeness_ratio: number | null
  /** Share of the time (0…1) on which the corrected ratio stands. */
  completeness_stc: number | null
}

/** Figures of a step with the sums that they are made of. */
export type PerformanceStep = Span & PerformanceFigures & { sums: PerformanceSums; counter: CounterSums & Compared }

/** Figures by step and for the whole; the totals are made of summed sums, not of the steps' figures. */
export type PerformanceReport = {
  items: PerformanceStep[]
  totals: PerformanceStep
  formula: typeof PERFORMANCE_FORMULA
}

/** A quotient that is null where the denominator is not above zero. */
const per = (value: number, base: number): number | null => (base > 0 ? value / base : null)

/** The counter may know so much less of the time than power, as a share: some readings at the edges. */
const COUNTER_LAGS = 0.01

type Energy = { kwh: number; ms: number; from: EnergySource | null }

/** The counter's energy, unless power and counter together know more of the time. */
function energyOf(sums: PerformanceSums, { energy_kwh, counter_ms }: CounterSums): Energy {
  if (counter_ms > 0 && counter_ms >= sums.energy_ms - COUNTER_LAGS * sums.step_ms) {
    return { kwh: energy_kwh, ms: counter_ms, from: 'counter' }
  }
  const { counted_ms, energy_ms } = sums
  const from = counted_ms === 0 ? 'power' : counted_ms === energy_ms ? 'counter' : 'power_and_counter'
  return { kwh: sums.energy_kwh, ms: energy_ms, from: energy_ms > 0 ? from : null }
}

/** The figures that follow from sums. */
export function figuresOf(
  sums: PerformanceSums,
  counter: CounterSums & Compared,
  constants: PerformanceConstants,
): PerformanceFigures {
  const p0 = constants.p0_kw ?? 0
  const energy = energyOf(sums, counter)
  const measured = energy.ms > 0
  const power_ms = sums.energy_ms - sums.counted_ms
  return {
    energy_kwh: measured ? energy.kwh : null,
    energy_from: energy.from,
    energy_counter_kwh: counter.counter_ms > 0 ? counter.energy_kwh : null,
    energy_power_kwh: power_ms > 0 ? sums.energy_kwh - sums.counted_kwh : null,
    energy_difference_kwh: counter.compared_ms > 0 ? counter.counter_kwh - counter.power_kwh : null,
    specific_yield: measured ? per(energy.kwh, p0) : null,
    irradiation_kwh_m2: sums.ratio_ms > 0 ? sums.ratio_irradiation : null,
    performance_ratio: per(sums.ratio_energy_kwh, p0 * sums.ratio_irradiation),
    performance_ratio_stc: temperatureCorrectedRatio(sums, constants, 25),
    capacity_factor: per(energy.kwh, (constants.ac_nominal_kw ?? 0) * (energy.ms / 3_600_000)),
    completeness: per(energy.ms, sums.step_ms),
    completeness_counter: per(counter.counter_ms, sums.step_ms),
    completeness_power: per(power_ms, sums.step_ms),
    completeness_difference: per(counter.compared_ms, sums.step_ms),
    completeness_ratio: per(sums.ratio_ms, sums.step_ms),
    completeness_stc: per(sums.stc_ms, sums.step_ms),
  }
}

/**
 * The performance ratio corrected to a reference module temperature in °C: 25 is STC; the long-term annual mean gives the
 * annual-temperature-equivalent ratio. Danger: the irradiance-weighted mean of the same window cancels the correction
 * exactly and gives the plain ratio back. Null without γ, P0 or any time with power, irradiance and temperature.
 */
export function temperatureCorrectedRatio(
  sums: PerformanceSums,
  constants: PerformanceConstants,
  reference_c: number,
): number | null {
  const { p0_kw, gamma_per_c } = constants
  if (p0_kw === null || gamma_per_c === null) return null
  const aboveReference = sums.stc_irradiation_c - (reference_c - 25) * sums.stc_irradiation
  return per(sums.stc_energy_kwh, p0_kw * (sums.stc_irradiation + gamma_per_c * aboveReference))
}

/** The irradiance-weighted mean module temperature, °C, for a year or more of data; null without any. */
export function weightedModuleTemperature(sums: PerformanceSums): number | null {
  const above25 = per(sums.stc_irradiation_c, sums.stc_irradiation)
  return above25 === null ? null : 25 + above25
}

/** The part of what ascends in time that can touch a span; asked for spans that ascend. */
function reaching<Of extends Span>(all: readonly Of[]): (span: Span) => readonly Of[] {
  const longest = all.reduce((most, { from, to }) => Math.max(most, to - from), 0)
  let first = 0
  return (span) => {
    while ((all[first]?.from ?? Number.POSITIVE_INFINITY) + longest < span.from) first++
    let last = first
    while ((all[last]?.from ?? Number.POSITIVE_INFINITY) < span.to) last++
    return all.slice(first, last)
  }
}

const countedIn = (
  span: Span,
  counter: readonly CounterInterval[],
  judged: readonly JudgedInterval[],
): CounterSums & Compared => ({ ...counterSums(counter, span), ...comparedEnergy(counter, judged, span) })

/**
 * Figures from `from` to `to` (epoch ms, half open) by local steps of the time zone. Steps without data are listed with
 * null figures and completeness 0. What the counter says of the whole may be more than the sum of its steps: of a long time between two of its
 * readings it is known what was produced, and not when.
 */
export function dailyPerformance(
  intervals: readonly PerformanceInterval[],
  constants: PerformanceConstants,
  timeZone: string,
  from: number,
  to: number,
  step: Step,
  counter: readonly CounterInterval[] = [],
): PerformanceReport {
  const judged = judgeIntervals(intervals)
  const stepOf = (span: Span, sums: PerformanceSums, counted: CounterSums & Compared): PerformanceStep => ({
    from: span.from,
    to: span.to,
    ...figuresOf(sums, counted, constants),
    sums,
    counter: counted,
  })
  const [judgedIn, countsIn] = [reaching(judged), reaching(counter)]
  const items = localSteps(from, to, step, timeZone).map((span) => {
    const read = judgedIn(span)
    return stepOf(span, sumsOf(read, span), countedIn(span, countsIn(span), read))
  })
  const whole = { from, to }
  const sums = items.map((item) => item.sums).reduce(addSums, NO_SUMS)
  return { items, totals: stepOf(whole, sums, countedIn(whole, counter, judged)), formula: PERFORMANCE_FORMULA }
}
