import assert from 'node:assert/strict'
import { test } from 'node:test'
import { intervalsOf, type PerformanceSample } from './performance-intervals.ts'

const MINUTE = 60_000
const sample = (minute: number): PerformanceSample => ({
  at: minute * MINUTE,
  ac_power_kw: minute,
  power_quality: 192,
  irradiance_w_m2: null,
  module_temperature_c: null,
})
const spans = (...minutes: number[]) =>
  intervalsOf(minutes.map(sample)).intervals.map(({ from, to }) => [from / MINUTE, to / MINUTE])

test('an interval begins with its reading and is as long as readings usually are apart', () => {
  assert.deepEqual(spans(0, 15, 30), [
    [0, 15],
    [15, 30],
    [30, 45],
  ])
  assert.equal(intervalsOf([0, 15, 30].map(sample)).interval_ms, 15 * MINUTE)
})

test('a gap is missing time, a reading that comes early ends the one before', () => {
  assert.deepEqual(spans(0, 15, 60, 75, 85, 100), [
    [0, 15],
    [15, 30],
    [60, 75],
    [75, 85],
    [85, 100],
    [100, 115],
  ])
})

test('the order of the readings does not matter', () => {
  assert.deepEqual(spans(30, 0, 15), spans(0, 15, 30))
})

test('readings further apart than an hour stand for an hour, a single one for nothing', () => {
  assert.deepEqual(spans(0, 1440), [
    [0, 60],
    [1440, 1500],
  ])
  assert.deepEqual(intervalsOf([sample(0)]), { intervals: [], interval_ms: null })
})
