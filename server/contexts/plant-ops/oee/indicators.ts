import { completed, NO_TIME, sumOfTimes, type TimeElements } from './time-elements.ts'

export const OEE_FORMULA = {
  version: 'oee-2',
  source: 'ISO 22400-2; roll-up by sums',
  definitions: {
    oee: 'Σ(PRU·GQ) / PBT, which is availability · performance · quality',
    availability: 'APT / PBT',
    performance: 'Σ(PRU·PQ) / APT (effectiveness); above 1 where the ideal cycle time is too long',
    quality: 'Σ(PRU·GQ) / Σ(PRU·PQ); of one product GQ / PQ',
    nee: '(AUPT / PBT) · performance · quality',
    allocation_efficiency: 'AUBT / PBT',
    utilisation_efficiency: 'APT / AUBT',
    technical_efficiency: 'APT / (APT + ADET)',
    setup_ratio: 'ASUT / AUPT',
    allocation_ratio: 'AUBT / AOET',
    process_ratio: 'APT / AOET',
    throughput_per_h: 'PQ / AOET',
    scrap_rate: 'SQ / PQ',
    actual_to_planned_scrap:
      'SQ / PSQ, of completed batches that have a planned scrap; above 1 more was scrapped than planned',
    rework_rate: 'RQ / PQ',
    yield_rate: 'GQ / PQ',
    first_pass_yield: 'GP / IP',
    mtbf_h: 'AUPT / failures: operating time, without delays',
    mttf_h: 'AUPT up to the last failure / failures: from the beginning of the period or a restoration to each failure',
    mttr_h: 'time to restoration / failures restored',
    corrective_maintenance_ratio: 'time to restoration / (time to restoration + maintenance)',
  },
} as const

/** Everything that the indicators of any period, line or product are made of. Sums add; indicators never do. */
export type Sums = TimeElements & {
  produced: number
  good: number
  scrap: number
  rework: number
  inspected: number
  first_pass: number
  /** PSQ of completed batches that have one, and what they scrapped. */
  planned_scrap: number
  scrap_against_plan: number
  /** Σ PRU·PQ and Σ PRU·GQ, seconds. */
  ideal_produced_s: number
  ideal_good_s: number
  /** What was produced without an ideal cycle time: with it there is no performance and no OEE. */
  without_cycle_time: number
  /** The units of what was produced; of several, quantities do not add up to a meaning. */
  units: readonly string[]
  failures: number
  restored: number
  restoration_s: number
  /** AUPT before each failure that began: what follows the last one is not among it. */
  to_failure_s: number
  maintenance_s: number
}

export const NO_SUMS: Sums = {
  ...NO_TIME,
  ...{
    produced: 0,
    good: 0,
    scrap: 0,
    rework: 0,
    inspected: 0,
    first_pass: 0,
    planned_scrap: 0,
    scrap_against_plan: 0,
  },
  ...{ ideal_produced_s: 0, ideal_good_s: 0, without_cycle_time: 0, units: [] },
  ...{ failures: 0, restored: 0, restoration_s: 0, to_failure_s: 0, maintenance_s: 0 },
}

export type Made = {
  unit: string
  good: number
  scrap: number
  rework: number
  inspected: number
  first_pass: number
  planned_scrap: number | null
  /** Seconds per unit; null where none is known. */
  ideal_cycle_time_s: number | null
}

/** Failures of a period and what was done about them; `failures` counts those that began in it. */
export type Upkeep = Pick<Sums, 'failures' | 'restored' | 'restoration_s' | 'to_failure_s' | 'maintenance_s'>

/** The sums of a period from its time, what was made in it, and its failures. */
export function sumsOf(time: TimeElements, made: readonly Made[], upkeep: Upkeep | null): Sums {
  const sums = { ...NO_SUMS, ...completed(time), ...upkeep }
  for (const one of made) {
    const produced = one.good + one.scrap + one.rework
    sums.produced += produced
    sums.good += one.good
    sums.scrap += one.scrap
    sums.rework += one.rework
    sums.inspected += one.inspected
    sums.first_pass += one.first_pass
    if (one.planned_scrap !== null) {
      sums.planned_scrap += one.planned_scrap
      sums.scrap_against_plan += one.scrap
    }
    if (one.ideal_cycle_time_s === null) sums.without_cycle_time += produced
    sums.ideal_produced_s += (one.ideal_cycle_time_s ?? 0) * produced
    sums.ideal_good_s += (one.ideal_cycle_time_s ?? 0) * one.good
  }
  sums.units = [
    ...new Set(made.filter((one) => one.good + one.scrap + one.rework > 0).map(({ unit }) => unit)),
  ].toSorted()
  return sums
}

