import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addWorkingDays, easter, isBusinessDay, isHoliday, lastBusinessDayUpTo, shiftDate } from './italian-holidays.ts'
import { addDays, weekday } from './plain-date.ts'

test('Easter Mondays are those of the calendar', () => {
  const mondays = ['2024-04-01', '2025-04-21', '2026-04-06', '2027-03-29', '2028-04-17', '2029-04-02', '2030-04-22']
  for (const monday of [...mondays, '2031-04-14', '2032-03-29']) {
    assert.equal(addDays(easter(Number(monday.slice(0, 4))), 1), monday)
    assert.equal(isHoliday(monday), true)
  }
})

test('Easter is a Sunday between 22 March and 25 April in every year', () => {
  for (let year = 1583; year < 2600; year++) {
    const sunday = easter(year)
    assert.equal(weekday(sunday), 0, sunday)
    assert.ok(sunday.slice(5) >= '03-22' && sunday.slice(5) <= '04-25', sunday)
  }
  assert.equal(easter(1818), '1818-03-22')
  assert.equal(easter(2038), '2038-04-25')
})

test('4 October is a holiday from 2026 on', () => {
  assert.equal(isHoliday('2024-10-04'), false)
  assert.equal(isHoliday('2025-10-04'), false)
  assert.equal(isHoliday('2026-10-04'), true)
  assert.equal(isHoliday('2027-10-04'), true)
  assert.equal(weekday('2027-10-04'), 1)
})

test('the year 2027 has its twelve holidays and its Sundays', () => {
  const holidays = Array.from({ length: 365 }, (_, index) => addDays('2027-01-01', index)).filter(isHoliday)
  assert.deepEqual(
    holidays.filter((day) => weekday(day) !== 0).map((day) => day.slice(5)),
    ['01-01', '01-06', '03-29', '05-01', '06-02', '10-04', '11-01', '12-08', '12-25'],
  )
  assert.equal(holidays.length, 52 + 9)
})

test('the example dates fall where the calendar says', () => {
  assert.deepEqual(['2026-09-30', '2026-12-16', '2027-01-31', '2027-02-28', '2027-03-31'].map(weekday), [3, 3, 0, 0, 3])
  assert.equal(shiftDate('2026-09-30', 'next_business_day'), '2026-09-30')
  assert.equal(shiftDate('2027-01-31', 'next_business_day'), '2027-02-01')
  assert.equal(shiftDate('2027-02-28', 'next_non_holiday'), '2027-03-01')
  assert.equal(shiftDate('2027-02-28', 'none'), '2027-02-28')
})

test('only the tax administration moves a Saturday', () => {
  assert.equal(weekday('2028-12-16'), 6)
  assert.equal(shiftDate('2028-12-16', 'next_non_holiday'), '2028-12-16')
  assert.equal(shiftDate('2028-12-16', 'next_business_day'), '2028-12-18')
})

test('a chain of days off is walked to its end', () => {
  assert.equal(shiftDate('2026-12-25', 'next_business_day'), '2026-12-28')
  assert.equal(shiftDate('2026-10-03', 'next_business_day'), '2026-10-05')
  assert.equal(shiftDate('2027-10-02', 'next_business_day'), '2027-10-05')
  assert.equal(shiftDate('2025-10-04', 'next_non_holiday'), '2025-10-04')
})

test('where nothing moves, the last business day before is known', () => {
  assert.equal(lastBusinessDayUpTo('2027-02-28'), '2027-02-26')
  assert.equal(lastBusinessDayUpTo('2027-03-29'), '2027-03-26')
  assert.equal(lastBusinessDayUpTo('2027-03-31'), '2027-03-31')
})

test('working days leave out the first day and count the last', () => {
  assert.equal(addWorkingDays('2026-11-20', 1), '2026-11-23')
  assert.equal(addWorkingDays('2026-11-21', 1), '2026-11-23')
  assert.equal(addWorkingDays('2026-11-21', 0), '2026-11-21')
  assert.equal(addWorkingDays('2026-12-04', 3), '2026-12-10')
  assert.equal(addWorkingDays('2026-11-23', -1), '2026-11-20')
  assert.equal(isBusinessDay(addWorkingDays('2026-01-01', 60)), true)
})
