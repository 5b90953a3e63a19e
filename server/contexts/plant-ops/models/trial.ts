import { ANOMALY, newDetector, scoreReading } from '../anomalies/detector.ts'
import { HOT } from '../anomalies/detector-state.ts'
import { expectedAt } from '../anomalies/learning.ts'
import { forecast, type Forecaster } from './forecast.ts'
import { calibrated, fitModel, scaled, seldomExceeded } from './model-fit.ts'
import type { Pace, Steps } from './steps.ts'

/** Of the steps of a period, the last in time that nothing is learned from. */
const HELD_OUT = 0.3
/** Forecasts that must have been learned from, and held out. */
const LEAST_LEARNED = 600
const LEAST_HELD_OUT = 200
export const LEAST_STEPS = 1_000
/** By how much a model must be closer than each of its opponents: a share of their mean error. */
export const MARGIN = 0.1
/** Held-out errors that reach so much farther than learned ones: something has changed there, or happened. */
const WIDER = 4
/** Steps that are a tenth longer or shorter are another pace. */
const OTHER_PACE = Math.log(1.1)
/** An opponent that foretells less than this share of the steps is none. */
const COMPARABLE = 0.5

export type OpponentKind = 'previous_value' | 'five_day_mean' | 'hour_profile' | 'champion'
/** Errors are mean absolute ones, in the unit of the sensor, on the steps that both foretell. */
export type Opponent = {
  kind: OpponentKind
  version: number | null
  steps: number
  mean_absolute_error: number
  challenger_error: number
  /** 0.1: the challenger's error is a tenth smaller. */
  improvement: number
}
export type Part = { from: string; to: string; steps: number }
export type Report = {
  steps: number
  step_ms: number | null
  season_ms: number | null
  trained: Part | null
  held_out: Part | null
  mean_absolute_error: number | null
  limit: number | null
  /** Share of the held-out steps that are an anomaly: to the challenger, to the champion, to the detector. */
  anomaly_rates: { challenger: number; champion: number | null; detector: number } | null
  opponents: Opponent[]
}
export type Verdict = 'better' | 'not_better' | 'not_calibrated' | 'too_little'
export type Trial = { verdict: Verdict; report: Report; forecaster: Forecaster | null }

const NOTHING: Report = {
  ...{
    steps: 0,
    step_ms: null,
    season_ms: null,
    trained: null,
    held_out: null,
    mean_absolute_error: null,
    limit: null,
  },
  ...{ anomaly_rates: null, opponents: [] },
}

type Champion = { version: number; forecaster: Forecaster }
const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
const timeOf = (ms: number): string => new Date(ms).toISOString()

/** Trains a model on the first part of these steps and holds it against the champion, and what the detector expects, on the last. Pure. */
export function tryModel(pace: Pace | null, steps: Steps, champion: Champion | null): Trial {
  const known = steps.value.filter((one) => !Number.isNaN(one)).length
  const little = { ...NOTHING, steps: known, step_ms: pace?.step_ms ?? null }
  if (pace === null || known < LEAST_STEPS) return { verdict: 'too_little', report: little, forecaster: null }
  let split = Math.floor(steps.value.length * (1 - HELD_OUT))
  while (Number.isNaN(steps.value[split - 1])) split -= 1
  const { fitted, errors: learned } = fitModel(pace, steps, split)
  const forecasts = forecastsOf({ ...fitted, usual: 0, limit: 0 }, steps, split)
  const errors = offBy(forecasts, steps, split)
  if (learned.length < LEAST_LEARNED || errors.length < LEAST_HELD_OUT) {
    return { verdict: 'too_little', report: little, forecaster: null }
  }
  const forecaster = calibrated(fitted, errors)
  const detector = detectorOn(steps, split)
  const rival = champion !== null && isPaced(champion.forecaster, pace) ? champion : null
  const opponents = opponentsOf({ steps, split, forecasts }, rival, detector)
  const report: Report = {
    ...little,
    season_ms: fitted.season === 0 ? null : fitted.season * pace.step_ms,
    trained: partOf(steps, 0, split, learned.length),
    held_out: partOf(steps, split, steps.value.length, errors.length),
    ...{ mean_absolute_error: meanOf([...errors]), limit: forecaster.limit },
    anomaly_rates: {
      challenger: rateOf(errors, forecaster.limit),
      champion:
        rival && rateOf(offBy(forecastsOf(rival.forecaster, steps, split), steps, split), rival.forecaster.limit),
      detector: detector.anomalies / errors.length,
    },
    opponents,
  }
  const comparable = opponents.filter((one) => one.steps >= COMPARABLE * errors.length)
  const isBetter = comparable.every(({ improvement }) => improvement >= MARGIN)
  const isWide = seldomExceeded(errors) > WIDER * seldomExceeded(learned)
  return { verdict: isBetter ? (isWide ? 'not_calibrated' : 'better') : 'not_better', report, forecaster }
}

