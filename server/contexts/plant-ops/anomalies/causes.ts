import { type DetectorState, FEATURE, HOT, STEP_MS } from './detector-state.ts'
import { expectedAt } from './learning.ts'
import { rarityOf, reached } from './rarity.ts'
import { weekOffsetAt } from './week.ts'

export type DetectorSettings = {
  readonly min: number | null
  readonly max: number | null
  /** Of change, in the sensor's unit per second. */
  readonly max_rate: number | null
}

export type CauseKind = 'limit' | 'rate' | 'spike' | 'level' | 'season' | 'week' | 'drift' | 'flat' | 'gap' | 'model'
export type Cause = {
  readonly kind: CauseKind
  /** What was measured against it: the value, or the mean of the last ones. */
  readonly observed: number
  readonly averaged: boolean
  /** What was expected of the value; of its change per second for rate; in milliseconds for flat and gap. */
  readonly low: number | null
  readonly high: number | null
  /** How many times the usual distance it was off; null where that says nothing. */
  readonly times: number | null
  /** How long the value was the same, or nothing came; null for other kinds. */
  readonly lasted_ms: number | null
}

const measured = (kind: CauseKind, observed: number) => ({ kind, observed, averaged: false })

/** What people set: it needs no learning, and is never held back. */
export function beyondLimits(
  { min, max, max_rate }: DetectorSettings,
  before: number | null,
  gap: number,
  value: number,
): Cause | null {
  if ((min !== null && value < min) || (max !== null && value > max)) {
    return { ...measured('limit', value), low: min, high: max, times: null, lasted_ms: null }
  }
  if (max_rate === null || before === null || gap === 0) return null
  const rate = Math.abs((value - before) / (gap / 1000))
  return rate > max_rate
    ? { ...measured('rate', value), low: null, high: max_rate, times: rate / max_rate, lasted_ms: null }
    : null
}

/** Readings after which a rhythm is known. */
const RHYTHM_KNOWN = 30

/** The usual time between two readings, and how long one is waited for, in milliseconds; null where no rhythm is known yet. */
export function rhythmOf(hot: Float64Array): { usual_ms: number; wait_ms: number } | null {
  if (hot[HOT.readings]! < RHYTHM_KNOWN) return null
  const usual = hot[HOT.gap]!
  return { usual_ms: 2 ** usual, wait_ms: 2 ** (usual + octaves(hot)) }
}

/** A silence four times as long as the usual gap, and far beyond how gaps vary. */
export const isMissed = (hot: Float64Array, gap: number): boolean =>
  hot[HOT.readings]! >= RHYTHM_KNOWN && Math.log2(gap) - hot[HOT.gap]! > octaves(hot)

const octaves = (hot: Float64Array): number => Math.max(2, 8 * hot[HOT.gapSpread]!)

/** A day must have been seen, and most readings must have differed from the one before. */
const FLAT_KNOWN_STEPS = 288
const FLAT_STEPS = 12

/** Four times as long without change as ever before, told again each time that doubles. */
export function isStuck(hot: Float64Array, atMs: number, value: number): boolean {
  if (hot[HOT.seen]! < FLAT_KNOWN_STEPS || value !== hot[HOT.value]) return false
  if (hot[HOT.changes]! * 2 < hot[HOT.readings]!) return false
  const longest = Math.max(hot[HOT.longestFlat]!, (FLAT_STEPS / 4) * Math.max(STEP_MS, 2 ** hot[HOT.gap]!))
  const times = (atMs - hot[HOT.flatSince]!) / longest
  const before = (hot[HOT.at]! - hot[HOT.flatSince]!) / longest
  return times >= 4 && (before < 4 || Math.floor(Math.log2(times)) > Math.floor(Math.log2(before)))
}

