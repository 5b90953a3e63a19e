/** What can be found in a document. A value that is shown to people stays as it was written (`shown`); `value` is its normal form. */
export const FIELD_KINDS = [
  ...(['date', 'amount', 'pod', 'tax_code', 'vat_number', 'adm_license_code', 'gaudi_code', 'up_code'] as const),
  ...(['iban', 'protocol_number', 'pec', 'authority'] as const),
] as const
export type FieldKind = (typeof FIELD_KINDS)[number]

/** What the words before a date or an amount say of it. */
export const ROLES = {
  date: [
    ...(['expiry', 'due', 'issue', 'protocol', 'start', 'end', 'signature', 'test', 'next_check'] as const),
    ...(['birth', 'law'] as const),
  ],
  amount: ['total', 'amount', 'fee', 'tax_base', 'vat', 'deposit', 'penalty', 'unit_price', 'price'],
} as const
export const ALL_ROLES = [...ROLES.date, ...ROLES.amount] as const
export type Role = (typeof ALL_ROLES)[number]

/**
 * How sure each rule is that what it found is what it says: 0.99 where a check digit holds and the words name it, 0.9 and more
 * where the form is seldom anything else, 0.5 where it may as well be. Estimates of ours, not measured frequencies; text that was
 * read by OCR has them multiplied by the page's own confidence.
 */
export const CONFIDENCE = {
  'date.month_name': 0.97,
  'date.iso': 0.95,
  'date.day_first': 0.9,
  'date.in_words': 0.9,
  'date.month_first': 0.6,
  'date.either_first': 0.5,
  'date.short_year': 0.5,
  'amount.currency': 0.95,
  'amount.either_separator': 0.6,
  'amount.named': 0.6,
  'pod.named': 0.97,
  'pod.form': 0.9,
  'pod.letters': 0.6,
  'tax_code.check_letter': 0.99,
  'tax_code.check_digit': 0.99,
  'vat_number.named': 0.99,
  'vat_number.check_digit': 0.5,
  'adm_license_code.named': 0.95,
  'adm_license_code.form': 0.8,
  'gaudi_code.form': 0.9,
  'up_code.form': 0.8,
  'iban.check_digits': 0.99,
  'protocol_number.named': 0.85,
  'pec.named': 0.9,
  'pec.domain': 0.8,
  'authority.letterhead': 0.9,
  'authority.mentioned': 0.6,
} as const
export type Rule = keyof typeof CONFIDENCE

/** A value in a page's text, before it is known what the words around it say. */
export type Candidate = {
  kind: FieldKind
  value: string
  shown: string
  /** Places in the page's text, in UTF-16 units. */
  start: number
  length: number
  rule: Rule
  role: Role | null
}

/** `learned`: the company's own corrections say what role it has. */
export type Finding = Candidate & {
  page: number
  passage: string
  confidence: number
  by: 'rule' | 'learned'
  /** The words before it, as corrections are remembered by. */
  cues: string[]
}

/** A match of a pattern as a candidate. */
export const candidate = (
  kind: FieldKind,
  {
    value,
    shown,
    start,
    rule,
    role = null,
  }: Pick<Candidate, 'value' | 'shown' | 'start' | 'rule'> & { role?: Role | null },
): Candidate => ({ kind, value, shown, start, length: shown.length, rule, role })

/** Of two that lie over each other the one that is earlier in the list stays. */
export function withoutOverlaps<T extends { start: number; length: number }>(candidates: readonly T[]): T[] {
  const ranked = candidates.map((one, rank) => ({ one, rank })).toSorted((a, b) => a.one.start - b.one.start)
  const kept: typeof ranked = []
  for (const next of ranked) {
    const last = kept.at(-1)
    if (last === undefined || last.one.start + last.one.length <= next.one.start) kept.push(next)
    else if (next.rank < last.rank) kept[kept.length - 1] = next
  }
  return kept.map(({ one }) => one)
}
