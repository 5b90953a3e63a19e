/** Times of readings: RFC 3339 or whole numbers since 1970, to epoch milliseconds; what is finer is rounded down. */

const digit = (text: string, at: number): number => {
  const value = text.charCodeAt(at) - 48
  return value >= 0 && value <= 9 ? value : Number.NaN
}
const pair = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

// Rows that follow each other mostly share their day.
let lastDay = Number.NaN
let lastMs = Number.NaN

/** Midnight of a day, UTC; NaN where the calendar has no such day. Year 0 is none: RFC 3339 counts from 1 here. */
function dayMs(text: string, at: number): number {
  const year = pair(text, at) * 100 + pair(text, at + 2)
  const [month, day] = [pair(text, at + 5), pair(text, at + 8)]
  const key = year * 10_000 + month * 100 + day
  if (key === lastDay) return lastMs
  const longest = month === 2 && isLeap(year) ? 29 : DAYS[month - 1]
  // Not a comparison the other way round: NaN must fail it.
  if (!(year >= 1 && longest !== undefined && day >= 1 && day <= longest)) return Number.NaN
  const midnight = new Date(0)
  midnight.setUTCFullYear(year, month - 1, day)
  lastDay = key
  lastMs = midnight.getTime()
  return lastMs
}

/** The zone's offset in milliseconds, from `Z`, `+01:00`; NaN for anything else, none included. */
function offsetMs(text: string, at: number, to: number): number {
  const first = text.charCodeAt(at)
  if (first === 90 || first === 122) return at + 1 === to ? 0 : Number.NaN
  if ((first !== 43 && first !== 45) || at + 6 !== to || text.charCodeAt(at + 3) !== 58) return Number.NaN
  const [hours, minutes] = [pair(text, at + 1), pair(text, at + 4)]
  if (!(hours < 24 && minutes < 60)) return Number.NaN
  return (first === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** RFC 3339 between two places, `T` or a space between day and time; NaN where it is not. A leap second is none. */
export function readInstant(text: string, from: number, to: number): number {
  if (to - from < 20 || to - from > 35) return Number.NaN
  if (text.charCodeAt(from + 4) !== 45 || text.charCodeAt(from + 7) !== 45) return Number.NaN
  const between = text.charCodeAt(from + 10)
  if (between !== 84 && between !== 116 && between !== 32) return Number.NaN
  if (text.charCodeAt(from + 13) !== 58 || text.charCodeAt(from + 16) !== 58) return Number.NaN
  const [hours, minutes, seconds] = [pair(text, from + 11), pair(text, from + 14), pair(text, from + 17)]
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN
  let at = from + 19
  let millis = 0
  if (text.charCodeAt(at) === 46) {
    at += 1
    const begin = at
    for (let scale = 100; at < to; at += 1, scale /= 10) {
      const value = text.charCodeAt(at) - 48
      if (!(value >= 0 && value <= 9)) break
      if (scale >= 1) millis += value * scale
    }
    if (at === begin || at - begin > 9) return Number.NaN
  }
  return dayMs(text, from) + ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis - offsetMs(text, at, to)
}

/** What one unit of a whole number stands for: a factor in milliseconds, or how many of its last digits are finer. */
export const PRECISIONS = {
  ns: { finer: 6, factor: 1 },
  us: { finer: 3, factor: 1 },
  ms: { finer: 0, factor: 1 },
  s: { finer: 0, factor: 1_000 },
  m: { finer: 0, factor: 60_000 },
  h: { finer: 0, factor: 3_600_000 },
} as const
export type Precision = keyof typeof PRECISIONS

/** Beyond it no date has a name with four digits of year. */
const LATEST = 253_402_300_799_999

/** A whole number since 1970 between two places; NaN where there is none, or it leads beyond the year 9999. Never a float: they lose nanoseconds. */
export function readEpoch(text: string, from: number, to: number, precision: Precision): number {
  const { finer, factor } = PRECISIONS[precision]
  const negative = text.charCodeAt(from) === 45
  const begin = negative ? from + 1 : from
  if (begin === to || to - begin > 19) return Number.NaN
  let whole = 0
  let remainder = false
  const last = Math.max(begin, to - finer)
  for (let at = begin; at < to; at += 1) {
    const value = text.charCodeAt(at) - 48
    if (!(value >= 0 && value <= 9)) return Number.NaN
    if (at < last) whole = whole * 10 + value
    else remainder ||= value > 0
  }
  const ms = negative ? -(whole + (remainder ? 1 : 0)) * factor : whole * factor
  return Math.abs(ms) <= LATEST ? ms + 0 : Number.NaN
}
