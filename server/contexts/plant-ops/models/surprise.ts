import { ANOMALY, type Scored } from '../anomalies/detector.ts'
import type { Cause } from '../anomalies/causes.ts'
import { forecast, type Forecaster, reachOf } from './forecast.ts'
import { stepsBetween } from './steps.ts'

/** A champion at work: what was fitted, and its memory of the last steps, which changes with each and is kept with the sensor's state. */
export type LiveModel = {
  readonly forecaster: Forecaster
  /** By `AT`, then the last steps, scaled, the newest last; NaN where one is missing. */
  readonly memory: Float64Array
}

const AT = { last: 0, restUntil: 1, peak: 2, steps: 3 } as const
/** No quantity is greater; the detector says the same. */
const GREATEST = 1e30
/** As with the detector: after an anomaly was told, for half a day only one three times as strong is. */
const REST_MS = 150 * 300_000
const STRONGER = 3
/** From here on a distance counts; the limit is 1. What is nearer scores 0. */
const COUNTS = 0.5
const HELD_BACK = 0.5

/** A champion that remembers nothing yet: it waits until it has seen as many steps as it looks back. */
export function newModel(forecaster: Forecaster): LiveModel {
  return { forecaster, memory: new Float64Array(AT.steps + reachOf(forecaster.season)).fill(Number.NaN) }
}

/** What was kept of a champion; null where there is none. A memory that does not fit begins anew. */
export function unpackModel(fitted: Forecaster | null, bytes: Uint8Array | null): LiveModel | null {
  if (fitted?.format !== 1) return null
  const model = newModel(fitted)
  if (bytes?.byteLength === model.memory.byteLength) new Uint8Array(model.memory.buffer).set(bytes)
  return model
}

/** Its memory as bytes, on the same memory. Little-endian, as on every machine that it runs on. */
export const packMemory = ({ memory }: LiveModel): Uint8Array => new Uint8Array(memory.buffer)

type Surprise = { score: number; cause: Cause | null }
const NO_SURPRISE: Surprise = { score: 0, cause: null }

/** Scores a good reading that is newer than all before by what was foretold of it, and remembers it. Constant time. */
export function surpriseOf({ forecaster, memory }: LiveModel, atMs: number, value: number): Surprise {
  const { centre, scale, limit, usual } = forecaster
  const last = memory[AT.last]!
  const between = Number.isNaN(last) ? 1 : stepsBetween(forecaster, last, atMs)
  if (between === 0 || Math.abs(value) > GREATEST) return NO_SURPRISE
  const steps = memory.subarray(AT.steps)
  for (let missing = Math.min(between - 1, steps.length); missing > 0; missing -= 1) push(steps, Number.NaN)
  const expected = forecast(forecaster, steps, steps.length, atMs) * scale + centre
  push(steps, (value - centre) / scale)
  memory[AT.last] = atMs
  if (Number.isNaN(expected)) return NO_SURPRISE
  const error = Math.abs(value - expected)
  const score = told(memory, atMs, error / limit)
  if (score < ANOMALY) return score === 0 ? NO_SURPRISE : { score, cause: null }
  const range = { low: expected - limit, high: expected + limit }
  return {
    score,
    cause: { kind: 'model', observed: value, averaged: false, ...range, times: error / usual, lasted_ms: null },
  }
}

function push(steps: Float64Array, value: number): void {
  steps.copyWithin(0, 1)
  steps[steps.length - 1] = value
}

/** 0 up to half of the limit, 0.5 at the limit, towards 1 beyond; an anomaly is told once, at its beginning. */
function told(memory: Float64Array, atMs: number, times: number): number {
  let over = Math.max(0, times - COUNTS) / (1 - COUNTS)
  if (times >= 1) {
    const isHeld = atMs < memory[AT.restUntil]! && times < STRONGER * memory[AT.peak]!
    if (isHeld) over = HELD_BACK
    else {
      memory[AT.peak] = times
      memory[AT.restUntil] = atMs + REST_MS
    }
  }
  return over ** 2 / (over ** 2 + 1)
}

/** Remembers what came before it was made champion, and tells nothing of it. */
export function recall(model: LiveModel, readings: Iterable<{ at_ms: number; value: number }>): void {
  for (const { at_ms, value } of readings) surpriseOf(model, at_ms, value)
  model.memory[AT.restUntil] = model.memory[AT.peak] = Number.NaN
}

/** The score of a reading is the higher of the detector's and the model's; where the model's is an anomaly it is one of its causes. */
export function withModel(alone: Scored, model: LiveModel, atMs: number, value: number): Scored {
  const { score, cause } = surpriseOf(model, atMs, value)
  if (score > alone.score) return { score, causes: cause === null ? alone.causes : [cause, ...alone.causes] }
  return cause === null ? alone : { score: alone.score, causes: [...alone.causes, cause] }
}
