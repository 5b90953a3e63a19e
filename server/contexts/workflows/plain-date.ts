/** A day of the Gregorian calendar as `YYYY-MM-DD`, without a time zone. */
export type PlainDate = string

const DAY_MS = 86_400_000

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
const lastDayOf = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0)

/**
 * Days since 1970-01-01; throws a RangeError for a text that is no existing day. Counted without Date, which took
 * most of the time of a round over all plants: years begin in March here, so that a leap day is the last of its year.
 */
export function dayNumber(date: PlainDate): number {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))]
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || day < 1 || day > lastDayOf(year, month)) {
    throw new RangeError(`no such day: ${date}`)
  }
  const march = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return march * 365 + Math.floor(march / 4) - Math.floor(march / 100) + Math.floor(march / 400) + dayOfYear - 719_468
}

/** The day with this number since 1970-01-01. */
export const fromDayNumber = (days: number): PlainDate => new Date(days * DAY_MS).toISOString().slice(0, 10)

/** Whether the text is an existing day written `YYYY-MM-DD`. */
export function isPlainDate(text: unknown): text is PlainDate {
  if (typeof text !== 'string') return false
  try {
    return Number.isInteger(dayNumber(text))
  } catch {
    return false
  }
}

/** The day so many calendar days later (earlier when negative). */
export const addDays = (date: PlainDate, days: number): PlainDate => fromDayNumber(dayNumber(date) + days)

/** 0 Sunday … 6 Saturday. 1970-01-01 was a Thursday. */
export const weekday = (date: PlainDate): number => (((dayNumber(date) + 4) % 7) + 7) % 7

/** Year, month 1–12 and day 1–31 of an existing day. */
export function dateParts(date: PlainDate): { year: number; month: number; day: number } {
  dayNumber(date)
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return { year, month, day }
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

/** The day with these parts; throws a RangeError if the month has no such day. */
export function plainDate(year: number, month: number, day: number): PlainDate {
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  dayNumber(date)
  return date
}

/**
 * The same numbered day so many months later (earlier when negative), or the last day of a month that has no such day:
 * art. 155 c.p.c. and art. 2963 c.c., by which terms in months and years are counted.
 */
export function addMonths(date: PlainDate, months: number): PlainDate {
  const { year, month, day } = dateParts(date)
  const index = year * 12 + (month - 1) + months
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1]
  return plainDate(toYear, toMonth, Math.min(day, lastDayOf(toYear, toMonth)))
}
