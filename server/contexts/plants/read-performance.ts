import type { EdgeWork } from '#platform/database/work.ts'
import { knownTimeZone, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import { filledByCounter } from './energy-counter/counter-and-power.ts'
import {
  COUNTER_RULES,
  type CounterInterval,
  counterIntervals,
  type CounterReading,
} from './energy-counter/counter-energy.ts'
import { KWH_METER, type MountedMeter, productionMeters } from './energy-counter/mounted-meter.ts'
import type { Span, Step } from './local-steps.ts'
import { intervalsOf, type PerformanceMean, type PerformanceSample } from './performance-intervals.ts'
import { performancePeriod } from './performance-period.ts'
import {
  dailyPerformance,
  PERFORMANCE_FORMULA,
  type PerformanceConstants,
  type PerformanceStep,
} from './performance-ratio.ts'
import type { CauseFigures, LossFigures } from './availability/loss-sums.ts'
import { plantFacts, type PlantFactsRow } from './plant-facts.ts'
import { BESIDE_MS, readLosses } from './read-losses.ts'
import { plantRefusals } from './refusals.ts'

/** What was measured of a plant as a whole: it belongs to plant operations and is handed in by the composition root. */
export type PlantSeries = {
  /** When power was first read, epoch ms; null where it never was. */
  readonly firstAt: (work: EdgeWork, plantId: string) => Promise<number | null>
  /** The same of the last time. */
  readonly lastAt: (work: EdgeWork, plantId: string) => Promise<number | null>
  /** About how many readings of a quantity there are in a period, of the quantity that has most. */
  readonly count: (work: EdgeWork, plantId: string, period: Span) => Promise<number>
  /** What was read in a period, one sample per time, in the order of time. */
  readonly samples: (work: EdgeWork, plantId: string, period: Span) => Promise<PerformanceSample[]>
  /** What the counter of energy showed, of good quality, in the order of time. */
  readonly counter: (work: EdgeWork, plantId: string, period: Span) => Promise<CounterReading[]>
  /** The same as means over stretches of `every_ms`, which begin at multiples of it since 1970, UTC. */
  readonly means: (work: EdgeWork, plantId: string, period: Span, every_ms: number) => Promise<PerformanceMean[]>
}

export type AskedPerformance = { from?: string; to?: string; step: Step }

/** Means that stand for readings where there are too many of them, ms. */
const MEAN_MS = 900_000
/** Times with readings that one answer is made of as they came: four months of minutes, two years of five minutes. Beyond it, of means. */
const MOST_SAMPLES = 200_000
/** And of as many means are made: seven months of seconds. */
const MOST_AVERAGED = 20_000_000

/** The figures of a plant by step, with what they are made of; hidden plants have none. */
export async function readPerformance(work: EdgeWork, plantId: string, asked: AskedPerformance, series: PlantSeries) {
  const facts = await plantFacts(work, plantId)
  if (facts === null || facts.deleted_at !== null) throw plantRefusals.refuse('plants.not_found')
  const zone = facts.time_zone ? knownTimeZone(facts.time_zone) : await tenantTimeZone(work)
  const period = performancePeriod(asked, zone, await series.lastAt(work, plantId), work.now.getTime())
  if (period === null) throw plantRefusals.refuse('plants.period_not_usable')
  const around = { from: period.from - BESIDE_MS, to: period.to + BESIDE_MS }
  const count = await series.count(work, plantId, around)
  if (count > MOST_AVERAGED) throw plantRefusals.refuse('plants.period_not_usable')
  const averaged = count > MOST_SAMPLES
  const samples = await (averaged
    ? series.means(work, plantId, around, MEAN_MS)
    : series.samples(work, plantId, around))

  const photovoltaic = facts.type === 'Photovoltaic'
  // Irradiance says nothing about what another kind of plant could have made: without it there is no ratio.
  const seen = photovoltaic ? samples : samples.map((sample) => ({ ...sample, irradiance_w_m2: null }))
  const { intervals: read, interval_ms } = intervalsOf(seen)
  const { constants, inputs } = constantsOf(facts, photovoltaic)
  const meters = productionMeters(facts.registry?.meters ?? [])
  const counter = counterIntervals(await series.counter(work, plantId, around), meters, constants.ac_nominal_kw)
  const intervals = filledByCounter(read, counter)
  const report = dailyPerformance(intervals, constants, zone, period.from, period.to, asked.step, counter)
  const of = { facts, zone, period, steps: report.items, constants, intervals, series }
  const losses = await readLosses(work, of)
  const { version, standard, conventions, ...definitions } = PERFORMANCE_FORMULA
  const known = { ...inputs, time_zone: zone, interval_s: interval_ms === null ? null : interval_ms / 1000 }
  return {
    items: report.items.map((item, index) => shown(item, losses.steps[index]!)),
    totals: shown(report.totals, losses.totals),
    currency: 'EUR' as const,
    formula: {
      ...{ version, source: standard, definitions, conventions },
      inputs: { ...known, counter: counterInputs(counter, meters, period), ...losses.inputs },
      notes: [
        ...notesOf(photovoltaic, inputs.p0_from),
        ...(averaged ? [AVERAGED] : []),
        ...counterNotes(counter, meters),
        ...losses.notes,
      ],
    },
  }
}

const RATIO_OF_PV = 'The performance ratio is defined for photovoltaic plants only.'
const NO_DC_POWER =
  'registry.dc_power_kw is not known: power_kw, the peak power of a photovoltaic plant, stands for P0.'
const NOTES = [
  'A reading is the mean of the interval that begins at its time; an interval is as long as readings usually are apart.',
]
const notesOf = (photovoltaic: boolean, p0From: string | null): string[] => [
  ...NOTES,
  ...(photovoltaic ? [] : [RATIO_OF_PV]),
  ...(photovoltaic && p0From === 'power_kw' ? [NO_DC_POWER] : []),
]

const AVERAGED =
  'There are more readings than one answer is made of: means of a quarter of an hour stand for them, and one with any good reading counts as a whole.'
const COUNTED =
  'Energy, yield and capacity factor are of the counter where it says as much of the time as power; ratios, states and losses are of power, and of ' +
  'the counter where no power was read. What it rose by proves production; that it stands proves no standstill.'
const OF_KWH = 'The registry lists no meter of production: the counter is taken to show kWh.'
const NO_FACTOR =
  'For some or all of the time the registry does not say which meter was mounted, or its constant K: what was counted then is not known.'
const counterNotes = (counter: readonly CounterInterval[], meters: readonly MountedMeter[]): string[] => [
  ...(counter.length > 0 ? [COUNTED] : []),
  ...(counter.length > 0 && meters.includes(KWH_METER) ? [OF_KWH] : []),
  ...(counter.some(({ out }) => out === 'counter_factor_unknown') ? [NO_FACTOR] : []),
]

const instant = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)

