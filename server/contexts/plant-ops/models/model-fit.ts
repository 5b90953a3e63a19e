import { fillFeatures, type Forecaster, reachOf, weightCount } from './forecast.ts'
import { errorsOf, fitWeights, medianOf, type Samples } from './ridge.ts'
import { findSeason } from './season.ts'
import type { Pace, Steps } from './steps.ts'

/** Of a thousand forecasts of a sensor that goes on as it did, so many are an anomaly at most. */
const FALSE_ALARMS = 1 / 1_000
/** An anomaly begins that much beyond. */
const BEYOND = 1.5
const DAY_MS = 86_400_000

/** A model that was fitted and not yet held against anything: it does not know how far off it is. */
export type Fitted = Omit<Forecaster, 'usual' | 'limit'>

/** Scaled values: the same for all that looks at them. */
export const scaled = (
  { centre, scale }: Pick<Forecaster, 'centre' | 'scale'>,
  values: readonly number[],
): Float64Array => Float64Array.from(values, (value) => (value - centre) / scale)

/** Fits a model to steps in the order of time; `length` of them from the first on. Also says how many forecasts it learned from and their errors. */
export function fitModel(
  pace: Pace,
  { at_ms, value }: Steps,
  length: number,
): { fitted: Fitted; errors: Float64Array } {
  const known = Float64Array.from(value.slice(0, length).filter((one) => !Number.isNaN(one)))
  const centre = medianOf(known)
  const spread = known.reduce((sum, one) => sum + Math.abs(one - centre), 0) / Math.max(1, known.length)
  const scale = spread > 0 && Number.isFinite(spread) ? spread : 1
  const lasted = at_ms[length - 1]! - at_ms[0]!
  const cycles = { day: lasted >= 3 * DAY_MS ? 3 : 0, week: lasted >= 15 * DAY_MS ? 2 : 0 }
  const values = scaled({ centre, scale }, value)
  const season = findSeason(values.subarray(0, length))
  const shape = { season, cycles }
  const samples = samplesOf(shape, values, at_ms, length)
  const weights = fitWeights(samples)
  const errors = errorsOf(samples, weights).map((error) => error * scale)
  return { fitted: { ...pace, format: 1, ...shape, centre, scale, weights }, errors }
}

function samplesOf(
  shape: Pick<Forecaster, 'season' | 'cycles'>,
  values: Float64Array,
  at_ms: readonly number[],
  length: number,
): Samples {
  const width = weightCount(shape.season, shape.cycles)
  const features = new Float64Array(width * length)
  const targets = new Float64Array(length)
  let rows = 0
  for (let i = reachOf(shape.season); i < length; i += 1) {
    if (Number.isNaN(values[i])) continue
    if (!fillFeatures(features.subarray(rows * width, (rows + 1) * width), shape, values, i, at_ms[i]!)) continue
    targets[rows++] = values[i]! - values[i - 1]!
  }
  return { width, features: features.subarray(0, rows * width), targets: targets.subarray(0, rows) }
}

/**
 * The error that one in a thousand forecasts exceeds, as errors on data that was not learned from say it: of n errors the one of rank
 * (n + 1)·(1 − 1/1,000), upwards, or the greatest (split conformal prediction: Vovk, Gammerman and Shafer, 2005).
 */
export function seldomExceeded(errors: Float64Array): number {
  const sorted = errors.toSorted()
  return sorted[Math.min(sorted.length, Math.ceil((sorted.length + 1) * (1 - FALSE_ALARMS))) - 1] ?? 0
}

/** A model that knows from errors on held-out data how far off it usually is, and from where on a value is an anomaly. */
export function calibrated(fitted: Fitted, errors: Float64Array): Forecaster {
  // Where it is never off, what a number of the machine cannot tell apart is none either.
  const least = 1e-6 * fitted.scale
  return {
    ...fitted,
    usual: Math.max(least, medianOf(errors)),
    limit: Math.max(least, BEYOND * seldomExceeded(errors)),
  }
}
