import type { Span } from '../local-steps.ts'
import { type Cause, isExcluded } from '../stoppages/stoppage-category.ts'
import { type PlantState, type StateInterval, standsStill } from './plant-state.ts'

/** What one cause took: it adds up over any split of time. */
export type CauseSums = {
  /** Time in which the plant stood still in enough sun. */
  outage_ms: number
  /** Time in which it produced less than it could, as declared. */
  curtailed_ms: number
  /** Of both, the time of which nobody can say what was lost. */
  unvalued_ms: number
  lost_energy_kwh: number
  /** Of the lost energy, what has a price, and what it is worth. */
  priced_energy_kwh: number
  lost_revenue: number
}

/** Sums of a stretch of time from which every figure of availability and loss is made. */
export type LossSums = {
  state_ms: Readonly<Record<PlantState, number>>
  causes: ReadonlyMap<Cause, CauseSums>
  /** What was produced in the time that counts for availability, kWh. */
  judged_energy_kwh: number
  /** What was probably produced while nothing credible was read, kWh, and the time of which not even that can be said. */
  unread_energy_kwh: number
  unread_unvalued_ms: number
}

/** Values one piece: what the plant would have given (null: cannot be said), and the price of a kWh then. */
export type Valuation = {
  expected_kwh: (piece: StateInterval) => number | null
  price_per_kwh: (piece: Span) => number | null
}

const HOUR_MS = 3_600_000

const NO_TIME: Record<PlantState, number> = {
  ...{ available: 0, outage: 0, communication_loss: 0, unknown: 0, below_threshold: 0 },
}
export const NO_LOSSES: LossSums = {
  ...{ state_ms: NO_TIME, causes: new Map<Cause, CauseSums>(), judged_energy_kwh: 0 },
  ...{ unread_energy_kwh: 0, unread_unvalued_ms: 0 },
}
const NOTHING: CauseSums = {
  ...{ outage_ms: 0, curtailed_ms: 0, unvalued_ms: 0, lost_energy_kwh: 0, priced_energy_kwh: 0, lost_revenue: 0 },
}

/** Whether what the plant would have given matters: in the sun it stood still, was held back, or was not heard of. */
export const isValued = ({ state, stoppage, irradiance_w_m2 }: StateInterval): boolean => {
  if (state === 'available') return stoppage !== null && !standsStill(stoppage)
  return state === 'outage' || (state === 'communication_loss' && irradiance_w_m2 !== null)
}

/** What one piece lost to a cause; `kwh` is null where it cannot be said. */
type Loss = { cause: Cause; outage_ms: number; curtailed_ms: number; kwh: number | null }

/**
 * What a piece lost and to what. A standstill lost all that was expected and not given. Under a limit, what lies above the
 * limit is the limit's; that a plant which may produce stands still is a cause of its own.
 */
function lossesOf(piece: StateInterval, expected: number | null): Loss[] {
  const { state, stoppage, power_kw } = piece
  const ms = piece.to - piece.from
  const hours = ms / HOUR_MS
  const actual = (power_kw ?? 0) * hours
  const above = (floor: number): number | null => (expected === null ? null : Math.max(0, expected - floor))
  if (state === 'outage' && (stoppage === null || standsStill(stoppage))) {
    return [{ cause: stoppage?.category ?? 'undeclared', outage_ms: ms, curtailed_ms: 0, kwh: above(actual) }]
  }
  if (stoppage === null || standsStill(stoppage)) return []
  const limit = (stoppage.curtailed_to_kw ?? 0) * hours
  const byLimit = { cause: stoppage.category, outage_ms: 0, curtailed_ms: ms }
  if (state === 'available') return [{ ...byLimit, kwh: above(Math.max(actual, limit)) }]
  if (state !== 'outage') return []
  const own = expected === null ? null : Math.max(0, Math.min(expected, limit) - actual)
  return [
    { ...byLimit, kwh: above(limit) },
    { cause: 'undeclared', outage_ms: ms, curtailed_ms: 0, kwh: own },
  ]
}

/** The sums of pieces that do not overlap. */
export function lossSumsOf(pieces: readonly StateInterval[], { expected_kwh, price_per_kwh }: Valuation): LossSums {
  const state_ms = { ...NO_TIME }
  const causes = new Map<Cause, CauseSums>()
  let [judged_energy_kwh, unread_energy_kwh, unread_unvalued_ms] = [0, 0, 0]
  for (const piece of pieces) {
    const ms = piece.to - piece.from
    state_ms[piece.state] += ms
    if (piece.state === 'below_threshold' || piece.state === 'unknown') continue
    const expected = isValued(piece) ? expected_kwh(piece) : null
    if (piece.state === 'communication_loss') {
      unread_energy_kwh += expected ?? 0
      if (expected === null) unread_unvalued_ms += ms
      continue
    }
    judged_energy_kwh += Math.max(0, piece.power_kw ?? 0) * (ms / HOUR_MS)
    for (const { cause, outage_ms, curtailed_ms, kwh } of lossesOf(piece, expected)) {
      const price = price_per_kwh(piece)
      causes.set(
        cause,
        addCauses(causes.get(cause) ?? NOTHING, {
          ...{ outage_ms, curtailed_ms, unvalued_ms: kwh === null ? ms : 0, lost_energy_kwh: kwh ?? 0 },
          ...{ priced_energy_kwh: price === null ? 0 : (kwh ?? 0), lost_revenue: (kwh ?? 0) * (price ?? 0) },
        }),
      )
    }
  }
  return { state_ms, causes, judged_energy_kwh, unread_energy_kwh, unread_unvalued_ms }
}

