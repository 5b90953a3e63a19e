import type { EdgeWork } from '#platform/database/work.ts'
import { dayIn } from '#platform/tenancy/tenant-day.ts'
import { addLosses, type LossFigures, lossFiguresOf, NO_LOSSES, type Valuation } from './availability/loss-sums.ts'
import { piecesOf, sumsBySteps, valuedOf } from './availability/losses.ts'
import {
  declaredStates,
  type DeclaredStoppage,
  STATE_RULES,
  type StateInterval,
  statesOf,
} from './availability/plant-state.ts'
import { expectedEnergy, REFERENCE_RULES, type ReferenceRatio } from './availability/reference-ratio.ts'
import { priceOn } from './energy-prices/energy-price.ts'
import { pricesOf } from './energy-prices/get-energy-price.ts'
import type { Span } from './local-steps.ts'
import { dayNamed } from './performance-period.ts'
import type { PerformanceConstants } from './performance-ratio.ts'
import type { PerformanceInterval } from './performance-sums.ts'
import type { PlantFactsRow } from './plant-facts.ts'
import type { PlantSeries } from './read-performance.ts'
import { readReferences } from './read-references.ts'
import { declaredStoppages } from './stoppages/get-stoppage.ts'

/** What is read beside the period, so that a standstill at its edge is judged with what came before and after it; ms. */
export const BESIDE_MS = 86_400_000

type Asked = {
  facts: PlantFactsRow
  zone: string
  period: Span
  steps: readonly Span[]
  constants: PerformanceConstants
  intervals: readonly PerformanceInterval[]
  series: PlantSeries
}

export type Losses = {
  steps: LossFigures[]
  totals: LossFigures
  inputs: ReturnType<typeof inputsOf>
  notes: string[]
}

/** Availability and what was lost, by step: of a photovoltaic plant by what was measured, of others by what was declared. */
export async function readLosses(work: EdgeWork, asked: Asked): Promise<Losses> {
  const { facts, zone, period, steps, constants, series } = asked
  const photovoltaic = facts.type === 'Photovoltaic'
  const around = { from: period.from - BESIDE_MS, to: period.to + BESIDE_MS }
  const declared = await declaredStoppages(work, facts.id, around)
  const states = photovoltaic
    ? await measuredStates(work, asked, declared.stoppages)
    : declared.ever && facts.status === 'In Operation'
      ? declaredStates(expectedSpan(asked, work.now), declared.stoppages)
      : []
  const pieces = piecesOf(states, period, steps, zone)

  const monthOf = ({ from }: Span): string => dayIn(zone, new Date(from)).slice(0, 7)
  const months = [...new Set(valuedOf(pieces).map(monthOf))]
  const references = photovoltaic
    ? await readReferences(work, months, { plantId: facts.id, zone, constants, series })
    : new Map<string, ReferenceRatio | null>()
  const prices = await pricesOf(work, facts.id)
  const valuation: Valuation = {
    expected_kwh: (piece) => expectedEnergy(piece, constants, references.get(monthOf(piece)) ?? null),
    price_per_kwh: ({ from }) => priceOn(prices, dayIn(zone, new Date(from))),
  }
  const sums = sumsBySteps(pieces, steps, valuation)
  const figures = sums.map((one, index) => lossFiguresOf(one, steps[index]!.to - steps[index]!.from))
  const totals = lossFiguresOf(sums.reduce(addLosses, NO_LOSSES), period.to - period.from)
  return {
    steps: photovoltaic ? figures : figures.map(withoutEnergy),
    totals: photovoltaic ? totals : withoutEnergy(totals),
    inputs: inputsOf(photovoltaic, references),
    notes: notesOf(
      photovoltaic,
      declared.ever,
      months.length > 0 && ![...references.values()].some((one) => one !== null),
    ),
  }
}

/** From the first reading on, or from a day before the period, until now. */
async function measuredStates(
  work: EdgeWork,
  { facts, period, constants, intervals, series }: Asked,
  stoppages: readonly DeclaredStoppage[],
): Promise<StateInterval[]> {
  const first = await series.firstAt(work, facts.id)
  if (first === null) return []
  const from = Math.max(period.from - BESIDE_MS, first)
  const to = Math.min(period.to + BESIDE_MS, work.now.getTime())
  return from < to ? statesOf(intervals, { from, to }, constants.p0_kw, stoppages) : []
}

/** The time in which a plant without measurements can be expected to run: from its commissioning until now. */
function expectedSpan({ facts, zone, period }: Asked, now: Date): Span {
  const since = facts.registry?.commissioning_date ?? null
  const from = since === null ? period.from : Math.max(period.from, dayNamed(since, zone).from)
  return { from, to: Math.min(period.to, now.getTime()) }
}

/** Of other plants than photovoltaic ones nothing is said of energy: what they would have given is not known. */
const withoutEnergy = (figures: LossFigures): LossFigures => ({
  ...figures,
  ...{ availability_energy: null, lost_energy_kwh: null, lost_revenue: null, unread_energy_kwh: null },
})

function inputsOf(photovoltaic: boolean, references: ReadonlyMap<string, ReferenceRatio | null>) {
  const { irradiance_threshold_w_m2, standstill_share } = STATE_RULES
  return {
    irradiance_threshold_w_m2: photovoltaic ? irradiance_threshold_w_m2 : null,
    standstill_share: photovoltaic ? standstill_share : null,
    shortest_outage_s: photovoltaic ? STATE_RULES.shortest_outage_ms / 1000 : null,
    references: [...references].map(([month, reference]) => ({
      month,
      days: reference?.days ?? null,
      performance_ratio: reference?.performance_ratio ?? null,
      performance_ratio_stc: reference?.performance_ratio_stc ?? null,
    })),
  }
}

const OF_PV = [
  `Below ${STATE_RULES.irradiance_threshold_w_m2} W/m² nothing is judged; a plant that gives less than ` +
    `${STATE_RULES.standstill_share * 100} % of P0 × G / 1000 W/m² stands still. Shorter than ` +
    `${STATE_RULES.shortest_outage_ms / 60_000} minutes it is flicker, at the threshold a start or stop below ` +
    `${STATE_RULES.shortest_outage_at_threshold_ms / 60_000} minutes. These are habits, not norms.`,
  'Where nothing credible was read of power it is a loss of communication, never an outage, unless a standstill was declared.',
  `The reference ratio of a month is the plant’s own of available time in the ${REFERENCE_RULES.days} days before it, from ` +
    `${REFERENCE_RULES.fewest_days} days on.`,
]
const NO_REFERENCE = `Lost energy is not known: before the months of the losses there are fewer than ${REFERENCE_RULES.fewest_days} days to compare with.`
const OF_OTHERS =
  'Availability of plants that are not photovoltaic rests on declared stoppages alone, from commissioning until now; nothing is said of their lost energy.'
const NOTHING_DECLARED = 'Availability is not known: no stoppage was ever declared of this plant.'

const notesOf = (photovoltaic: boolean, ever: boolean, noReference: boolean): string[] => [
  ...(photovoltaic ? OF_PV : [OF_OTHERS]),
  ...(noReference && photovoltaic ? [NO_REFERENCE] : []),
  ...(photovoltaic || ever ? [] : [NOTHING_DECLARED]),
]
