import type { Pace } from './steps.ts'

/**
 * What a trained model is: a linear forecast of the next step, as its change from the last one, from the last three steps, from the
 * three steps around one season ago, and from the hour of the day and of the week (UTC). At most 17 weights, and a memory of one season.
 */
export type Forecaster = Pace & {
  /** Of these fields; another one is no model. */
  readonly format: 1
  /** How many steps ago it was the same; 0 where nothing comes back. */
  readonly season: number
  readonly cycles: Cycles
  /** Values are measured from here, in this unit, both in the sensor's own. */
  readonly centre: number
  readonly scale: number
  readonly weights: readonly number[]
  /** How far off it usually is (the median), and where an anomaly begins; in the unit of the sensor. */
  readonly usual: number
  readonly limit: number
}
/** Waves of the day and of the week that it knows: none where the period was too short to learn them. */
export type Cycles = { readonly day: number; readonly week: number }

const RECENT = 3
export const LONGEST_SEASON = 288
const DAY_MS = 86_400_000
/** The longest that a forecast looks back, in steps. */
export const reachOf = (season: number): number => (season === 0 ? RECENT : season + 1)
export const weightCount = (season: number, { day, week }: Cycles): number =>
  1 + RECENT + (season === 0 ? 0 : 3) + 2 * (day + week)

/**
 * Fills in what a forecast is made of. `end` is the place behind the newest of the values, which are scaled. False where a step that it
 * looks back to is missing.
 */
export function fillFeatures(
  into: Float64Array,
  { season, cycles }: Pick<Forecaster, 'season' | 'cycles'>,
  values: ArrayLike<number>,
  end: number,
  atMs: number,
): boolean {
  if (end < reachOf(season)) return false
  const last = values[end - 1]!
  let place = 0
  into[place++] = 1
  into[place++] = last
  for (let lag = 2; lag <= RECENT; lag += 1) into[place++] = values[end - lag]! - last
  if (season > 0) for (let lag = season - 1; lag <= season + 1; lag += 1) into[place++] = values[end - lag]! - last
  for (let i = 1; i < place; i += 1) if (Number.isNaN(into[i])) return false
  place = fillWaves(into, place, cycles.day, atMs / DAY_MS)
  fillWaves(into, place, cycles.week, atMs / (7 * DAY_MS))
  return true
}

function fillWaves(into: Float64Array, from: number, waves: number, turns: number): number {
  let place = from
  for (let wave = 1; wave <= waves; wave += 1) {
    const angle = 2 * Math.PI * wave * (turns % 1)
    into[place++] = Math.sin(angle)
    into[place++] = Math.cos(angle)
  }
  return place
}

const features = new Float64Array(weightCount(1, { day: 3, week: 3 }))

/** What the next step is expected to be, scaled; NaN where a step that it looks back to is missing. */
export function forecast(model: Forecaster, values: ArrayLike<number>, end: number, atMs: number): number {
  if (!fillFeatures(features, model, values, end, atMs)) return Number.NaN
  const { weights } = model
  let change = 0
  for (let i = 0; i < weights.length; i += 1) change += weights[i]! * features[i]!
  return values[end - 1]! + change
}