/** A model counts in steps: where the sensor reads at another pace than when it was trained it foretells something else. */
const isPaced = ({ step_ms }: Pace, pace: Pace): boolean => Math.abs(Math.log(step_ms / pace.step_ms)) < OTHER_PACE

/** From the first to the last step that is there. */
function partOf({ at_ms }: Steps, from: number, to: number, steps: number): Part {
  const times = at_ms.slice(from, to).filter((at) => !Number.isNaN(at))
  return { from: timeOf(times[0]!), to: timeOf(times.at(-1)!), steps }
}

/** Of each step from one on what was expected, in the unit of the sensor; NaN where nothing was. */
function forecastsOf(model: Forecaster, { at_ms, value }: Steps, from: number): Float64Array {
  const values = scaled(model, value)
  return Float64Array.from(
    { length: value.length - from },
    (_, i) => forecast(model, values, from + i, at_ms[from + i]!) * model.scale + model.centre,
  )
}

/** How far off forecasts are, where there is one and what it foretells. */
function offBy(forecasts: Float64Array, { value }: Steps, from: number): Float64Array {
  return forecasts.map((one, i) => Math.abs(value[from + i]! - one)).filter((error) => !Number.isNaN(error))
}

const rateOf = (errors: Float64Array, limit: number): number =>
  errors.length === 0 ? 0 : errors.filter((error) => error >= limit).length / errors.length

type Expected = { five_day_mean: Float64Array; hour_profile: Float64Array; anomalies: number }

/** What the detector expects of each held-out step before it sees it, having seen all before; and how many it finds anomalous. */
function detectorOn({ at_ms, value }: Steps, from: number): Expected {
  const state = newDetector()
  const settings = { min: null, max: null, max_rate: null }
  const expected = {
    five_day_mean: new Float64Array(value.length - from),
    hour_profile: new Float64Array(value.length - from),
  }
  let anomalies = 0
  for (let i = 0; i < value.length; i += 1) {
    if (i >= from) {
      expected.five_day_mean[i - from] = state.hot[HOT.level]!
      expected.hour_profile[i - from] = expectedAt(state, at_ms[i]!)
    }
    if (Number.isNaN(value[i])) continue
    const { score } = scoreReading(state, settings, at_ms[i]!, value[i]!, 192)
    if (i >= from && score >= ANOMALY) anomalies += 1
  }
  return { ...expected, anomalies }
}

type Held = { steps: Steps; split: number; forecasts: Float64Array }

function opponentsOf(held: Held, champion: Champion | null, { five_day_mean, hour_profile }: Expected): Opponent[] {
  const { steps, split } = held
  const previous = Float64Array.from(steps.value.slice(split - 1, -1))
  const own =
    champion === null
      ? []
      : [opponent(held, 'champion', champion.version, forecastsOf(champion.forecaster, steps, split))]
  return [
    ...own,
    opponent(held, 'previous_value', null, previous),
    opponent(held, 'five_day_mean', null, five_day_mean),
    opponent(held, 'hour_profile', null, hour_profile),
  ]
}

function opponent(
  { steps, split, forecasts }: Held,
  kind: OpponentKind,
  version: number | null,
  its: Float64Array,
): Opponent {
  const errors: number[] = []
  const own: number[] = []
  for (let i = 0; i < its.length; i += 1) {
    const one = Math.abs(steps.value[split + i]! - its[i]!)
    const other = Math.abs(steps.value[split + i]! - forecasts[i]!)
    if (Number.isNaN(one) || Number.isNaN(other)) continue
    errors.push(one)
    own.push(other)
  }
  const count = errors.length
  const [mean_absolute_error, challenger_error] = count === 0 ? [0, 0] : [meanOf(errors), meanOf(own)]
  const improvement = mean_absolute_error === 0 ? 0 : 1 - challenger_error / mean_absolute_error
  return { kind, version, steps: count, mean_absolute_error, challenger_error, improvement }
}
