import {
  checkIban,
  checkPod,
  checkTaxCode,
  checkVatNumber,
  normaliseAdmLicenseCode,
  normaliseIdentifier,
} from '#contexts/plants'
import { type Candidate, candidate, type FieldKind, type Rule, withoutOverlaps } from './finding.ts'

const EDGE = '(?<![\\p{L}\\p{N}_])'
const END = '(?![\\p{L}\\p{N}_])'
const codePattern = (body: string): RegExp => new RegExp(`${EDGE}${body}${END}`, 'gu')

// Spaces stand where people put them, one at most: IT 001 E 12345678.
const POD = codePattern('IT ?\\d{3} ?E ?\\d{8}[0-9A-Z]?')
/** Some distributors are said to have letters among the eight; no source was found, so only where «POD» stands before it. */
const POD_WITH_LETTERS = codePattern('IT ?\\d{3} ?E ?(?=[0-9A-Z]{0,7}\\d)[0-9A-Z]{8}[0-9A-Z]?')
const PERSON = codePattern(
  '[A-Za-z]{6}[0-9LMNPQRSTUVlmnpqrstuv]{2}[A-Za-z][0-9LMNPQRSTUVlmnpqrstuv]{2}[A-Za-z][0-9LMNPQRSTUVlmnpqrstuv]{3}[A-Za-z]',
)
const ELEVEN = codePattern('(?:IT ?)?\\d{11}')
const ADM = codePattern('(?:IT00)?[A-Z]{2}E ?\\d{5}[A-Z]')
const GAUDI = codePattern('IM_[0-9A-Z]{7}')
const UP = codePattern('UPN?_[0-9A-Z]{1,30}(?:_[0-9A-Z]{1,20}){0,3}_\\d{1,3}')
const IBAN = codePattern('IT ?\\d{2} ?[A-Z](?: ?[0-9A-Z]{1,4}){5,10}')
const PEC = new RegExp(
  `${EDGE}[\\p{L}\\p{N}][\\p{L}\\p{N}._+-]{0,63}@[\\p{L}\\p{N}-]{1,63}(?:\\.[\\p{L}\\p{N}-]{1,63}){1,4}`,
  'gu',
)
/** Labels of domains of certified mail, as providers name them; there is no rule for them. */
const PEC_DOMAIN =
  /@(?:[\w-]+\.)*(?:pec|[\w-]*pec|legalmail|postacert|postecert|cert|mypec|gigapec|arubapec|sicurezzapostale|actaliscertymail)\.|@pec\./i
