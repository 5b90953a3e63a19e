import { type Candidate, candidate, type Rule, withoutOverlaps } from './finding.ts'

const ITALIAN = 'gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre'.split(
  ' ',
)
const ENGLISH = 'january february march april may june july august september october november december'.split(' ')
const SHORT = 'gen,jan feb mar apr mag,may giu,jun lug,jul ago,aug set,sett,sep,sept ott,oct nov dic,dec'.split(' ')
const MONTHS = new Map<string, number>()
for (let month = 0; month < 12; month += 1) {
  for (const name of [ITALIAN[month]!, ENGLISH[month]!, ...SHORT[month]!.split(',')]) MONTHS.set(name, month + 1)
}
const longestFirst = (words: Iterable<string>): string => [...words].toSorted((a, b) => b.length - a.length).join('|')
const MONTH = longestFirst(MONTHS.keys())

const TENS = ['', 'dieci', 'venti', 'trenta', 'quaranta', 'cinquanta', 'sessanta', 'settanta', 'ottanta', 'novanta']
const ONES = ['', 'uno', 'due', 'tre', 'quattro', 'cinque', 'sei', 'sette', 'otto', 'nove']
const TEENS = 'dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove'.split(' ')
/** 0 to 99 in Italian; tens lose their last vowel before uno and otto: ventuno, trentotto. */
function italianNumber(number: number): string {
  if (number < 10) return ONES[number]!
  if (number < 20) return TEENS[number - 10]!
  const [tens, ones] = [TENS[Math.floor(number / 10)]!, ONES[number % 10]!]
  return (/^[uo]/.test(ones) ? tens.slice(0, -1) : tens) + ones
}
const ORDINALS =
  `first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
   seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth
   twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first`.split(/\s+/)
const DAYS = new Map<string, number>([['primo', 1]])
for (let day = 1; day <= 31; day += 1) DAYS.set(italianNumber(day), day).set(ORDINALS[day - 1]!, day)
const YEARS = new Map<string, number>()
for (let year = 0; year < 100; year += 1) YEARS.set(`duemila${italianNumber(year)}`, 2000 + year)

// Every quantifier is bounded and no two that stand beside each other take the same characters: time grows with the length alone.
const NOT_WITHIN = '(?<![\\p{L}\\p{N}]|\\d[.,/-])'
const ENDED = '(?![\\p{L}\\p{N}]|[./-]\\d)'
const NUMERIC = new RegExp(`${NOT_WITHIN}(\\d{1,4})( ?/ ?|[.-])(\\d{1,2})\\2(\\d{4}|\\d{1,2})${ENDED}`, 'gu')
const DAY_MONTH = new RegExp(
  `${NOT_WITHIN}(\\d{1,2})(?:°|º|st|nd|rd|th)?(?: (?:of|day of))?[ \\n.-]{1,2}(${MONTH})[.,]?[ \\n-]{1,2}(\\d{4})${ENDED}`,
  'giu',
)
const MONTH_DAY = new RegExp(
  `${NOT_WITHIN}(${MONTH})\\.?[ \\n]{1,2}(\\d{1,2})(?:st|nd|rd|th)?,?[ \\n]{1,2}(\\d{4})${ENDED}`,
  'giu',
)
const IN_WORDS = new RegExp(
  `${NOT_WITHIN}(${longestFirst(DAYS.keys())})(?: del mese di| day of| of)?[ \\n](${MONTH})(?: dell['’]anno)?[, \\n]{1,2}(\\d{4}|${longestFirst(YEARS.keys())})${ENDED}`,
  'giu',
)

/** YYYY-MM-DD, or null for a day that is not there or a year that no document has. */
export function dayOf(year: number, month: number, day: number): string | null {
  if (year < 1900 || year > 2150 || month < 1 || month > 12 || day < 1) return null
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null
  return [String(year), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-')
}

// Two digits: 00 to 49 are of this century. Documents look back further than forward, but a plant's contract may end in 2046.
const longYear = (digits: string): number =>
  Number(digits) + (digits.length > 2 ? 0 : Number(digits) < 50 ? 2000 : 1900)

type Read = { value: string; rule: Rule } | null

/** In Italian the day comes first; in English as it may be: British and American documents cannot be told apart where both fit. */
function numericDate([, a, separator, b, c]: RegExpExecArray, language: string | null): Read {
  if (a!.length === 4) {
    const value = c!.length > 2 || separator!.includes('.') ? null : dayOf(Number(a), Number(b), Number(c))
    return value === null ? null : { value, rule: 'date.iso' }
  }
  // 12.03.26 is a version, a paragraph or an address as often as a day.
  if (a!.length > 2 || c!.length === 1 || (c!.length === 2 && (separator === '.' || a!.length + b!.length < 3)))
    return null
  const year = longYear(c!)
  const [dayFirst, monthFirst] = [dayOf(year, Number(b), Number(a)), dayOf(year, Number(a), Number(b))]
  const value = dayFirst ?? monthFirst
  if (value === null) return null
  if (c!.length === 2) return dayFirst === null ? null : { value, rule: 'date.short_year' }
  if (dayFirst === null) return language === 'it' ? null : { value, rule: 'date.month_first' }
  const open = language === 'en' && separator!.includes('/') && monthFirst !== null && monthFirst !== dayFirst
  return { value, rule: open ? 'date.either_first' : 'date.day_first' }
}

const named = (day: string, month: string, year: string, rule: Rule): Read => {
  const value = dayOf(
    YEARS.get(year.toLowerCase()) ?? Number(year),
    MONTHS.get(month.toLowerCase())!,
    DAYS.get(day.toLowerCase()) ?? Number(day),
  )
  return value === null ? null : { value, rule }
}

/** Dates in Italian and English. A date that cannot be (31 February) is none. */
export function datesIn(text: string, language: string | null): Candidate[] {
  const found: Candidate[] = []
  const collect = (pattern: RegExp, read: (match: RegExpExecArray) => Read): void => {
    for (const match of text.matchAll(pattern)) {
      const one = read(match)
      if (one !== null) found.push(candidate('date', { ...one, shown: match[0], start: match.index }))
    }
  }
  collect(DAY_MONTH, ([, day, month, year]) => named(day!, month!, year!, 'date.month_name'))
  collect(MONTH_DAY, ([, month, day, year]) => named(day!, month!, year!, 'date.month_name'))
  collect(IN_WORDS, ([, day, month, year]) => named(day!, month!, year!, 'date.in_words'))
  collect(NUMERIC, (match) => numericDate(match, language))
  return withoutOverlaps(found)
}
