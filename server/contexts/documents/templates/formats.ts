/** How dates, times, numbers and money are written in Italian and in British English. */
export type Language = 'it' | 'en'
export const LANGUAGES = ['it', 'en'] as const satisfies readonly Language[]

const MONTHS: Record<Language, readonly string[]> = {
  it: ['gennaio', 'febbraio', 'marzo', 'aprile', 'maggio', 'giugno', 'luglio', 'agosto', 'settembre', 'ottobre'].concat(
    ['novembre', 'dicembre'],
  ),
  en: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'].concat([
    'November',
    'December',
  ]),
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
function partsOf(day: string): [year: string, month: string, date: string] {
  const found = DAY.exec(day)
  if (found === null || Number.isNaN(Date.parse(`${day}T00:00:00Z`)))
    throw new RangeError(`is no date: ${day.slice(0, 40)}`)
  return [found[1]!, found[2]!, found[3]!]
}

/** `2026-11-21` as 21/11/2026, in both languages. */
export function dayText(day: string): string {
  const [year, month, date] = partsOf(day)
  return `${date}/${month}/${year}`
}

/** `2026-11-21` as 21 novembre 2026 or 21 November 2026; the first of a month is 1º in Italian. */
export function dayWords(day: string, language: Language): string {
  const [year, month, date] = partsOf(day)
  const first = language === 'it' && date === '01' ? '1º' : String(Number(date))
  return `${first} ${MONTHS[language][Number(month) - 1]!} ${year}`
}

/** The day and the time of day of an instant in a zone. */
export function instantIn(instant: string, timeZone: string): { day: string; time: string } {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) throw new RangeError(`is no time: ${instant.slice(0, 40)}`)
  const shape = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  // Swedish dates are written year-month-day.
  const [day = '', time = ''] = new Intl.DateTimeFormat('sv-SE', { timeZone, ...shape }).format(at).split(' ')
  return { day, time }
}
export const timeText = (time: string): string => time.slice(0, 5)

const DECIMAL = /^-?\d{1,15}(\.\d{1,20})?$/
const LOCALE = { it: 'it-IT', en: 'en-GB' } as const

/** 1.234,5 or 1,234.5. A decimal that came as text keeps its digits: it does not go through a double. */
export function numberText(value: unknown, language: Language, from: number, to: number): string {
  const known = typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && DECIMAL.test(value)
  if (!known) throw new RangeError(`is no number: ${String(value).slice(0, 40)}`)
  // Italian groups from five digits on by habit of the library; papers group from four on.
  const shape = { minimumFractionDigits: from, maximumFractionDigits: to, useGrouping: 'always' } as const
  return new Intl.NumberFormat(LOCALE[language], shape).format(value as Intl.StringNumericLiteral)
}

/** 1.234,50 € or €1,234.50: of {amount, currency}, or of a number whose currency the filter names. `digits`: of a price by unit. */
export function moneyText(value: unknown, currency: string | null, language: Language, digits?: number): string {
  const pair = (typeof value === 'object' && value !== null ? value : { amount: value, currency }) as {
    amount: unknown
    currency: unknown
  }
  const code = String(currency ?? pair.currency)
  if (!/^[A-Z]{3}$/.test(code)) throw new RangeError('has no currency')
  const places = digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }
  const shape = { style: 'currency', currency: code, useGrouping: 'always', ...places } as const
  numberText(pair.amount, language, 0, 2)
  return new Intl.NumberFormat(LOCALE[language], shape).format(pair.amount as Intl.StringNumericLiteral)
}