/** What the counter's energy is made of; null where there is no counter. */
function counterInputs(counter: readonly CounterInterval[], meters: readonly MountedMeter[], period: Span) {
  if (counter.length === 0) return null
  const inside = counter.filter(({ from, to }) => from < period.to && to > period.from)
  const counted = (is: (one: CounterInterval) => boolean): number => inside.filter(is).length
  return {
    meters: meters.map(({ from, to, serial, constant_k, digits }) => ({
      ...{ serial, constant_k, register_digits: digits, mounted_at: instant(from), removed_at: instant(to) },
    })),
    roll_overs: counted(({ rolled_over }) => rolled_over),
    resets: counted(({ out }) => out === 'counter_reset'),
    exchanges: counted(({ out }) => out === 'counter_exchanged'),
    plausible_power: COUNTER_RULES.plausible_power,
  }
}

function constantsOf({ power_kw, registry }: PlantFactsRow, photovoltaic: boolean) {
  const dc = photovoltaic ? (registry?.dc_power_kw ?? null) : null
  const nominal = power_kw !== null && power_kw > 0 ? power_kw : null
  const constants: PerformanceConstants = {
    p0_kw: dc ?? nominal,
    gamma_per_c: photovoltaic ? (registry?.temperature_coefficient_per_c ?? null) : null,
    ac_nominal_kw: nominal,
  }
  const p0_from = dc !== null ? 'registry.dc_power_kw' : nominal !== null ? 'power_kw' : null
  return { constants, inputs: { ...constants, p0_from } }
}

/** Which standstills the contract's figure leaves out, and for how long. */
const exclusionsOf = (causes: readonly CauseFigures[]): { category: string; outage_h: number }[] =>
  causes
    .filter(({ excluded_from_contract, outage_h }) => excluded_from_contract && outage_h > 0)
    .map(({ cause, outage_h }) => ({ category: cause, outage_h }))

function shown({ from, to, sums, counter, ...figures }: PerformanceStep, losses: LossFigures) {
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...figures,
    ...losses,
    exclusions: exclusionsOf(losses.causes),
    excluded: { ...sums.excluded, ...counter.excluded },
  }
}
