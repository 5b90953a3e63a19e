import { evaluate, type Condition } from './condition.ts'
import { lastBusinessDayUpTo, shiftDate, type ShiftRule } from './italian-holidays.ts'
import { occurrences, type Occurrence, type Recurrence } from './obligation-recurrence.ts'
import { addDays, type PlainDate } from './plain-date.ts'

/**
 * How sure a rule is.
 *
 * - `high`: found in at least two independent public sources, for the years it is applied to.
 * - `medium`: found in one source only, or well-known law whose text was not checked.
 * - `low`: found in a weak source, in contradicting sources, or only for past years.
 *
 * A row takes the lowest mark among the parts that decide to whom it applies and when; the shift is marked apart.
 */
export type Confidence = 'high' | 'medium' | 'low'

/** A recurring duty of a plant, wholly as data: an authority's change is a changed row, not changed code. */
export type ObligationRule = {
  id: string
  name_it: string
  name_en: string
  responsible_entity: string
  portal: string
  legal_basis: string
  source: string
  source_year: number
  /** Day on which the row was last held against its sources. */
  reviewed_on: PlainDate
  confidence: Confidence
  applies: Condition
  recurrence: Recurrence
  shift: ShiftRule
  shift_confidence: Confidence
  /** Days before the due date on which the work is opened: a habit of this product, not a rule of the authority. */
  lead_days: number
  /** What to tell the reader where sources disagree or say nothing. */
  doubts: readonly { when: Condition; text: string }[]
}

/** A meter of the registry; every meter listed there is taken to be a fiscal one. */
export type MeterFacts = {
  serial?: string | null
  kind?: 'static' | 'electrodynamic' | 'direct_lv' | (string & {}) | null
  constant_k?: number | null
  verified_on?: PlainDate | null
}

/** What the rules may ask about a plant. Absent and null both mean «not known». Powers in kW, voltage in kV. */
export type PlantFacts = {
  type?: string | null
  status?: string | null
  power_kw?: number | null
  region?: string | null
  registry?: {
    pod?: string | null
    regime?: string | null
    self_consumption?: boolean | null
    sale_mode?: 'partial' | 'total' | (string & {}) | null
    voltage_kv?: number | null
    connection_power_kw?: number | null
    commissioning_date?: PlainDate | null
    adm_license_code?: string | null
    adm_periodicity?: 'annual' | 'semiannual' | (string & {}) | null
    spi_tested_on?: PlainDate | null
    meters?: readonly MeterFacts[] | null
  } | null
}

/** One duty of one period. `obligation` + `period` is its identity and never changes with the window. */
export type DueObligation = Pick<
  ObligationRule,
  | 'name_it'
  | 'name_en'
  | 'responsible_entity'
  | 'portal'
  | 'legal_basis'
  | 'source'
  | 'source_year'
  | 'confidence'
  | 'shift'
  | 'shift_confidence'
> & {
  obligation: string
  /** `2026-H1`, `2027`, `2031-05-04` or `meter:SERIAL:2027-03-01`. */
  period: string
  /** The date as the rule says it. */
  base_date: PlainDate
  /** The date after the authority's shift. */
  due_date: PlainDate
  /** Last business day up to the due date: by when to be done, since not every authority shifts. */
  safe_date: PlainDate
  /** The due date less the lead time. */
  open_date: PlainDate
  meter: string | null
  doubts: readonly string[]
  /** Facts that are not known and that could void or move this one. */
  unverified: readonly string[]
}

/** A duty about which more cannot be said while these facts are unknown; one of several may be enough to tell. */
export type MissingFacts = {
  obligation: string
  fields: readonly string[]
  /** True: the duty may exist but is not listed. False: it is listed and marked `unverified`. */
  blocks: boolean
}

/** What falls due, and what cannot be known. */
export type ObligationOutlook = { due: DueObligation[]; missing: MissingFacts[] }

/**
 * The duties of a plant whose due date lies in `from`…`to` (both inclusive), ordered by due date, then id, then period.
 *
 * Periods that ended before the commissioning date are left out; the half or year of the commissioning counts whole.
 * Duties every so many years have one open occurrence, counted from the last recorded test: it is listed also when it
 * fell due before `from`, because nothing recorded says that it was done. Nothing is projected beyond it.
 */
export function dueObligations(
  facts: PlantFacts,
  from: PlainDate,
  to: PlainDate,
  catalogue: readonly ObligationRule[],
): ObligationOutlook {
  const outlook: ObligationOutlook = { due: [], missing: [] }
  for (const rule of catalogue) {
    const applies = evaluate(rule.applies, facts)
    if (applies.holds === null) {
      outlook.missing.push({ obligation: rule.id, fields: applies.missing, blocks: true })
    }
    if (applies.holds !== true) continue
    const { found, missing } = occurrences(rule.recurrence, facts, from, to)
    for (const fields of missing) outlook.missing.push({ obligation: rule.id, fields, blocks: true })
    const due = found.map((occurrence) => dueFrom(rule, occurrence, facts))
    const shown = due.filter((one, index) => one.due_date <= to && (one.due_date >= from || found[index]?.stays_open))
    outlook.due.push(...shown)
    for (const field of new Set(shown.flatMap((one) => one.unverified))) {
      outlook.missing.push({ obligation: rule.id, fields: [field], blocks: false })
    }
  }
  outlook.due.sort(byDueDate)
  return outlook
}

function dueFrom(rule: ObligationRule, occurrence: Occurrence, facts: PlantFacts): DueObligation {
  const due_date = shiftDate(occurrence.base_date, rule.shift)
  return {
    obligation: rule.id,
    period: occurrence.period,
    base_date: occurrence.base_date,
    due_date,
    safe_date: lastBusinessDayUpTo(due_date),
    open_date: addDays(due_date, -rule.lead_days),
    meter: occurrence.meter,
    name_it: rule.name_it,
    name_en: rule.name_en,
    responsible_entity: rule.responsible_entity,
    portal: rule.portal,
    legal_basis: rule.legal_basis,
    source: rule.source,
    source_year: rule.source_year,
    confidence: rule.confidence,
    shift: rule.shift,
    shift_confidence: rule.shift_confidence,
    // A doubt whose condition cannot be known is told as well.
    doubts: rule.doubts.filter((doubt) => evaluate(doubt.when, facts).holds !== false).map((doubt) => doubt.text),
    unverified: occurrence.unverified,
  }
}

function byDueDate(one: DueObligation, other: DueObligation): number {
  const keys = [one.due_date, one.obligation, one.period]
  const others = [other.due_date, other.obligation, other.period]
  const index = keys.findIndex((key, place) => key !== others[place])
  return index < 0 ? 0 : (keys[index] ?? '') < (others[index] ?? '') ? -1 : 1
}
