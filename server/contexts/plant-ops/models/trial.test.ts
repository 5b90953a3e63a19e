import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANOMALY, newDetector, scoreReading } from '../anomalies/detector.ts'
import { noiseOf, onAndOff, STEP_MS } from './models.fixture.ts'
import { newModel, packMemory, recall, surpriseOf, unpackModel, withModel } from './surprise.ts'
import { newestSteps, paceOf, stepsBetween, takeSteps, type Steps } from './steps.ts'
import { tryModel } from './trial.ts'
import { markOf, newSeries } from '../readings/series.ts'

const START = Date.parse('2026-03-02T00:00:00Z')
const PACE = { gap_ms: STEP_MS, step_ms: STEP_MS }
const UNLIMITED = { min: null, max: null, max_rate: null }

const stepsOf = (count: number, valueOf: (step: number) => number): Steps => ({
  at_ms: Array.from({ length: count }, (_, step) => START + step * STEP_MS),
  value: Array.from({ length: count }, (_, step) => valueOf(step)),
})
const cycle = (seed = 7, spread = 0.3): ((step: number) => number) => {
  const noise = noiseOf(seed)
  return (step) => onAndOff(step) + spread * noise()
}
const DAYS_4 = 1_152

test('a pattern of 90 minutes, which the detector does not expect, makes a model; its break is an anomaly to it alone', () => {
  const valueOf = cycle()
  const steps = stepsOf(DAYS_4, valueOf)
  const { verdict, report, forecaster } = tryModel(PACE, steps, null)
  assert.equal(verdict, 'better')
  assert.equal(report.season_ms, 90 * 60_000)
  assert.deepEqual(
    report.opponents.map(({ kind }) => kind),
    ['previous_value', 'five_day_mean', 'hour_profile'],
  )
  for (const { kind, improvement } of report.opponents) assert.ok(improvement > 0.5, `${kind}: ${improvement}`)
  assert.ok(report.trained!.to < report.held_out!.from, 'what is held out comes after what is learned')
  assert.ok(report.anomaly_rates!.challenger <= 1 / 200)
  const detector = newDetector()
  const model = newModel(forecaster!)
  const judge = (step: number, value: number) => {
    const at = START + step * STEP_MS
    const alone = scoreReading(detector, UNLIMITED, at, value, 192)
    return { alone: alone.score, both: withModel(alone, model, at, value) }
  }
  for (const [step, value] of steps.value.entries()) assert.ok(judge(step, value).both.score < ANOMALY, `step ${step}`)
  // On for five steps instead of nine: no value, no change and no hour is unusual.
  for (let step = DAYS_4; step < DAYS_4 + 5; step += 1) assert.ok(judge(step, valueOf(step)).both.score < ANOMALY)
  const early = judge(DAYS_4 + 5, valueOf(DAYS_4 + 9))
  assert.ok(early.alone < ANOMALY, `the detector scores ${early.alone}`)
  assert.ok(early.both.score > 0.9, `both score ${early.both.score}`)
  const [cause] = early.both.causes
  assert.equal(cause!.kind, 'model')
  assert.ok(cause!.low! > 15 && cause!.high! < 25 && cause!.observed < 12 && cause!.times! > 10)
  // Told once: that it stays off, and is off its pattern from then on, is the same anomaly.
  for (let step = DAYS_4 + 6; step < DAYS_4 + 60; step += 1) {
    const after = withModel({ score: 0, causes: [] }, model, START + step * STEP_MS, valueOf(step + 4))
    assert.ok(after.score < ANOMALY, `step ${step} scores ${after.score}`)
  }
})

test('noise, a random walk and a sensor that never changes make no model', () => {
  const noise = noiseOf(3)
  let walked = 0
  const made = {
    noise: stepsOf(2_000, () => 20 + noise()),
    walk: stepsOf(2_000, () => (walked += noise())),
    constant: stepsOf(2_000, () => 5),
  }
  for (const [name, steps] of Object.entries(made)) {
    const { verdict, report } = tryModel(PACE, steps, null)
    assert.equal(verdict, 'not_better', name)
    assert.ok(
      report.opponents.some(({ improvement }) => improvement < 0.1),
      name,
    )
  }
})

test('a challenger must beat the champion by a tenth, too; one that the sensor’s pace has left behind is no opponent', () => {
  const first = tryModel(PACE, stepsOf(DAYS_4, cycle(7)), null)
  const champion = { version: 1, forecaster: first.forecaster! }
  const again = tryModel(PACE, stepsOf(DAYS_4 + 200, cycle(8)), champion)
  assert.equal(again.verdict, 'not_better')
  const [opponent] = again.report.opponents
  assert.deepEqual([opponent!.kind, opponent!.version], ['champion', 1])
  assert.ok(Math.abs(opponent!.improvement) < 0.1)
  const slow = { gap_ms: 4 * STEP_MS, step_ms: 4 * STEP_MS }
  const sparse = stepsOf(DAYS_4 * 4, cycle(9))
  const every4th = {
    at_ms: sparse.at_ms.filter((_, i) => i % 4 === 0),
    value: sparse.value.filter((_, i) => i % 4 === 0),
  }
  const changed = tryModel(slow, every4th, champion)
  assert.ok(changed.report.opponents.every(({ kind }) => kind !== 'champion'))
  assert.deepEqual([changed.verdict, changed.report.anomaly_rates!.champion], ['better', null])
})

