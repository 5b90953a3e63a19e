import { OBLIGATION_CATALOGUE } from './obligation-catalogue.ts'
import { dueObligations, type DueObligation, type ObligationOutlook, type PlantFacts } from './obligation-rules.ts'
import { dateParts, plainDate, type PlainDate } from './plain-date.ts'

/** A plant as far as its duties depend on it. `entered_on`: the day on which it was entered here. */
export type ObligedPlant = PlantFacts & { country: string; entered_on: PlainDate; hidden: boolean }

/**
 * - `open`: to be done; late is not a status but a date in the past.
 * - `untracked`: it fell due before the plant was entered here, so nobody knows whether it was done.
 * - `withdrawn`: it no longer follows from what is known about the plant.
 */
export type ObligationStatus = 'open' | 'completed' | 'untracked' | 'withdrawn'

/** What a row says about a duty, besides who changed it and when. */
export type ObligationRow = {
  obligation: string
  period: string
  base_date: PlainDate
  due_date: PlainDate
  status: ObligationStatus
  responsible_entity: string
  source: string
  source_year: number
  confidence: string
  doubts: readonly string[]
  unverified: readonly string[]
}

/** Rows to write, and the earliest that is open then. */
export type ObligationPlan = { write: ObligationRow[]; next: { due_date: PlainDate; obligation: string } | null }

/** From the first day of today's year to the last of the year after: what is due now, and what can be planned. */
export function obligationWindow(today: PlainDate): { from: PlainDate; to: PlainDate } {
  const { year } = dateParts(today)
  return { from: plainDate(year, 1, 1), to: plainDate(year + 1, 12, 31) }
}

/** The catalogue is Italian law: a plant elsewhere, or one that is hidden, has none of its duties. */
export function outlookOf(plant: ObligedPlant, from: PlainDate, to: PlainDate): ObligationOutlook {
  const catalogue = plant.country === 'IT' && !plant.hidden ? OBLIGATION_CATALOGUE : []
  return dueObligations(plant, from, to, catalogue)
}

const keyOf = (row: { obligation: string; period: string }): string => `${row.obligation} ${row.period}`

/** What must change so that the rows are what follows today. Nothing is removed, and what was completed is left alone. */
export function planObligations(plant: ObligedPlant, rows: readonly ObligationRow[], today: PlainDate): ObligationPlan {
  const { from, to } = obligationWindow(today)
  const known = new Map(rows.map((row) => [keyOf(row), row]))
  const following = new Map(outlookOf(plant, from, to).due.map((due) => [keyOf(due), due]))
  // A duty of an earlier year stays what it was when the window moves on: it is judged by a window of its own.
  const earliest = rows.reduce((first, row) => (row.due_date < first ? row.due_date : first), from)
  if (earliest < from) {
    for (const due of outlookOf(plant, earliest, from).due) if (known.has(keyOf(due))) following.set(keyOf(due), due)
  }
  const after = new Map(known)
  for (const [key, due] of following) after.set(key, rowOf(due, plant, known.get(key)))
  for (const [key, row] of known) {
    if (!following.has(key) && row.status !== 'completed') after.set(key, { ...row, status: 'withdrawn' })
  }
  const write = [...after].filter(([key, row]) => !same(row, known.get(key))).map(([, row]) => row)
  const open = [...after.values()].filter((row) => row.status === 'open').toSorted(byDueDate)
  const [first] = open
  return { write, next: first ? { due_date: first.due_date, obligation: first.obligation } : null }
}

function rowOf(due: DueObligation, plant: ObligedPlant, known: ObligationRow | undefined): ObligationRow {
  if (known?.status === 'completed') return known
  const { obligation, period, base_date, due_date, responsible_entity, source, source_year, confidence } = due
  const { doubts, unverified } = due
  const status = due_date < plant.entered_on ? 'untracked' : 'open'
  return {
    ...{ obligation, period, base_date, due_date, status, responsible_entity, source, source_year, confidence },
    ...{ doubts, unverified },
  }
}

const FIELDS = [
  'base_date',
  'due_date',
  'status',
  'responsible_entity',
  'source',
  'source_year',
  'confidence',
  'doubts',
  'unverified',
] as const satisfies readonly (keyof ObligationRow)[]

const same = (one: ObligationRow, other: ObligationRow | undefined): boolean =>
  other !== undefined && FIELDS.every((field) => JSON.stringify(one[field]) === JSON.stringify(other[field]))

const byDueDate = (one: ObligationRow, other: ObligationRow): number =>
  one.due_date === other.due_date ? (keyOf(one) < keyOf(other) ? -1 : 1) : one.due_date < other.due_date ? -1 : 1
