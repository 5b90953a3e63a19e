import { type Candidate, candidate, type Rule, withoutOverlaps } from './finding.ts'

const DIGITS = "\\d[\\d.,'’\\u00a0\\u202f]{0,20}"
const NUMBER = new RegExp(`(?<![\\p{L}\\p{N}.,])(-?${DIGITS})`, 'gu')
const CURRENCY = /€|(?<!\p{L})(?:EUR|euro)(?!\p{L})/giu
/** Between a number and its currency. */
const GAP = /^[ \u00a0\u202f\n]{0,2}-?$/
const PER_UNIT = /^ ?\/ ?(?:kWh|MWh|GWh|kW|MW|kg|t|l|m2|m²|pz|h|ora|unit|piece)(?!\p{L})/iu
/** Without a currency only what is written as money is, with two decimals, behind a word for it. */
const BARE = /(?<![\p{L}\p{N}.,/-])(-?\d[\d.,]{0,16}[.,]\d{2})(?![\p{L}\p{N}%‰°]|[.,/-]\d| ?(?:%|kWh|MWh|kW|kg|mg|°))/gu
const SAYS_MONEY =
  /(?:totale|importo|canone|imponibile|corrispettivo|cauzione|sanzione|total|amount|fee|rent|subtotal|deposit)[^\n\d]{0,30}$/iu

export type Read = { value: string; sure: boolean }

/** `1234.50`: two decimals at least, at most six, no sign but a minus. */
const plain = (sign: string, whole: string, decimals: string): string =>
  `${sign}${whole.replace(/^0+(?=\d)/, '')}.${decimals.padEnd(2, '0')}`

/** Groups of thousands. */
const fits = (parts: string[]): boolean => parts[0]!.length <= 3 && parts.slice(1).every((part) => part.length === 3)

/**
 * A number as it is written in Italian (1.234,56) or English (1,234.56). Where three digits follow the only separator it may be
 * either: the language decides, and it is not sure. Null for what is no number: 1.23.456.
 */
export function readNumber(written: string, language: string | null): Read | null {
  const text = written.replace(/['’\u00a0\u202f]/g, '').replace(/[.,]+$/, '')
  const [, sign, body] = /^(-?)(\d[\d.,]*)$/.exec(text) ?? []
  if (body === undefined) return null
  const separators = body.replace(/\d/g, '')
  const last = separators.at(-1)
  if (last === undefined) return { value: plain(sign!, body, ''), sure: true }
  const groups = body.split(/[.,]/)
  const tail = groups.at(-1)!
  const mixed = separators.includes('.') && separators.includes(',')
  if (mixed) {
    if (separators.indexOf(last) !== separators.length - 1 || !fits(groups.slice(0, -1)) || tail.length > 6) return null
    return { value: plain(sign!, groups.slice(0, -1).join(''), tail), sure: true }
  }
  if (separators.length > 1) return fits(groups) ? { value: plain(sign!, groups.join(''), ''), sure: true } : null
  if (tail.length > 6 || tail === '') return null
  if (tail.length !== 3 || groups[0]!.length > 3 || groups[0] === '0')
    return { value: plain(sign!, groups[0]!, tail), sure: true }
  const thousands = last === '.' ? language !== 'en' : language !== 'it'
  return { value: thousands ? plain(sign!, groups.join(''), '') : plain(sign!, groups[0]!, tail), sure: false }
}

type Piece = { text: string; start: number; end: number }
const pieces = (text: string, pattern: RegExp): Piece[] =>
  [...text.matchAll(pattern)].map((match) => {
    const shown = match[0].replace(/[.,'’\u00a0\u202f]+$/, '')
    return { text: shown, start: match.index, end: match.index + shown.length }
  })

/** The number that a currency belongs to: the one before it or the one behind it. */
function besides(text: string, sign: Piece, numbers: readonly Piece[], taken: ReadonlySet<Piece>): Piece | null {
  const close = (from: number, to: number): boolean => to - from <= 3 && GAP.test(text.slice(from, to))
  const unit = PER_UNIT.exec(text.slice(sign.end, sign.end + 12))?.[0].length ?? 0
  const before = numbers.find((one) => one.end <= sign.start && close(one.end, sign.start) && !taken.has(one))
  const after = numbers.find((one) => one.start >= sign.end && close(sign.end + unit, one.start) && !taken.has(one))
  if (before === undefined || after === undefined) return before ?? after ?? null
  // «n. 5 € 100,00»: five pieces; «100,00 € 22,00 €»: each has its own behind it.
  const decimals = /[.,]\d{2}$/
  return !decimals.test(before.text) && decimals.test(after.text) && !nextToSign(text, after) ? after : before
}
const nextToSign = (text: string, { end }: Piece): boolean =>
  /^[ \u00a0\u202f]{0,2}(?:€|EUR|euro)(?!\p{L})/iu.test(text.slice(end, end + 8))

/** Amounts in euro. `value` is a decimal number with a point. */
export function amountsIn(text: string, language: string | null): Candidate[] {
  const found: Candidate[] = []
  const add = (one: Piece, rule: Rule, role: 'unit_price' | null): void => {
    const read = readNumber(one.text, language)
    if (read === null) return
    const sure: Rule = read.sure ? rule : 'amount.either_separator'
    found.push(candidate('amount', { value: read.value, shown: one.text, start: one.start, rule: sure, role }))
  }
  const numbers = pieces(text, NUMBER)
  const taken = new Set<Piece>()
  let first = 0
  for (const sign of pieces(text, CURRENCY)) {
    // Only its neighbours are looked at, so that a page of numbers takes no longer than it is long.
    while (first < numbers.length && numbers[first]!.end < sign.start - 4) first += 1
    const number = besides(text, sign, numbers.slice(first, first + 4), taken)
    if (number === null) continue
    taken.add(number)
    const behind = text.slice(sign.end, sign.end + 12)
    add(number, 'amount.currency', PER_UNIT.test(behind) ? 'unit_price' : null)
  }
  for (const one of pieces(text, BARE)) {
    if (SAYS_MONEY.test(text.slice(Math.max(0, one.start - 50), one.start))) add(one, 'amount.named', null)
  }
  return withoutOverlaps(found)
}
