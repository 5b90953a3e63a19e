import { readDecimal } from './decimal.ts'

/** What stands after a field's `=`. `text` is a quoted string, `not_finite` a number that no double holds. */
export type FieldValue = number | 'text' | 'not_finite' | 'malformed'

const TRUE = new Set(['t', 'T', 'true', 'True', 'TRUE'])
const FALSE = new Set(['f', 'F', 'false', 'False', 'FALSE'])
const LARGEST_SIGNED = 2n ** 63n
const LARGEST_UNSIGNED = 2n ** 64n

/** Digits and nothing else, from a place on; a sign before them is looked at by the caller. */
function areDigits(text: string, from: number, to: number): boolean {
  if (from >= to) return false
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return false
  }
  return true
}

/** `12i` and `12u`: whole numbers of 64 bits. A double rounds what is beyond 2^53. */
function readWhole(text: string, from: number, to: number, unsigned: boolean): FieldValue {
  const negative = text.charCodeAt(from) === 45
  const begin = negative || text.charCodeAt(from) === 43 ? from + 1 : from
  if ((negative && unsigned) || !areDigits(text, begin, to)) return 'malformed'
  if (to - begin >= 19) {
    // Whoever writes a hundred digits has no whole number of 64 bits, and BigInt need not see them.
    if (to - begin > 20) return 'malformed'
    const whole = BigInt(text.slice(begin, to))
    if (unsigned ? whole >= LARGEST_UNSIGNED : negative ? whole > LARGEST_SIGNED : whole >= LARGEST_SIGNED)
      return 'malformed'
  }
  return readDecimal(text, from, to)
}

/** The value of a field between two places; what is quoted is told by the caller. */
export function readFieldValue(text: string, from: number, to: number): FieldValue {
  const last = text.charCodeAt(to - 1)
  if (last === 105) return readWhole(text, from, to - 1, false)
  if (last === 117) return readWhole(text, from, to - 1, true)
  const value = readDecimal(text, from, to)
  if (Number.isFinite(value)) return value
  if (!Number.isNaN(value)) return 'not_finite'
  const word = text.slice(from, Math.min(to, from + 6))
  if (TRUE.has(word) && word.length === to - from) return 1
  return FALSE.has(word) && word.length === to - from ? 0 : 'malformed'
}
