import { DAY_MS, type DetectorState, HOT, STEP_MS, TAILS } from './detector-state.ts'
import { beyondLimits, type Cause, causesOf, type DetectorSettings, isMissed, isStuck } from './causes.ts'
import { closeStep, habitAt, learn, measure } from './learning.ts'
import { rarityOf } from './rarity.ts'

export type { Cause, DetectorSettings } from './causes.ts'
export { newDetector, packDetector, unpackDetector, type DetectorState } from './detector-state.ts'

/**
 * The detector of one sensor, at ingest: causal, constant time and memory, nothing to tune.
 *
 *   const state = unpackDetector(row.detector_hot, row.detector_cold)   // or newDetector()
 *   const { score, causes } = scoreReading(state, settings, at_ms, value, quality)   // in time order
 *   const { hot, cold } = packDetector(state)                           // cold is null where it need not be written
 *
 * A reading is an anomaly where `score >= ANOMALY`. A late one (not after the last that was scored) changes nothing and is
 * scored by limits and rate of change alone. Only readings of good quality (192) are learned.
 */

/** What a device says of a reading that can be trusted. */
const GOOD = 192
/** No quantity is greater; what is would drown all that was learned. */
const GREATEST = 1e30

/** The one threshold of the product. */
export const ANOMALY = 0.5

export type Scored = { readonly score: number; readonly causes: readonly Cause[] }

const NO_CAUSES: readonly Cause[] = []
const NORMAL: Scored = { score: 0, causes: NO_CAUSES }

/** A rarity counts from one step in ten on, squared, so that one great surprise weighs more than many small ones. */
const COMMON = 1
/** The sum of squares that is an anomaly. */
const TOLD = 18
/** After one was told, only one three times as strong is told in the next 150 steps (half a day at five minutes). */
const STRONGER = 3
const REST_STEPS = 150

/** Distances of the reading at hand from what was expected, by feature; above is positive. Scratch, filled for each reading. */
const distances = new Float64Array(TAILS / 2)

/** Scores a reading by what came before it, and learns it. */
export function scoreReading(
  state: DetectorState,
  settings: DetectorSettings,
  atMs: number,
  value: number,
  quality: number,
): Scored {
  const { hot } = state
  if (quality !== GOOD || !Number.isFinite(value)) return NORMAL
  const isFirst = hot[HOT.readings] === 0
  const gap = isFirst ? STEP_MS : atMs - hot[HOT.at]!
  const given = beyondLimits(settings, isFirst ? null : hot[HOT.value]!, gap, value)
  if (gap <= 0 || Math.abs(value) > GREATEST) return given === null ? NORMAL : { score: 1, causes: [given] }
  closeStep(state, atMs)
  const weight = Math.min(1, gap / STEP_MS)
  measure(state, distances, atMs, value, weight)
  const surprise = surpriseOf(state, distances)
  // Who has not seen a whole day does not know what is usual.
  const usual = isFirst || atMs - hot[HOT.first]! < DAY_MS ? Number.POSITIVE_INFINITY : habitAt(state, atMs)
  const stuck = isStuck(hot, atMs, value)
  const missed = isMissed(hot, gap)
  const told = once(hot, Math.max(0, surprise - usual, stuck || missed ? TOLD : 0), weight)
  const causes =
    given === null && told < TOLD ? NO_CAUSES : causesOf(state, { given, stuck, missed, gap, atMs, value }, distances)
  learn(state, distances, { atMs, value, gap, surprise, isFirst })
  return { score: given === null ? told / (told + TOLD) : 1, causes }
}

function surpriseOf(state: DetectorState, off: Float64Array): number {
  let sum = 0
  for (let feature = 0; feature < off.length; feature++) {
    const distance = off[feature]!
    const rarity = rarityOf(state, distance > 0 ? 2 * feature : 2 * feature + 1, Math.abs(distance))
    if (rarity > COMMON) sum += (rarity - COMMON) ** 2
  }
  return sum
}

/** An anomaly is told once, at its beginning: what follows is held below the threshold unless it is far stronger. */
function once(hot: Float64Array, raw: number, weight: number): number {
  if (hot[HOT.rest]! > 0) {
    hot[HOT.rest]! -= weight
    if (hot[HOT.rest]! > 0 && raw < STRONGER * hot[HOT.peak]!) return Math.min(raw, TOLD / 2)
  }
  if (raw < TOLD) return raw
  hot[HOT.peak] = raw
  hot[HOT.rest] = REST_STEPS
  return raw
}
