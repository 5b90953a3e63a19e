import { searchable } from '#contexts/plants'
import { lastBusinessDayUpTo } from './italian-holidays.ts'
import { OBLIGATION_CATALOGUE } from './obligation-catalogue.ts'
import type { ObligationRule } from './obligation-rules.ts'
import type { PlainDate } from './plain-date.ts'

const rules = new Map<string, ObligationRule>(OBLIGATION_CATALOGUE.map((rule) => [rule.id, rule]))

/** The texts of a duty as the catalogue has them today; an id that left the catalogue speaks for itself. */
export function textsOf(obligation: string) {
  const rule = rules.get(obligation)
  return {
    name_it: rule?.name_it ?? obligation,
    name_en: rule?.name_en ?? obligation,
    portal: rule?.portal ?? null,
    legal_basis: rule?.legal_basis ?? null,
  }
}

const textOf = ({ id, name_it, name_en, portal, legal_basis, responsible_entity }: ObligationRule): string =>
  searchable([id, name_it, name_en, portal, legal_basis, responsible_entity].join(' '))

/** The duties whose id, names, portal, legal ground or authority hold a text, without accents and whatever its case. */
export function dutiesNamed(text: string): string[] {
  const wanted = searchable(text)
  if (wanted === '') return []
  return OBLIGATION_CATALOGUE.filter((rule) => textOf(rule).includes(wanted)).map((rule) => rule.id)
}

/** By when to act, since not every authority takes a filing on the next working day. */
export const safeDate = (due_date: PlainDate): PlainDate => lastBusinessDayUpTo(due_date)

/** Late is what is open and was due before today; the due date itself is in time. */
export const isLate = (row: { status: string; due_date: PlainDate }, today: PlainDate): boolean =>
  row.status === 'open' && row.due_date < today
