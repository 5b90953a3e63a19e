import {
  checkIban,
  checkPod,
  checkTaxCode,
  checkVatNumber,
  normaliseAdmLicenseCode,
  normaliseIdentifier,
  normaliseVatNumber,
} from '#contexts/plants'
import { dayOf } from './dates.ts'
import type { FieldKind } from './finding.ts'

type Told = { value: string; message: null } | { value: null; message: string }
const right = (value: string): Told => ({ value, message: null })
const wrong = (message: string): Told => ({ value: null, message })

const checked =
  (spell: (value: string) => string, check: (value: string) => { message: string } | null) =>
  (value: string): Told => {
    const spelled = spell(value)
    const finding = check(spelled)
    return finding === null ? right(spelled) : wrong(finding.message)
  }

function day(value: string): Told {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  const real = year === undefined ? null : dayOf(Number(year), Number(month), Number(date))
  return real === null ? wrong('must be a day, YYYY-MM-DD') : right(real)
}

function amount(value: string): Told {
  const [, whole, decimals = ''] = /^(-?\d{1,15})(?:\.(\d{1,6}))?$/.exec(value) ?? []
  return whole === undefined
    ? wrong('must be a decimal number with a point')
    : right(`${whole}.${decimals.padEnd(2, '0')}`)
}

const RULES: Partial<Record<FieldKind, (value: string) => Told>> = {
  date: day,
  amount,
  pod: checked(normaliseIdentifier, (value) => (/^IT\d{3}E[0-9A-Z]{8,9}$/.test(value) ? null : checkPod(value))),
  tax_code: checked(normaliseIdentifier, checkTaxCode),
  vat_number: checked(normaliseVatNumber, checkVatNumber),
  iban: checked(normaliseIdentifier, checkIban),
  adm_license_code: (value) => right(normaliseAdmLicenseCode(value)),
  gaudi_code: (value) => right(normaliseIdentifier(value)),
  up_code: (value) => right(normaliseIdentifier(value)),
  pec: (value) => right(value.trim().toLowerCase()),
}

/** A value that a person tells, in the normal form of its kind, or why it cannot be one. */
export const toldValue = (kind: FieldKind, value: string): Told => RULES[kind]?.(value) ?? right(value.trim())
