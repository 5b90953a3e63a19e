import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calendarPeriods, dayOf, instancesOf, instantOf, overlappingDay, WEEKDAYS } from './shift-times.ts'

const ROME = 'Europe/Rome'
const hours = ({ from, to }: { from: number; to: number }): number => (to - from) / 3_600_000
const night = { days: WEEKDAYS, starts: '22:00', ends: '06:00', time_zone: ROME }

test('a night has 7 hours in spring, 9 in autumn and 8 otherwise', () => {
  const spring = instancesOf({ ...night, valid_from: '2026-03-27', valid_until: '2026-03-29' })
  assert.deepEqual(spring.map(hours), [8, 7, 8])
  const autumn = instancesOf({ ...night, valid_from: '2026-10-23', valid_until: '2026-10-25' })
  assert.deepEqual(autumn.map(hours), [8, 9, 8])
})

test('a shift of a whole day has 23 and 25 hours on the days of the change, and the next begins where it ends', () => {
  const whole = { ...night, starts: '06:00', ends: '06:00' }
  const spring = instancesOf({ ...whole, valid_from: '2026-03-28', valid_until: '2026-03-29' })
  assert.deepEqual(spring.map(hours), [23, 24])
  const autumn = instancesOf({ ...whole, valid_from: '2026-10-24', valid_until: '2026-10-25' })
  assert.deepEqual(autumn.map(hours), [25, 24])
  assert.equal(autumn[0]!.to, autumn[1]!.from)
})

test('a local time that is skipped is later by the hour, one that comes twice is the first, and neighbours stay neighbours', () => {
  assert.equal(new Date(instantOf('2026-03-29', '02:30', ROME)).toISOString(), '2026-03-29T01:30:00.000Z')
  assert.equal(new Date(instantOf('2026-10-25', '02:30', ROME)).toISOString(), '2026-10-25T00:30:00.000Z')
  assert.equal(new Date(instantOf('2026-07-01', '00:00', 'Pacific/Auckland')).toISOString(), '2026-06-30T12:00:00.000Z')
  const day = { valid_from: '2026-03-29', valid_until: '2026-03-29', days: WEEKDAYS, time_zone: ROME }
  assert.deepEqual(instancesOf({ ...day, starts: '02:00', ends: '03:00' }), [])
  const [one, two] = [
    instancesOf({ ...day, starts: '22:00', ends: '02:30', valid_from: '2026-03-28', valid_until: '2026-03-28' }),
    instancesOf({ ...day, starts: '02:30', ends: '06:00' }),
  ]
  assert.equal(one[0]!.to, two[0]!.from)
})

test('only the days of the pattern are worked; shifts that overlap each other are seen', () => {
  const week = { ...night, days: ['mon', 'fri'] as const, valid_from: '2026-11-16', valid_until: '2026-11-22' }
  assert.deepEqual(
    instancesOf(week).map(({ local_date }) => local_date),
    ['2026-11-16', '2026-11-20'],
  )
  const day = { ...night, starts: '05:00', ends: '13:00', valid_from: '2026-11-16', valid_until: '2026-11-17' }
  assert.equal(overlappingDay([...instancesOf(week), ...instancesOf(day)]), '2026-11-17')
  assert.equal(overlappingDay(instancesOf(week)), null)
})

test('days and months of the calendar follow the zone', () => {
  assert.equal(hours(dayOf('2026-03-29', ROME)), 23)
  assert.equal(hours(dayOf('2026-10-25', ROME)), 25)
  const from = Date.parse('2026-03-28T22:30:00Z')
  const days = calendarPeriods({ from, to: from + 26 * 3_600_000 }, ROME, 'day')
  assert.deepEqual(days.map(hours), [24, 23, 24])
  const months = calendarPeriods(
    { from: Date.parse('2026-01-31T22:59:00Z'), to: Date.parse('2026-02-28T23:01:00Z') },
    ROME,
    'month',
  )
  assert.deepEqual(
    months.map((span) => new Date(span.from).toISOString()),
    ['2025-12-31T23:00:00.000Z', '2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
  )
})