const addCauses = (one: CauseSums, other: CauseSums): CauseSums => ({
  outage_ms: one.outage_ms + other.outage_ms,
  curtailed_ms: one.curtailed_ms + other.curtailed_ms,
  unvalued_ms: one.unvalued_ms + other.unvalued_ms,
  lost_energy_kwh: one.lost_energy_kwh + other.lost_energy_kwh,
  priced_energy_kwh: one.priced_energy_kwh + other.priced_energy_kwh,
  lost_revenue: one.lost_revenue + other.lost_revenue,
})

/** The sums of two stretches of time that do not overlap. */
export function addLosses(one: LossSums, other: LossSums): LossSums {
  const causes = new Map(one.causes)
  for (const [cause, sums] of other.causes) causes.set(cause, addCauses(causes.get(cause) ?? NOTHING, sums))
  const [a, b] = [one.state_ms, other.state_ms]
  return {
    state_ms: {
      available: a.available + b.available,
      outage: a.outage + b.outage,
      communication_loss: a.communication_loss + b.communication_loss,
      unknown: a.unknown + b.unknown,
      below_threshold: a.below_threshold + b.below_threshold,
    },
    causes,
    judged_energy_kwh: one.judged_energy_kwh + other.judged_energy_kwh,
    unread_energy_kwh: one.unread_energy_kwh + other.unread_energy_kwh,
    unread_unvalued_ms: one.unread_unvalued_ms + other.unread_unvalued_ms,
  }
}

/** The figures of one stretch of time; null is «not defined», never zero. */
export type LossFigures = {
  /** Of the time with enough sun that could be judged, the share in which the plant produced; nothing is left out. */
  availability: number | null
  /** The same without the standstills of categories that contracts leave out. */
  availability_contract: number | null
  /** E / (E + lost). */
  availability_energy: number | null
  lost_energy_kwh: number | null
  lost_revenue: number | null
  /** Probably produced, and not read. Never lost. */
  unread_energy_kwh: number | null
  /** Share of the time, 0 to 1, on whose state there is a verdict. */
  completeness_availability: number | null
  /** Share of the time of losses, 0 to 1, whose loss could be said. */
  completeness_lost_energy: number | null
  /** Share of the lost energy, 0 to 1, that has a price. */
  completeness_lost_revenue: number | null
  hours: Record<PlantState, number>
  causes: CauseFigures[]
}

export type CauseFigures = {
  cause: Cause
  /** Whether its standstill is left out of `availability_contract`. */
  excluded_from_contract: boolean
  outage_h: number
  curtailed_h: number
  lost_energy_kwh: number | null
  lost_revenue: number | null
}

const per = (value: number, base: number): number | null => (base > 0 ? value / base : null)

function causeFigures([cause, sums]: readonly [Cause, CauseSums]): CauseFigures {
  const { outage_ms, curtailed_ms, unvalued_ms, lost_energy_kwh, priced_energy_kwh, lost_revenue } = sums
  const known = unvalued_ms < outage_ms + curtailed_ms
  const priced = known && (priced_energy_kwh > 0 || lost_energy_kwh === 0)
  return {
    ...{ cause, excluded_from_contract: isExcluded(cause) },
    ...{ outage_h: outage_ms / HOUR_MS, curtailed_h: curtailed_ms / HOUR_MS },
    lost_energy_kwh: known ? lost_energy_kwh : null,
    lost_revenue: priced ? lost_revenue : null,
  }
}

/** The figures that follow from sums, of a stretch of `step_ms`. */
export function lossFiguresOf(sums: LossSums, step_ms: number): LossFigures {
  const { state_ms, judged_energy_kwh } = sums
  const causes = [...sums.causes].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const total = causes.reduce((all, [, one]) => addCauses(all, one), NOTHING)
  const excluded_ms = causes.reduce((ms, [cause, one]) => ms + (isExcluded(cause) ? one.outage_ms : 0), 0)
  const judged_ms = state_ms.available + state_ms.outage
  const lossy_ms = total.outage_ms + total.curtailed_ms
  const known = judged_ms > 0 && (lossy_ms === 0 || total.unvalued_ms < lossy_ms)
  const priced = known && (total.lost_energy_kwh === 0 || total.priced_energy_kwh > 0)
  const unread = state_ms.communication_loss
  return {
    availability: per(state_ms.available, judged_ms),
    availability_contract: per(state_ms.available, judged_ms - excluded_ms),
    availability_energy:
      known && total.unvalued_ms === 0 ? per(judged_energy_kwh, judged_energy_kwh + total.lost_energy_kwh) : null,
    lost_energy_kwh: known ? total.lost_energy_kwh : null,
    lost_revenue: priced ? total.lost_revenue : null,
    unread_energy_kwh: unread > sums.unread_unvalued_ms ? sums.unread_energy_kwh : unread > 0 ? null : 0,
    completeness_availability: per(judged_ms + state_ms.below_threshold, step_ms),
    completeness_lost_energy: per(lossy_ms - total.unvalued_ms, lossy_ms),
    completeness_lost_revenue: per(total.priced_energy_kwh, total.lost_energy_kwh),
    hours: {
      available: state_ms.available / HOUR_MS,
      outage: state_ms.outage / HOUR_MS,
      communication_loss: unread / HOUR_MS,
      unknown: state_ms.unknown / HOUR_MS,
      below_threshold: state_ms.below_threshold / HOUR_MS,
    },
    causes: causes.map(causeFigures),
  }
}
