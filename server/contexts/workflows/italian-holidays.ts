import { addDays, dateParts, plainDate, weekday, type PlainDate } from './plain-date.ts'

/** What an authority does with a deadline that falls on a day off. */
export type ShiftRule = 'none' | 'next_non_holiday' | 'next_business_day'

/** A national holiday of fixed date; `from_year` is the first year in which it is one (again). */
export type FixedHoliday = { month: number; day: number; name_it: string; from_year: number; source: string }

const L260 = 'L. 260/1949 art. 2'

/** National holidays as in force from 2001. St Joseph, Ascension, Corpus Domini and 4 November: removed by L. 54/1977. */
export const FIXED_HOLIDAYS: readonly FixedHoliday[] = [
  { month: 1, day: 1, name_it: 'Capodanno', from_year: 1949, source: L260 },
  { month: 1, day: 6, name_it: 'Epifania', from_year: 1986, source: 'DPR 792/1985 (general knowledge, not checked)' },
  { month: 4, day: 25, name_it: 'Liberazione', from_year: 1949, source: L260 },
  { month: 5, day: 1, name_it: 'Festa del lavoro', from_year: 1949, source: L260 },
  { month: 6, day: 2, name_it: 'Festa della Repubblica', from_year: 2001, source: 'L. 336/2000' },
  { month: 8, day: 15, name_it: 'Assunzione', from_year: 1949, source: L260 },
  { month: 10, day: 4, name_it: "San Francesco d'Assisi", from_year: 2026, source: 'L. 151/2025 (normattiva.it)' },
  { month: 11, day: 1, name_it: 'Ognissanti', from_year: 1949, source: L260 },
  { month: 12, day: 8, name_it: 'Immacolata Concezione', from_year: 1949, source: L260 },
  { month: 12, day: 25, name_it: 'Natale', from_year: 1949, source: L260 },
  { month: 12, day: 26, name_it: 'Santo Stefano', from_year: 1949, source: L260 },
]

/** Easter Sunday of a Gregorian year (1583 on), by the anonymous computus of Meeus, Jones and Butcher. */
export function easter(year: number): PlainDate {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor(b / 4)
  const f = Math.floor((b + 8) / 25)
  const g = Math.floor((b - f + 1) / 3)
  const h = (19 * a + b - d - g + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const sum = h + l - 7 * m + 114
  return plainDate(year, Math.floor(sum / 31), (sum % 31) + 1)
}

/** Sundays, Easter Monday and the national holidays. Patron days are local and do not move statutory deadlines. */
export function isHoliday(date: PlainDate): boolean {
  if (weekday(date) === 0) return true
  const { year, month, day } = dateParts(date)
  if (FIXED_HOLIDAYS.some((row) => row.month === month && row.day === day && year >= row.from_year)) return true
  return date === addDays(easter(year), 1)
}

/** Monday to Friday, holidays left out. */
export const isBusinessDay = (date: PlainDate): boolean => weekday(date) !== 6 && !isHoliday(date)

function nextThat(holds: (date: PlainDate) => boolean, from: PlainDate, direction: 1 | -1): PlainDate {
  let date = from
  while (!holds(date)) date = addDays(date, direction)
  return date
}

/**
 * The day on which a deadline really falls.
 *
 * - `next_non_holiday`: art. 2963 c.c., art. 1187 c.c.; a Saturday is not a holiday.
 * - `next_business_day`: Saturday counts as well, for filings and payments to the tax administration, customs included
 *   (DL 70/2011 art. 7 c.1 h, general knowledge, not checked against the text).
 * - `none`: the date of the notice stands.
 */
export function shiftDate(date: PlainDate, rule: ShiftRule): PlainDate {
  if (rule === 'none') return addDays(date, 0)
  return nextThat(rule === 'next_business_day' ? isBusinessDay : (day) => !isHoliday(day), date, 1)
}

/** The day itself, or the last business day before it: by when to act where no rule moves the deadline. */
export const lastBusinessDayUpTo = (date: PlainDate): PlainDate => nextThat(isBusinessDay, date, -1)

/**
 * The day on which a term of so many working days ends: the first day is not counted, the last one is (art. 155 c.p.c.).
 * Negative numbers count backwards; zero gives the day itself.
 */
export function addWorkingDays(date: PlainDate, days: number): PlainDate {
  const direction = days < 0 ? -1 : 1
  let result = addDays(date, 0)
  for (let left = Math.abs(days); left > 0; left--)
    result = nextThat(isBusinessDay, addDays(result, direction), direction)
  return result
}