/** The sums of several lines or periods: times, quantities and failures added. */
export function addSums(parts: readonly Sums[]): Sums {
  const sum: Sums = { ...NO_SUMS, ...sumOfTimes(parts) }
  const numbers = [
    ...([
      'produced',
      'good',
      'scrap',
      'rework',
      'inspected',
      'first_pass',
      'planned_scrap',
      'scrap_against_plan',
      'ideal_produced_s',
      'ideal_good_s',
    ] as const),
    ...(['without_cycle_time', 'failures', 'restored', 'restoration_s', 'to_failure_s', 'maintenance_s'] as const),
  ]
  for (const part of parts) for (const name of numbers) sum[name] += part[name]
  sum.units = [...new Set(parts.flatMap(({ units }) => units))].toSorted()
  return sum
}

/** A quotient; null where the divisor is nothing. */
const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

export type Indicators = Record<keyof (typeof OEE_FORMULA)['definitions'], number | null>

/** The indicators of ISO 22400-2: raw, never capped, null where they are not defined. */
export function indicators(sums: Sums): Indicators {
  const { apt_s, pbt_s, asut_s, aupt_s, adet_s, aubt_s, aoet_s } = sums
  const known = sums.without_cycle_time === 0
  const alike = sums.units.length < 2
  const by = (part: number): number | null => (alike ? ratio(part, sums.produced) : null)
  const performance = known && sums.produced > 0 ? ratio(sums.ideal_produced_s, apt_s) : null
  const weighted = known ? ratio(sums.ideal_good_s, sums.ideal_produced_s) : null
  const quality = weighted ?? by(sums.good)
  const aupt = ratio(aupt_s, pbt_s)
  return {
    oee: known ? ratio(sums.ideal_good_s, pbt_s) : null,
    availability: ratio(apt_s, pbt_s),
    ...{ performance, quality },
    nee: aupt === null || performance === null || quality === null ? null : aupt * performance * quality,
    allocation_efficiency: ratio(aubt_s, pbt_s),
    utilisation_efficiency: ratio(apt_s, aubt_s),
    technical_efficiency: ratio(apt_s, apt_s + adet_s),
    setup_ratio: ratio(asut_s, aupt_s),
    allocation_ratio: ratio(aubt_s, aoet_s),
    process_ratio: ratio(apt_s, aoet_s),
    throughput_per_h: alike ? ratio(sums.produced * 3600, aoet_s) : null,
    scrap_rate: by(sums.scrap),
    actual_to_planned_scrap: alike ? ratio(sums.scrap_against_plan, sums.planned_scrap) : null,
    rework_rate: by(sums.rework),
    yield_rate: by(sums.good),
    first_pass_yield: alike ? ratio(sums.first_pass, sums.inspected) : null,
    mtbf_h: ratio(aupt_s / 3600, sums.failures),
    mttf_h: ratio(sums.to_failure_s / 3600, sums.failures),
    mttr_h: ratio(sums.restoration_s / 3600, sums.restored),
    corrective_maintenance_ratio: ratio(sums.restoration_s, sums.restoration_s + sums.maintenance_s),
  }
}

export type Exclusion = { reason: string; message: string }

/** Why a figure is not there, or says less than it seems to. */
export function exclusionsOf(sums: Sums, indicated: Indicators): Exclusion[] {
  const found: Exclusion[] = []
  const say = (when: boolean, reason: string, message: string): void => void (when && found.push({ reason, message }))
  say(sums.pbt_s === 0, 'no_planned_time', 'No time was planned: availability and OEE are not defined.')
  say(sums.without_cycle_time > 0, 'no_ideal_cycle_time', 'Some of what was produced has no ideal cycle time.')
  say(sums.units.length > 1, 'mixed_units', 'Quantities have several units: their rates are not defined.')
  say(sums.unrecorded_s > 0, 'unrecorded_time', 'For some planned time no state was recorded: it counts as a stop.')
  say((indicated.performance ?? 0) > 1, 'performance_above_one', 'The ideal cycle time is longer than the real one.')
  say(
    sums.overtime_s > 0,
    'overtime',
    'The line ran outside of its shifts or in a planned downtime: that time counts as planned.',
  )
  return found
}
