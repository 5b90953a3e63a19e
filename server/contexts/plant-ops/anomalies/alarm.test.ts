import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Alarm, type Found, groupAnomalies } from './alarm.ts'
import type { Cause } from './causes.ts'
import { explain } from './explanation.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 5, 1)
const ids = { sensor_id: '0190a000-0000-7000-8000-000000000001', plant_id: '0190a000-0000-7000-8000-000000000002' }

const cause = (kind: Cause['kind'], fields: Partial<Cause> = {}): Cause => ({
  ...{ kind, observed: 42.1, averaged: false, low: null, high: null, times: null, lasted_ms: null },
  ...fields,
})
const found = (after: number, score = 0.7, causes = [cause('level')]): Found => ({
  ...{ ...ids, at_ms: START + after, value: score * 100, score, causes },
})
const one = (...all: Found[]): Alarm => {
  const { begun } = groupAnomalies([], all)
  assert.equal(begun.length, 1)
  return begun[0]!
}

test('anomalies that follow each other are one alarm, with its strongest reading and all kinds of cause', () => {
  const alarm = one(found(0), found(5 * MINUTE, 0.9, [cause('spike')]), found(10 * MINUTE, 0.6, [cause('gap')]))
  assert.deepEqual([alarm.started_ms, alarm.last_ms], [START, START + 10 * MINUTE])
  assert.deepEqual([alarm.readings, alarm.occurrences, alarm.peak_score, alarm.peak_value], [3, 1, 0.9, 90])
  assert.equal(alarm.peak_ms, START + 5 * MINUTE)
  assert.deepEqual(
    alarm.causes.map(({ kind }) => kind),
    ['spike', 'level', 'gap'],
  )
})

test('what comes back before anybody looked is counted in the same alarm', () => {
  const alarm = one(found(0), found(2 * HOUR), found(2 * HOUR + MINUTE), found(20 * HOUR))
  assert.deepEqual([alarm.readings, alarm.occurrences], [4, 3])
})

test('after a day, or an hour after one that was acknowledged, an alarm begins anew', () => {
  assert.equal(groupAnomalies([], [found(0), found(25 * HOUR)]).begun.length, 2)
  const seen = { ...one(found(0)), acknowledged: true }
  const soon = groupAnomalies([seen], [found(30 * MINUTE)])
  assert.deepEqual([soon.continued[0]?.readings, soon.continued[0]?.acknowledged, soon.begun.length], [2, true, 0])
  const later = groupAnomalies([seen], [found(2 * HOUR)])
  assert.deepEqual([later.continued.length, later.begun.length], [0, 1])
})

test('one batch can go on with an alarm and begin others', () => {
  const { continued, begun } = groupAnomalies(
    [one(found(0))],
    [found(HOUR), found(40 * HOUR), found(41 * HOUR), found(80 * HOUR)],
  )
  assert.equal(continued[0]?.last_ms, START + HOUR)
  assert.deepEqual(
    begun.map(({ readings }) => readings),
    [2, 1],
  )
})

test('a late anomaly belongs to the alarm in whose time it falls, and is one of its own where it is older', () => {
  const alarm = one(found(0), found(3 * HOUR))
  assert.equal(groupAnomalies([alarm], [found(2 * HOUR)]).continued[0]?.last_ms, START + 3 * HOUR)
  assert.deepEqual(groupAnomalies([alarm], [found(-5 * HOUR)]).begun.length, 1)
})

test('a late anomaly joins the alarm of its own time, not the newest, and what is in time stays with the newest', () => {
  const [old, newest] = [one(found(0), found(2 * HOUR)), one(found(60 * HOUR))]
  const { continued, begun } = groupAnomalies([old, newest], [found(HOUR), found(61 * HOUR)])
  assert.deepEqual(
    continued.map(({ started_ms, readings }) => [started_ms - START, readings]),
    [
      [0, 3],
      [60 * HOUR, 2],
    ],
  )
  assert.equal(begun.length, 0)
  const mixed = groupAnomalies([newest], [found(30 * HOUR), found(60 * HOUR + MINUTE)])
  assert.deepEqual([mixed.begun.length, mixed.continued[0]?.readings], [1, 2], 'an older one begun takes nothing away')
})

test('every kind of cause is said in both languages, in the unit of the sensor', () => {
  const season = cause('season', { low: 30.21, high: 33.84, times: 6.04 })
  const facts = { unit: 'Cel', causes: [season] }
  assert.equal(explain('en', facts), '42.1 °C, expected 30.21 °C to 33.84 °C for this hour; 6 times the usual spread')
  assert.equal(explain('it', facts), '42,1 °C, atteso da 30,21 °C a 33,84 °C a quest’ora; 6 volte lo scarto usuale')
  const mean = { ...season, averaged: true }
  assert.match(explain('en', { ...facts, causes: [mean] }), /^42\.1 °C on average, expected/)
  const gap = cause('gap', { high: 300_000, times: 144, lasted_ms: 12 * HOUR })
  assert.equal(explain('en', { ...facts, causes: [gap] }), 'no reading for 12 hours; usually one every 5 min')
  const limit = cause('limit', { low: 0, high: 40 })
  assert.equal(explain('it', { ...facts, causes: [limit] }), '42,1 °C, fuori dai limiti impostati (0 °C – 40 °C)')
  const open = explain('en', { ...facts, causes: [cause('limit', { high: 40 })] })
  assert.equal(open, '42.1 °C, outside the limits that were set (… – 40 °C)')
  for (const kind of ['limit', 'rate', 'spike', 'level', 'season', 'week', 'drift', 'flat', 'gap'] as const) {
    for (const language of ['it', 'en'] as const) {
      const text = explain(language, { unit: '', causes: [cause(kind)] })
      assert.ok(text.length > 10 && !/NaN|null|undefined/.test(text), text)
    }
  }
})
