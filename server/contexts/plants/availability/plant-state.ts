import type { Span } from '../local-steps.ts'
import type { PerformanceInterval } from '../performance-sums.ts'
import type { StoppageCategory } from '../stoppages/stoppage-category.ts'

/**
 * What a stretch of time was for a photovoltaic plant: it produced; it stood still in the sun; nothing credible was read; it
 * cannot be said; or there was too little sun to tell.
 */
export type PlantState = 'available' | 'outage' | 'communication_loss' | 'unknown' | 'below_threshold'

/** A declared stoppage; `to` is infinite while it lasts. */
export type DeclaredStoppage = Span & {
  category: StoppageCategory
  /** What the plant may still give, kW; null or 0: it stands still. */
  curtailed_to_kw: number | null
}

/** A stretch of one state, under at most one declared stoppage, with what was read in it. */
export type StateInterval = Span & {
  state: PlantState
  stoppage: DeclaredStoppage | null
  /** Mean power, kW, where it was read and is good. */
  power_kw: number | null
  irradiance_w_m2: number | null
  module_temperature_c: number | null
  /** Whether power is what a counter rose by, and nothing was read of power itself. */
  counted?: boolean
}

/** Habits, not norms: contracts set the irradiance between 50 and 100 W/m², the others keep noise and start-up out. */
export const STATE_RULES = {
  /** Below it nothing is judged; W/m² in the plane of the array. */
  irradiance_threshold_w_m2: 50,
  /** With less than this share of P0 × G / 1000 W/m² the plant stands still: «about zero». */
  standstill_share: 0.05,
  /** Without irradiance: with more than this share of P0 it produces, with less nobody knows whether it was night. */
  producing_share_of_p0: 0.01,
  /** A standstill that is shorter is flicker; ms. */
  shortest_outage_ms: 15 * 60_000,
  /** One that touches the threshold is an inverter that starts or stops, unless it is as long as this; ms. */
  shortest_outage_at_threshold_ms: 30 * 60_000,
} as const

const GOOD = 192
const HOUR_MS = 3_600_000

const finite = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value)

/** The power of an interval where it is credible: a meter's energy goes before power. */
function powerOf({ from, to, quality, energy_kwh, ac_power_kw }: PerformanceInterval): number | null {
  if ((quality ?? GOOD) !== GOOD) return null
  if (finite(energy_kwh)) return energy_kwh / ((to - from) / HOUR_MS)
  return finite(ac_power_kw) ? ac_power_kw : null
}

export const standsStill = (stoppage: DeclaredStoppage | null): boolean =>
  stoppage !== null && !((stoppage.curtailed_to_kw ?? 0) > 0)

function stateOf({ power_kw, irradiance_w_m2, stoppage, counted }: StateInterval, p0_kw: number | null): PlantState {
  const sun = irradiance_w_m2
  if (sun !== null && sun < STATE_RULES.irradiance_threshold_w_m2) return 'below_threshold'
  if (power_kw === null) {
    // Where the sun shone on a plant that was declared to stand still, silence does not speak against the declaration.
    return sun !== null && standsStill(stoppage) ? 'outage' : 'communication_loss'
  }
  const p0 = p0_kw ?? 0
  if (sun === null) return power_kw > STATE_RULES.producing_share_of_p0 * p0 ? 'available' : 'unknown'
  if (power_kw > STATE_RULES.standstill_share * p0 * (sun / 1000)) return 'available'
  // A counter that rises proves production; how fine it counts is not known, so one that stands proves no standstill.
  return counted === true && !standsStill(stoppage) ? 'unknown' : 'outage'
}

/** Cuts spans at the instants that lie inside them; `edges` ascend. */
export function cutAt<Of extends Span>(spans: readonly Of[], edges: readonly number[]): Of[] {
  const pieces: Of[] = []
  let next = 0
  for (const span of spans) {
    let { from } = span
    while (next < edges.length && edges[next]! <= from) next += 1
    while (next < edges.length && edges[next]! < span.to) {
      pieces.push({ ...span, from, to: edges[next]! })
      from = edges[next]!
      next += 1
    }
    // Most are not cut, and there are as many as minutes.
    pieces.push(from === span.from ? span : { ...span, from })
  }
  return pieces
}

/** What was read, ordered and without overlaps, with the gaps between as stretches in which nothing was read. */
function withGaps(intervals: readonly PerformanceInterval[], { from, to }: Span): StateInterval[] {
  const read: StateInterval[] = []
  let at = from
  for (const interval of intervals) {
    const [start, end] = [Math.max(interval.from, at), Math.min(interval.to, to)]
    if (!(start < end)) continue
    if (start > at) read.push({ ...NOTHING_READ, from: at, to: start })
    const { irradiance_w_m2: sun, module_temperature_c: warmth } = interval
    read.push({
      from: start,
      to: end,
      state: 'unknown',
      stoppage: null,
      power_kw: powerOf(interval),
      irradiance_w_m2: finite(sun) ? sun : null,
      module_temperature_c: finite(warmth) ? warmth : null,
      counted: interval.counted === true,
    })
    at = end
  }
  if (at < to) read.push({ ...NOTHING_READ, from: at, to })
  return read
}

