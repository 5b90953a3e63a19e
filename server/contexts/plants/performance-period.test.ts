import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Step } from './local-steps.ts'
import { performancePeriod } from './performance-period.ts'

const NOW = Date.parse('2026-11-21T09:00:00Z')
const LAST = Date.parse('2022-01-07T06:46:00Z')

const period = (from?: string, to?: string, zone = 'America/Denver', step: Step = '1d', last: number | null = LAST) => {
  const span = performancePeriod({ from, to, step }, zone, last, NOW)
  return span && [span.from, span.to].map((at) => new Date(at).toISOString().slice(0, 16))
}

test('by default it is the thirty local days up to the last reading', () => {
  assert.deepEqual(period(), ['2021-12-08T07:00', '2022-01-07T07:00'])
})

test('without readings it ends today', () => {
  assert.deepEqual(period(undefined, undefined, 'Europe/Rome', '1d', null), ['2026-10-22T22:00', '2026-11-21T23:00'])
})

test('thirty days across a change of the clock begin at midnight too', () => {
  assert.deepEqual(period(undefined, '2026-11-01', 'Europe/Rome'), ['2026-10-02T22:00', '2026-11-01T23:00'])
  assert.deepEqual(period(undefined, '2026-04-05', 'Europe/Rome'), ['2026-03-06T23:00', '2026-04-05T22:00'])
})

test('a date is the whole local day, the last one too', () => {
  assert.deepEqual(period('2022-01-02', '2022-01-06'), ['2022-01-02T07:00', '2022-01-07T07:00'])
  assert.deepEqual(period('2026-03-29', '2026-03-29', 'Europe/Rome'), ['2026-03-28T23:00', '2026-03-29T22:00'])
  assert.deepEqual(period('2026-03-29', '2026-03-29', 'Pacific/Kiritimati'), ['2026-03-28T10:00', '2026-03-29T10:00'])
  assert.deepEqual(period('2026-03-29', '2026-03-29', 'Pacific/Pago_Pago'), ['2026-03-29T11:00', '2026-03-30T11:00'])
})

test('a time is taken as it is', () => {
  assert.deepEqual(period('2022-01-02T07:30:00Z', '2022-01-02T10:00:00+01:00'), [
    '2022-01-02T07:30',
    '2022-01-02T09:00',
  ])
})

test('a beginning after the last reading runs until today', () => {
  assert.deepEqual(period('2026-11-20', undefined, 'Etc/UTC'), ['2026-11-20T00:00', '2026-11-22T00:00'])
})

test('what ends before it begins, or is too long for its step, is no period', () => {
  assert.equal(period('2022-01-03', '2022-01-02'), null)
  assert.equal(period('2027-01-01'), null)
  assert.equal(period('2020-01-01', '2022-12-31'), null)
  assert.equal(period('2022-01-01', '2022-12-31', 'Etc/UTC', '1h'), null)
  assert.ok(period('2022-01-01', '2022-01-31', 'Etc/UTC', '1h'))
  assert.ok(period('2022-01-01', '2022-12-31', 'Etc/UTC', '1d'))
})