const KINDS: readonly [kind: CauseKind, features: readonly number[]][] = [
  ['spike', [FEATURE.change]],
  ['level', [FEATURE.value, FEATURE.level8]],
  ['season', [FEATURE.season, FEATURE.season8, FEATURE.season32]],
  ['drift', [FEATURE.slope, FEATURE.level32]],
]

type Facts = { given: Cause | null; stuck: boolean; missed: boolean; gap: number; atMs: number; value: number }

/** Why, the strongest first: looked for only where something is told. */
export function causesOf(state: DetectorState, facts: Facts, distances: Float64Array): Cause[] {
  const { hot } = state
  const { given, stuck, missed, gap, atMs } = facts
  const causes: Cause[] = given === null ? [] : [given]
  if (missed) {
    const usual = 2 ** hot[HOT.gap]!
    causes.push({ ...measured('gap', facts.value), low: null, high: usual, times: gap / usual, lasted_ms: gap })
  }
  if (stuck) {
    const longest = hot[HOT.longestFlat]!
    const lasted_ms = atMs - hot[HOT.flatSince]!
    causes.push({
      ...measured('flat', facts.value),
      low: null,
      high: longest,
      times: longest > 0 ? lasted_ms / longest : null,
      lasted_ms,
    })
  }
  const felt = KINDS.map(([kind, features]) => {
    const rarities = features.map((feature) => rarity(state, distances, feature))
    const rarest = Math.max(...rarities)
    return { kind, rarest, feature: features[rarities.indexOf(rarest)]! }
  })
  for (const { kind, feature } of felt.filter(({ rarest }) => rarest > 2).toSorted((a, b) => b.rarest - a.rarest)) {
    const isWeek = kind === 'season' && isUsualOtherDays(state, atMs, distances[FEATURE.season]!)
    causes.push(rangeOf(state, facts, isWeek ? 'week' : kind, feature, distances[feature]!))
  }
  return causes
}

/** Whether the day alone expects about what came, and only the week does not. */
const isUsualOtherDays = (state: DetectorState, atMs: number, distance: number): boolean =>
  Math.abs(distance + weekOffsetAt(state, atMs)) < Math.abs(distance) / 2

const tailOf = (feature: number, distance: number): number => (distance > 0 ? 2 * feature : 2 * feature + 1)

const rarity = (state: DetectorState, distances: Float64Array, feature: number): number =>
  rarityOf(state, tailOf(feature, distances[feature]!), Math.abs(distances[feature]!))

/** Where 98 of 100 steps lay, around what was expected. */
const SELDOM = 0.01
/** A quarter of the steps went this far on one side: the usual distance. */
const USUAL = 0.25
const AVERAGED: ReadonlySet<number> = new Set([
  ...[FEATURE.season8, FEATURE.level8, FEATURE.slope, FEATURE.level32, FEATURE.season32],
])

function rangeOf(state: DetectorState, facts: Facts, kind: CauseKind, feature: number, distance: number): Cause {
  const { hot } = state
  const known = expectedAt(state, facts.atMs)
  const expected = Number.isNaN(known) ? hot[HOT.level]! : known
  const centres: Partial<Record<CauseKind, number>> = {
    ...{ season: expected, week: expected },
    spike: hot[HOT.value]!,
  }
  // The level has taken in this reading already; what is left of it is one part in 1,500.
  const centre = feature === FEATURE.slope ? hot[HOT.mean64]! : (centres[kind] ?? hot[HOT.level]!)
  const [above, below] = [2 * feature, 2 * feature + 1]
  const often = Math.max(reached(state, above, USUAL), reached(state, below, USUAL))
  // A side to which it seldom goes has a smaller measure than the other.
  const usual = Math.min(often, reached(state, tailOf(feature, distance), SELDOM))
  return {
    ...{ kind, observed: centre + distance, averaged: AVERAGED.has(feature) },
    low: centre - reached(state, below, SELDOM),
    high: centre + reached(state, above, SELDOM),
    times: usual > 0 ? Math.abs(distance) / usual : null,
    lasted_ms: null,
  }
}