test('held-out errors of another reach, and too few steps, are refused; what was not learned from says so', () => {
  const valueOf = cycle()
  const broken = stepsOf(2_000, (step) => (step > 1_700 && step < 1_760 ? 150 * (step % 3) : valueOf(step)))
  assert.notEqual(tryModel(PACE, broken, null).verdict, 'better')
  const few = tryModel(PACE, stepsOf(999, valueOf), null)
  assert.deepEqual([few.verdict, few.report.steps, few.report.trained, few.forecaster], ['too_little', 999, null, null])
  assert.equal(tryModel(null, { at_ms: [], value: [] }, null).verdict, 'too_little')
  const gaps = stepsOf(2_000, (step) => (step % 4 === 0 ? Number.NaN : valueOf(step)))
  assert.equal(tryModel(PACE, gaps, null).verdict, 'too_little', 'three steps in a row are needed')
})

test('after a gap a model waits until it has seen what it looks back to; its memory comes back as it was kept', () => {
  const valueOf = cycle()
  const { forecaster } = tryModel(PACE, stepsOf(DAYS_4, valueOf), null)
  const model = newModel(forecaster!)
  const far = 1_000
  const scores = (of: typeof model, from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => surpriseOf(of, START + (from + i) * STEP_MS, far).score)
  assert.deepEqual(scores(model, 0, 1), [0], 'it knows nothing yet')
  recall(
    model,
    Array.from({ length: 19 }, (_, i) => ({ at_ms: START + (i + 1) * STEP_MS, value: onAndOff(i + 1) })),
  )
  const kept = unpackModel(forecaster, packMemory(model))!
  const other = unpackModel(forecaster, packMemory(model).slice(8))!
  assert.ok(scores(kept, 20, 21)[0]! > 0.9, 'as if it had never been put away')
  assert.deepEqual(scores(other, 20, 21), [0], 'a memory of another length begins anew')
  assert.equal(unpackModel(null, null), null)
  assert.equal(unpackModel({ ...forecaster!, format: 2 as 1 }, null), null, 'a format of another version')
  const gapped = unpackModel(forecaster, packMemory(model))!
  // Two steps are missing: neither is foretold from, until one season later all that is looked back to is there again.
  recall(gapped, [{ at_ms: START + 22 * STEP_MS, value: onAndOff(22) }])
  assert.deepEqual(scores(gapped, 23, 24), [0])
  recall(
    gapped,
    Array.from({ length: 19 }, (_, i) => ({ at_ms: START + (24 + i) * STEP_MS, value: onAndOff(24 + i) })),
  )
  assert.ok(scores(gapped, 43, 44)[0]! > 0.9)
  assert.equal(surpriseOf(gapped, START + 44 * STEP_MS, 1.7e308).score, 0, 'no quantity')
})

test('steps: one reading each, the first of a minute where there are more; jitter is no gap, bad ones are', () => {
  assert.equal(paceOf([5]), null)
  assert.deepEqual(paceOf([0, 1_000, 2_000, 9_000]), { gap_ms: 1_000, step_ms: 60_000 })
  assert.deepEqual(paceOf([0, 900_000, 1_800_000]), { gap_ms: 900_000, step_ms: 900_000 })
  const fast = { gap_ms: 1_000, step_ms: 60_000 }
  assert.deepEqual(
    [30_000, 59_000, 59_600, 61_000, 130_000].map((since) => stepsBetween(fast, 0, since)),
    [0, 0, 1, 1, 2],
  )
  assert.deepEqual(
    [100_000, 200_000, 400_000, 600_000].map((since) => stepsBetween(PACE, 0, since)),
    [0, 1, 1, 2],
  )
  const series = newSeries(6)
  for (const [i, at] of [0, 310_000, 600_000, 905_000, 5_000_000, 5_300_000].entries()) {
    series.at_ms[i] = at
    series.value[i] = i
    series.mark[i] = markOf(i === 2 ? 0 : 192, i === 3, false)
  }
  const steps: Steps = { at_ms: [], value: [] }
  takeSteps(steps, PACE, series, 3)
  assert.deepEqual(steps.value, [0, 1, Number.NaN, 3, Number.NaN, Number.NaN, Number.NaN, 4, 5])
  assert.deepEqual(newestSteps(steps, 3), { at_ms: [5_000_000, 5_300_000], value: [4, 5] })
})
