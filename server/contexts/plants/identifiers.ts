/** How sure a finding is: `error` = the rule is known for certain; `warning` = only a pattern is known. */
export type IdentifierFinding = { level: 'error' | 'warning'; message: string }

/** `null` means nothing to say; it does not mean that the authority knows the code. */
export type IdentifierCheck = (value: string) => IdentifierFinding | null

const error = (message: string): IdentifierFinding => ({ level: 'error', message })
const warning = (message: string): IdentifierFinding => ({ level: 'warning', message })

/** Upper-case without any white space: the form in which identifiers are stored and compared. */
export const normaliseIdentifier = (value: string): string => value.replace(/\s+/g, '').toUpperCase()

/** The VAT number without the `IT` that VIES and foreign invoices put before it. */
export const normaliseVatNumber = (value: string): string => normaliseIdentifier(value).replace(/^IT(?=\d)/, '')

/** The 9-character codice ditta: since 2026 the declaration's XSD takes no `IT00` prefix (third-party source, 2026). */
export const normaliseAdmLicenseCode = (value: string): string => normaliseIdentifier(value).replace(/^IT00/, '')

/** Eleven digits: odd places as they are, even places doubled with 9 taken off above 9; the sum ends in 0. */
function elevenDigitsHold(digits: string): boolean {
  const sum = Array.from(digits).reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? Number(digit) : Number(digit) * 2
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0 && Number(digits) !== 0
}

/** Partita IVA: 11 digits with a check digit; an `IT` prefix is accepted. Level: error. */
export function checkVatNumber(value: string): IdentifierFinding | null {
  const digits = normaliseVatNumber(value)
  if (!/^\d{11}$/.test(digits)) return error('A VAT number has 11 digits.')
  return elevenDigitsHold(digits) ? null : error('The check digit of the VAT number is wrong.')
}

const TAX_CODE = /^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/
// Letters that stand for a digit where two people would share a code (omocodia): L=0 … V=9.
const OMOCODIA = 'LMNPQRSTUV'
// Values of 0–9 and A–Z in the odd places, first place being 1 (D.M. 23-12-1976); digits count as the letters A–J.
const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

const place = (character: string): number =>
  /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 'A'.charCodeAt(0)

function taxCodeLetter(first15: string): string {
  const sum = Array.from(first15).reduce(
    (total, character, index) => total + (index % 2 === 0 ? (ODD_VALUES[place(character)] ?? 0) : place(character)),
    0,
  )
  return String.fromCharCode('A'.charCodeAt(0) + (sum % 26))
}

const withoutOmocodia = (text: string): string =>
  text.replace(/[LMNPQRSTUV]/g, (letter) => String(OMOCODIA.indexOf(letter)))

/** Codice fiscale of a person (16 characters, omocodia accepted) or of a company (11 digits, as VAT). Level: error. */
export function checkTaxCode(value: string): IdentifierFinding | null {
  const code = normaliseIdentifier(value)
  if (/^\d+$/.test(code)) {
    if (code.length !== 11) return error('The tax code of a company has 11 digits.')
    return elevenDigitsHold(code) ? null : error('The check digit of the tax code is wrong.')
  }
  if (!TAX_CODE.test(code)) return error('A tax code has 16 characters for a person or 11 digits for a company.')
  const coded = Number(withoutOmocodia(code.slice(9, 11)))
  const day = coded > 40 ? coded - 40 : coded // women: day + 40
  if (day < 1 || day > 31) return error('The day of birth in the tax code does not exist.')
  return taxCodeLetter(code.slice(0, 15)) === code[15] ? null : error('The check letter of the tax code is wrong.')
}

/** POD, 14 characters and an optional control character whose algorithm is not known. Level: warning. */
export const checkPod: IdentifierCheck = (value) =>
  /^IT\d{3}E\d{8}[0-9A-Z]?$/.test(normaliseIdentifier(value))
    ? null
    : warning('A POD usually looks like IT001E12345678, with an optional 15th character.')

/** CENSIMP code from GAUDÌ; only its usual look is known, no official format was found. Level: warning. */
export const checkGaudiCode: IdentifierCheck = (value) =>
  /^IM_[0-9A-Z]{7}$/.test(normaliseIdentifier(value))
    ? null
    : warning('A CENSIMP code usually looks like IM_ followed by 7 letters or digits.')

/** Production unit: `UP_…_n` relevant, `UPN_…_nn` not relevant; weakly known pattern. Level: warning. */
export const checkUpCode: IdentifierCheck = (value) =>
  /^UPN?_.+_\d+$/.test(normaliseIdentifier(value))
    ? null
    : warning('A production unit code usually looks like UP_NAME_1 or UPN_NAME_01.')

// The format was not found; 20 characters is the longest that is known to be accepted.
const freeCode =
  (name: string): IdentifierCheck =>
  (value) =>
    normaliseIdentifier(value).length <= 20 ? null : warning(`A ${name} code is usually not longer than 20 characters.`)

/** Code in the former registry of relevant units (RUP). Level: warning, on length only. */
export const checkRupCode: IdentifierCheck = freeCode('RUP')

/** SAPR code of the production unit in GAUDÌ. Level: warning, on length only. */
export const checkSaprCode: IdentifierCheck = freeCode('SAPR')

/** Codice ditta for electricity, 9 characters or 13 with `IT00`; control letter's algorithm unknown. Level: warning. */
export const checkAdmLicenseCode: IdentifierCheck = (value) =>
  /^[A-Z]{2}E\d{5}[A-Z]$/.test(normaliseAdmLicenseCode(value))
    ? null
    : warning('An ADM licence code usually looks like RME01234X: province, E, 5 digits and a letter.')

function ibanHolds(iban: string): boolean {
  const rearranged = iban.slice(4) + iban.slice(0, 4)
  const digits = Array.from(rearranged)
    .map((character) => parseInt(character, 36))
    .join('')
  return Array.from(digits).reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1
}

/** IBAN by ISO 13616 (mod 97 = 1); an Italian one has 27 characters in a fixed layout. Level: error. */
export function checkIban(value: string): IdentifierFinding | null {
  const iban = normaliseIdentifier(value)
  const shape = iban.startsWith('IT') ? /^IT\d{2}[A-Z]\d{10}[0-9A-Z]{12}$/ : /^[A-Z]{2}\d{2}[0-9A-Z]{11,30}$/
  if (!shape.test(iban)) return error('The IBAN has the wrong length or layout.')
  return ibanHolds(iban) ? null : error('The check digits of the IBAN are wrong.')
}

/** Address at the exchange system (SdI): 7 characters for businesses, 6 for public bodies. Level: warning. */
export const checkSdiCode: IdentifierCheck = (value) =>
  /^[0-9A-Z]{6,7}$/.test(normaliseIdentifier(value))
    ? null
    : warning('An SdI code usually has 7 letters or digits, or 6 for a public body.')

/** Serial number as the ADM declaration accepts it (XSD type `Matr`, third-party source, 2026). Level: warning. */
export const checkMeterSerial: IdentifierCheck = (value) =>
  /^[A-Za-z0-9.,\-/]{1,15}$/.test(value.trim())
    ? null
    : warning('The customs declaration accepts serials of 1 to 15 letters, digits and . , - / only.')