const PROTOCOL =
  /(?<![\p{L}\p{N}])(?:prot(?:ocollo|ocol)?\.?|aoo)(?: generale)?[ \n]{0,2}(?:(?:n(?:umero|umber|um|r|o)?|num)\.?[°º]?|:|#)?[ \n.:]{0,3}(?:(?:n|no|nr)\.?[°º]?[ :]{0,2})?([\p{L}\p{N}][\p{L}\p{N}./_-]{1,39})/giu

const before = (text: string, start: number): string => text.slice(Math.max(0, start - 40), start)
const POD_WORD = /(?<!\p{L})(?:pod|punto di (?:prelievo|consegna|immissione)|point of delivery)(?!\p{L})[^\n]{0,30}$/iu
const VAT_WORD = /(?<!\p{L})(?:p\.? ?i(?:\.? ?v\.? ?a)?\.?|partita iva|piva|vat)(?!\p{L})[^\n\d]{0,24}$/iu
const TAX_WORD = /(?<!\p{L})(?:c\.? ?f\.?|cod(?:ice|\.) ?fisc(?:ale|\.)|tax code|fiscal code)(?!\p{L})[^\n\d]{0,24}$/iu
const ADM_WORD =
  /(?:codice (?:ditta|accisa|identificativo|officina)|officina|licenza|licen[cs]e|excise)(?!\p{L})[^\n]{0,30}$/iu

type Judge = (value: string, words: string) => { kind: FieldKind; rule: Rule } | null

const personOrNone: Judge = (value) =>
  checkTaxCode(value) === null ? { kind: 'tax_code', rule: 'tax_code.check_letter' } : null

/** Eleven digits whose check digit holds: one number in ten does, so the words before them say what they are. */
const elevenDigits: Judge = (value, words) => {
  if (checkVatNumber(value) !== null) return null
  if (value.startsWith('IT') || VAT_WORD.test(words)) return { kind: 'vat_number', rule: 'vat_number.named' }
  if (TAX_WORD.test(words)) return { kind: 'tax_code', rule: 'tax_code.check_digit' }
  return { kind: 'vat_number', rule: 'vat_number.check_digit' }
}

const always =
  (kind: FieldKind, rule: Rule): Judge =>
  () => ({ kind, rule })
const ifNamed =
  (kind: FieldKind, word: RegExp, named: Rule, otherwise: Rule | null): Judge =>
  (_value, words) =>
    word.test(words) ? { kind, rule: named } : otherwise && { kind, rule: otherwise }

const withoutCountry = (value: string): string => value.replace(/^IT(?=\d{11}$)/, '')
const FORMS: readonly { pattern: RegExp; judge: Judge; spell?: (value: string) => string }[] = [
  { pattern: IBAN, judge: (value) => (checkIban(value) === null ? { kind: 'iban', rule: 'iban.check_digits' } : null) },
  {
    pattern: POD,
    judge: (value, words) =>
      checkPod(value) === null ? ifNamed('pod', POD_WORD, 'pod.named', 'pod.form')(value, words) : null,
  },
  { pattern: POD_WITH_LETTERS, judge: ifNamed('pod', POD_WORD, 'pod.letters', null) },
  { pattern: PERSON, judge: personOrNone },
  { pattern: ELEVEN, judge: elevenDigits, spell: withoutCountry },
  {
    pattern: ADM,
    judge: ifNamed('adm_license_code', ADM_WORD, 'adm_license_code.named', 'adm_license_code.form'),
    spell: normaliseAdmLicenseCode,
  },
  { pattern: GAUDI, judge: always('gaudi_code', 'gaudi_code.form') },
  { pattern: UP, judge: always('up_code', 'up_code.form') },
]

/** Of an IBAN that is followed by words in capitals, as much as is one. */
const trimmedIban = (shown: string): string => {
  let [at, count] = [0, 0]
  for (; at < shown.length && count < 27; at += 1) if (shown[at] !== ' ') count += 1
  return shown.slice(0, at)
}

/** Codes with a form or a check digit of their own: connection points, tax codes, licences, accounts. */
export function codesIn(text: string): Candidate[] {
  const found: Candidate[] = []
  for (const { pattern, judge, spell = (value: string) => value } of FORMS) {
    for (const { 0: whole, index: start } of text.matchAll(pattern)) {
      const shown = pattern === IBAN ? trimmedIban(whole) : whole
      const value = normaliseIdentifier(shown)
      const judged = judge(value, before(text, start))
      if (judged !== null) found.push(candidate(judged.kind, { value: spell(value), shown, start, rule: judged.rule }))
    }
  }
  return withoutOverlaps([...found, ...certifiedMail(text)])
}

function certifiedMail(text: string): Candidate[] {
  return [...text.matchAll(PEC)].flatMap(({ 0: shown, index: start }) => {
    const named = /(?<!\p{L})p\.?e\.?c\.?(?!\p{L})[^\n@]{0,20}$/iu.test(before(text, start))
    if (!named && !PEC_DOMAIN.test(shown)) return []
    return [candidate('pec', { value: shown.toLowerCase(), shown, start, rule: named ? 'pec.named' : 'pec.domain' })]
  })
}

/** What a protocol number looks like: a year and a number, or an office and a number; a day is none. */
const A_DAY = /^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}$/

/** Protocol numbers, where the words before them say so. */
export function protocolsIn(text: string): Candidate[] {
  return [...text.matchAll(PROTOCOL)].flatMap((match) => {
    const shown = match[1]!.replace(/[./_-]+$/, '')
    if (!/\d/.test(shown) || A_DAY.test(shown) || !/\d{2}|^\d/.test(shown)) return []
    const start = match.index + match[0].length - match[1]!.length
    return [candidate('protocol_number', { value: shown.toUpperCase(), shown, start, rule: 'protocol_number.named' })]
  })
}
