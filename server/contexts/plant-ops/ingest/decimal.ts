/** Decimal numbers as every text format writes them, read in place: no thousands separators, no hexadecimal. */

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WORDS = /^[+-]?(?:nan|inf|infinity)$/i

/**
 * The number between two places; NaN where there is none, Infinity where there is one that no double holds, or a word for it.
 * Up to 15 digits are exact as an integer, and so is their division by a power of ten up to 22.
 */
export function readDecimal(text: string, from: number, to: number, point = 46): number {
  let at = from
  const sign = text.charCodeAt(at)
  if (sign === 45 || sign === 43) at += 1
  const digits = to - at
  if (digits > 0 && digits <= 16) {
    let mantissa = 0
    let decimals = -1
    for (; at < to; at += 1) {
      const digit = text.charCodeAt(at) - 48
      if (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit
        if (decimals >= 0) decimals += 1
      } else if (decimals < 0 && (digit === point - 48 || digit === -2)) decimals = 0
      else break
    }
    // A point and no digit is no number; 16 digits without a point may need more than a double has.
    if (at === to && !(decimals === 0 && digits === 1) && (decimals >= 0 || digits < 16)) {
      const value = decimals > 0 ? mantissa / POWERS[decimals]! : mantissa
      return sign === 45 ? -value : value
    }
  }
  return readSlowly(text.slice(from, to), point)
}

function readSlowly(given: string, point: number): number {
  const text = point === 44 && !given.includes('.') ? given.replace(',', '.') : given
  if (DECIMAL.test(text)) return Number(text)
  return WORDS.test(text) ? Infinity : Number.NaN
}
