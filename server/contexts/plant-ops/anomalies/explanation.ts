import type { Cause, CauseKind } from './causes.ts'

type Language = 'it' | 'en'
export type Explained = {
  unit: string
  causes: readonly Cause[]
  /** Of missing data that the clock told: time of the last good reading, and in which zone it is said. */
  since?: Date | null
  zone?: string
}
type Facts = { value: string; low: string; high: string; times: string; lasted: string; usual: string }

/** Codes of units that people know by another sign. */
const SIGNS: Record<string, string> = { Cel: '°C', deg: '°', '[degF]': '°F', '1': '' }
/** How people write a unit: °C for Cel. */
export const signOf = (unit: string): string => SIGNS[unit] ?? unit

const numbers = {
  it: new Intl.NumberFormat('it', { maximumSignificantDigits: 4, useGrouping: true }),
  en: new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: true }),
}

const RANGE = {
  it: ({ low, high }: Facts): string => `atteso da ${low} a ${high}`,
  en: ({ low, high }: Facts): string => `expected ${low} to ${high}`,
}

const ON_AVERAGE = {
  it: (value: string): string => `${value} in media`,
  en: (value: string): string => `${value} on average`,
}

const SENTENCES: Record<CauseKind, Record<Language, (facts: Facts) => string>> = {
  limit: {
    it: ({ value, low, high }) => `${value}, fuori dai limiti impostati (${low} – ${high})`,
    en: ({ value, low, high }) => `${value}, outside the limits that were set (${low} – ${high})`,
  },
  rate: {
    it: ({ value, high, times }) => `${value}, variazione ${times} volte quella ammessa (${high} al secondo)`,
    en: ({ value, high, times }) => `${value}, a change ${times} times what is allowed (${high} per second)`,
  },
  spike: {
    it: (facts) => `${facts.value}, un salto improvviso: ${RANGE.it(facts)}; ${facts.times} volte la variazione usuale`,
    en: (facts) => `${facts.value}, a sudden jump: ${RANGE.en(facts)}; ${facts.times} times the usual change`,
  },
  level: {
    it: (facts) => `${facts.value}, ${RANGE.it(facts)}; ${facts.times} volte lo scarto usuale`,
    en: (facts) => `${facts.value}, ${RANGE.en(facts)}; ${facts.times} times the usual spread`,
  },
  season: {
    it: (facts) => `${facts.value}, ${RANGE.it(facts)} a quest’ora; ${facts.times} volte lo scarto usuale`,
    en: (facts) => `${facts.value}, ${RANGE.en(facts)} for this hour; ${facts.times} times the usual spread`,
  },
  week: {
    it: (facts) =>
      `${facts.value}, ${RANGE.it(facts)} a quest’ora di questo giorno della settimana; ${facts.times} volte lo scarto usuale`,
    en: (facts) =>
      `${facts.value}, ${RANGE.en(facts)} for this hour on this day of the week; ${facts.times} times the usual spread`,
  },
  drift: {
    it: (facts) => `${facts.value}, in lento allontanamento: ${RANGE.it(facts)}; ${facts.times} volte lo scarto usuale`,
    en: (facts) => `${facts.value}, moving away slowly: ${RANGE.en(facts)}; ${facts.times} times the usual spread`,
  },
  flat: {
    it: ({ value, lasted }) => `fermo a ${value} da ${lasted}, più a lungo che mai`,
    en: ({ value, lasted }) => `stuck at ${value} for ${lasted}, longer than ever`,
  },
  gap: {
    it: ({ lasted, usual }) => `nessuna lettura per ${lasted}; di solito una ogni ${usual}`,
    en: ({ lasted, usual }) => `no reading for ${lasted}; usually one every ${usual}`,
  },
  model: {
    it: (facts) =>
      `${facts.value}, per il modello del sensore ${RANGE.it(facts)}; ${facts.times} volte il suo errore usuale`,
    en: (facts) => `${facts.value}, by the sensor’s model ${RANGE.en(facts)}; ${facts.times} times its usual error`,
  },
}

/** More than two say the same again. */
const MOST_SENTENCES = 2

const SILENT: Record<Language, (facts: { since: string; usual: string; lasted: string | null }) => string> = {
  it: ({ since, usual, lasted }) =>
    `nessuna lettura valida dal ${since}${lasted === null ? '' : `, per ${lasted}`}; di solito una ogni ${usual}`,
  en: ({ since, usual, lasted }) =>
    `no good reading since ${since}${lasted === null ? '' : `, for ${lasted}`}; usually one every ${usual}`,
}
const INSTANT = { dateStyle: 'long', timeStyle: 'medium' } as const
const LOCALE = { it: 'it-IT', en: 'en-GB' } as const

function silentFor(language: Language, since: Date, zone: string, { high, lasted_ms }: Cause): string {
  const shown = new Intl.DateTimeFormat(LOCALE[language], { ...INSTANT, timeZone: zone }).format(since)
  const lasted = lasted_ms === null ? null : lasting(language, lasted_ms)
  return SILENT[language]({ since: `${shown} (${zone})`, usual: lasting(language, high ?? 0), lasted })
}

/** Why, in words: a sentence for each of the strongest causes. */
export function explain(language: Language, { unit, causes, since = null, zone = 'UTC' }: Explained): string {
  if (since !== null && causes[0] !== undefined) return silentFor(language, since, zone, causes[0])
  const sign = signOf(unit)
  const measured = (x: number | null): string =>
    x === null ? '…' : `${numbers[language].format(x)}${sign === '' ? '' : ` ${sign}`}`
  const sentences = causes.slice(0, MOST_SENTENCES).map(({ kind, observed, averaged, low, high, times, lasted_ms }) =>
    SENTENCES[kind][language]({
      ...{
        value: averaged ? ON_AVERAGE[language](measured(observed)) : measured(observed),
        low: measured(low),
        high: measured(high),
      },
      times:
        times === null ? '…' : numbers[language].format(times < 10 ? Math.round(times * 10) / 10 : Math.round(times)),
      ...{ lasted: lasting(language, lasted_ms ?? 0), usual: lasting(language, high ?? 0) },
    }),
  )
  return sentences.join('. ')
}

const DURATIONS = [
  { size: 86_400_000, it: 'giorni', en: 'days' },
  { size: 3_600_000, it: 'ore', en: 'hours' },
  { size: 60_000, it: 'min', en: 'min' },
  { size: 1_000, it: 's', en: 's' },
]
const MILLISECONDS = { size: 1, it: 'ms', en: 'ms' }

/** In the greatest unit of which it holds two: 90 min, 26 hours. */
function lasting(language: Language, ms: number): string {
  const unit = DURATIONS.find(({ size }) => ms >= 2 * size) ?? (ms < 1_000 ? MILLISECONDS : DURATIONS.at(-1)!)
  return `${numbers[language].format(Math.round((ms / unit.size) * 10) / 10)} ${unit[language]}`
}