const NOTHING_READ = {
  ...{ from: 0, to: 0, state: 'unknown' as PlantState, stoppage: null as DeclaredStoppage | null },
  ...{ power_kw: null, irradiance_w_m2: null, module_temperature_c: null, counted: false },
}

const edgesOf = (stoppages: readonly DeclaredStoppage[]): number[] =>
  stoppages.flatMap(({ from, to }) => [from, to]).toSorted((one, other) => one - other)

/** The same spans, cut where a stoppage begins or ends, each with the stoppage that it lies in. */
function underStoppages(
  read: readonly StateInterval[],
  stoppages: readonly DeclaredStoppage[],
): readonly StateInterval[] {
  if (stoppages.length === 0) return read
  const ordered = stoppages.toSorted((one, other) => one.from - other.from)
  let first = 0
  return cutAt(read, edgesOf(stoppages)).map((piece) => {
    while (first < ordered.length && ordered[first]!.to <= piece.from) first += 1
    const stoppage = ordered[first]
    return stoppage !== undefined && stoppage.from <= piece.from ? { ...piece, stoppage } : piece
  })
}

/**
 * Judges all of `seen` (the time from which on readings can be expected, until now): `intervals` ascend in time. What was
 * measured goes before what was declared: a plant that produces under a declared standstill is available. A silence is never
 * an outage by itself, wherever the weather still arrives; at night it is night.
 */
export function statesOf(
  intervals: readonly PerformanceInterval[],
  seen: Span,
  p0_kw: number | null,
  stoppages: readonly DeclaredStoppage[],
): StateInterval[] {
  const judged = underStoppages(withGaps(intervals, seen), stoppages)
  // In place: they are our own, and as many as minutes.
  for (const piece of judged) piece.state = stateOf(piece, p0_kw)
  return forgiveShortOnes(judged)
}

/** The states of a plant of which only declared stoppages are known: it stood still, or it was available. */
export function declaredStates(seen: Span, stoppages: readonly DeclaredStoppage[]): StateInterval[] {
  if (!(seen.from < seen.to)) return []
  return underStoppages([{ ...NOTHING_READ, ...seen }], stoppages).map((piece) => ({
    ...piece,
    state: standsStill(piece.stoppage) ? ('outage' as const) : ('available' as const),
  }))
}

const lasting = (states: readonly StateInterval[]): number => states.reduce((sum, { from, to }) => sum + (to - from), 0)

/** Index after the last of the states from `at` on that fulfil. */
function endOf(states: readonly StateInterval[], at: number, fulfils: (state: StateInterval) => boolean): number {
  let end = at
  while (end < states.length && fulfils(states[end]!)) end += 1
  return end
}

const isStill = ({ state }: StateInterval): boolean => state === 'outage'
const isSeenProducing = (state: StateInterval | undefined): boolean => state?.state === 'available'

/**
 * A standstill that is too short to be one becomes available time: inside the day one below the shortest outage; beside the
 * threshold an inverter's start or stop. Neither where it was declared, nor where its beginning or end was not seen. Dark
 * clouds over an outage do not cut it into starts and stops: what lies between two times of production counts together.
 */
function forgiveShortOnes(states: readonly StateInterval[]): StateInterval[] {
  const forgiven = states.slice()
  for (let at = 0; at < states.length;) {
    const end = endOf(states, at, ({ state }) => state === 'outage' || state === 'below_threshold')
    if (end === at) {
      at += 1
      continue
    }
    const stretch = states.slice(at, end)
    const short = lasting(stretch.filter(isStill)) < 2 * STATE_RULES.shortest_outage_at_threshold_ms
    for (let run = at; run < end;) {
      const after = endOf(states, run, isStill)
      if (after > run && short && isForgiven(states, run, after)) {
        for (let one = run; one < after; one += 1) forgiven[one] = { ...states[one]!, state: 'available' }
      }
      run = Math.max(after, run + 1)
    }
    at = end
  }
  return forgiven
}

function isForgiven(states: readonly StateInterval[], at: number, after: number): boolean {
  const run = states.slice(at, after)
  if (run.some(({ stoppage }) => standsStill(stoppage))) return false
  const [before, next] = [states[at - 1], states[after]]
  const atThreshold = [before, next].some((one) => one?.state === 'below_threshold')
  const seen = [before, next].every((one) => isSeenProducing(one) || one?.state === 'below_threshold')
  const shortest = atThreshold ? STATE_RULES.shortest_outage_at_threshold_ms : STATE_RULES.shortest_outage_ms
  return seen && lasting(run) < shortest
}
