import { addMonths, dateParts, isPlainDate, plainDate, type PlainDate } from './plain-date.ts'
import { factAt } from './condition.ts'

/** A yearly date: it closes `period` of the year that lies `year_offset` years before the year of the date. */
export type FixedDate = { period: 'H1' | 'H2' | 'Y'; month: number; day: number; year_offset: number }

/** When an obligation recurs, as data. */
export type Recurrence =
  | {
      kind: 'fixed_dates'
      dates: readonly FixedDate[]
      /** First year of reference, for rules that began with a reform; null if of no interest. */
      first_period_year: number | null
      /** The plant must have been commissioned by then for the period to count. */
      operating_by: 'period_end' | 'base_date'
    }
  /** Counted from the first of these facts that is known. */
  | { kind: 'every_years'; years: number; from_fields: readonly string[] }
  /** Counted from each meter's `verified_on`, by the meter's `kind`. */
  | { kind: 'per_meter'; years_by_kind: Readonly<Record<string, number>> }

/** One time that a duty falls due, before any shift. `unverified` = facts that could still void or move it. */
export type Occurrence = {
  period: string
  base_date: PlainDate
  meter: string | null
  unverified: readonly string[]
  /** Interval duties stay open until done, so they are shown even if due before the window. */
  stays_open: boolean
}

/** Occurrences, and groups of facts of which one each is needed to know more. */
export type Occurrences = { found: Occurrence[]; missing: (readonly string[])[] }

const COMMISSIONED = 'registry.commissioning_date'

const dateAt = (facts: unknown, path: string): PlainDate | null => {
  const fact = factAt(facts, path)
  return isPlainDate(fact) ? fact : null
}

/** All occurrences whose base date may matter to the window, in no particular order. */
export function occurrences(recurrence: Recurrence, facts: unknown, from: PlainDate, to: PlainDate): Occurrences {
  if (recurrence.kind === 'fixed_dates') return fixedDates(recurrence, facts, from, to)
  if (recurrence.kind === 'every_years') return everyYears(recurrence, facts, from)
  return perMeter(recurrence, facts)
}

const PERIOD_END = { H1: '06-30', H2: '12-31', Y: '12-31' } as const

function fixedDates(
  rule: Extract<Recurrence, { kind: 'fixed_dates' }>,
  facts: unknown,
  from: PlainDate,
  to: PlainDate,
): Occurrences {
  const commissioned = dateAt(facts, COMMISSIONED)
  const found: Occurrence[] = []
  // A year more on both sides, because a shift may carry a date over the edge of the window.
  for (let dueYear = dateParts(from).year - 1; dueYear <= dateParts(to).year + 1; dueYear++) {
    for (const date of rule.dates) {
      const year = dueYear - date.year_offset
      if (rule.first_period_year !== null && year < rule.first_period_year) continue
      const base_date = plainDate(dueYear, date.month, date.day)
      const limit = rule.operating_by === 'base_date' ? base_date : `${year}-${PERIOD_END[date.period]}`
      if (commissioned !== null && commissioned > limit) continue
      found.push({
        period: date.period === 'Y' ? String(year) : `${year}-${date.period}`,
        base_date,
        meter: null,
        unverified: commissioned === null ? [COMMISSIONED] : [],
        stays_open: false,
      })
    }
  }
  return { found, missing: [] }
}

function everyYears(rule: Extract<Recurrence, { kind: 'every_years' }>, facts: unknown, from: PlainDate): Occurrences {
  const known = rule.from_fields.findIndex((field) => dateAt(facts, field) !== null)
  const start = dateAt(facts, rule.from_fields[known] ?? '')
  if (start === null) return { found: [], missing: [rule.from_fields] }
  const base_date = addMonths(start, rule.years * 12)
  // Only the first field is the duty itself: an old start without it may just be a record that nobody entered.
  const unverified = base_date < from ? rule.from_fields.slice(0, known) : []
  return { found: [{ period: base_date, base_date, meter: null, unverified, stays_open: true }], missing: [] }
}

function perMeter(rule: Extract<Recurrence, { kind: 'per_meter' }>, facts: unknown): Occurrences {
  const meters = factAt(facts, 'registry.meters')
  if (!Array.isArray(meters) || meters.length === 0) return { found: [], missing: [['registry.meters']] }
  const result: Occurrences = { found: [], missing: [] }
  for (const [index, meter] of meters.entries()) {
    const serial = factAt(meter, 'serial')
    const verified = dateAt(meter, 'verified_on')
    const kind = String(factAt(meter, 'kind'))
    // A kind is what somebody wrote: «constructor» is no interval.
    const years = Object.hasOwn(rule.years_by_kind, kind) ? rule.years_by_kind[kind] : undefined
    const path = `registry.meters.${index}`
    if (typeof serial !== 'string') result.missing.push([`${path}.serial`])
    if (verified === null) result.missing.push([`${path}.verified_on`])
    if (years === undefined) result.missing.push([`${path}.kind`])
    if (typeof serial !== 'string' || verified === null || years === undefined) continue
    const base_date = addMonths(verified, years * 12)
    const period = `meter:${serial}:${base_date}`
    result.found.push({ period, base_date, meter: serial, unverified: [], stays_open: true })
  }
  return result
}
