import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, addMonths, dateParts, dayNumber, isPlainDate, plainDate, weekday } from './plain-date.ts'

test('days are counted across months, years, leap days and 1970', () => {
  assert.equal(addDays('2026-12-31', 1), '2027-01-01')
  assert.equal(addDays('2028-02-28', 1), '2028-02-29')
  assert.equal(addDays('2027-02-28', 1), '2027-03-01')
  assert.equal(addDays('1970-01-01', -1), '1969-12-31')
  assert.equal(dayNumber('1970-01-02'), 1)
})

test('only existing days are days', () => {
  for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', '2026-11-21T00:00:00Z', '', null, 5]) {
    assert.equal(isPlainDate(text), false, String(text))
  }
  assert.equal(isPlainDate('2028-02-29'), true)
  assert.throws(() => addDays('2026-02-30', 1), RangeError)
  assert.throws(() => plainDate(2026, 2, 29), RangeError)
  assert.deepEqual(dateParts('2026-11-21'), { year: 2026, month: 11, day: 21 })
})

test('weekdays begin with Sunday as 0', () => {
  assert.deepEqual(['2026-11-21', '2026-11-22', '1969-12-31'].map(weekday), [6, 0, 3])
})

test('a term in months ends on the same day, or on the last of a shorter month', () => {
  assert.equal(addMonths('2026-01-31', 1), '2026-02-28')
  assert.equal(addMonths('2028-01-31', 1), '2028-02-29')
  assert.equal(addMonths('2024-02-29', 60), '2029-02-28')
  assert.equal(addMonths('2024-02-29', 48), '2028-02-29')
  assert.equal(addMonths('2026-11-30', 3), '2027-02-28')
  assert.equal(addMonths('2026-01-15', -2), '2025-11-15')
  assert.equal(addMonths('2026-12-15', 0), '2026-12-15')
})

test('days are numbered as the calendar of the platform numbers them, over four centuries and at their edges', () => {
  for (let day = dayNumber('1799-12-30'); day <= dayNumber('2201-01-02'); day++) {
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10)
    if (dayNumber(date) !== day) assert.fail(`${date} is ${dayNumber(date)}, not ${day}`)
  }
  for (const date of ['0001-01-01', '0400-02-29', '9999-12-31']) {
    assert.equal(dayNumber(date), Date.parse(`${date}T00:00:00Z`) / 86_400_000, date)
  }
  for (const wrong of ['1900-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '2026-1-01', '2026-01-00', '']) {
    assert.throws(() => dayNumber(wrong), RangeError, wrong)
  }
})
