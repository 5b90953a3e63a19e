import { deleeted, isCommonPassword } from './common-passwords.ts'

const SHORTEST = 8
const LONGEST = 128
// A password that quotes a name must have this much besides it.
const OWN_CHARACTERS = 6

/** The spelling of a password that is hashed: the same letters typed on two systems are the same password. */
export const normalisedPassword = (password: string): string => password.normalize('NFKC')

/** Why a password is not accepted. */
export type PasswordProblem = 'too_short' | 'too_long' | 'not_text' | 'common' | 'personal'

/** What is known about the person, and would be guessed first. */
export type PasswordOwner = {
  email?: string | undefined
  username?: string | undefined
  name?: string | undefined
  surname?: string | undefined
  tenant_name?: string | undefined
}

const personalWords = (owner: PasswordOwner): string[] => {
  const { email = '', username = '', name = '', surname = '', tenant_name: tenantName = '' } = owner
  const texts = [email, username, name, surname, tenantName].map((text) => normalisedPassword(text).toLowerCase())
  const parts = texts.flatMap((text) => [text, text.split('@')[0] ?? '', ...text.split(/[^\p{L}\p{N}]+/u)])
  const compact = texts.map((text) => text.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
  const long = [...parts, ...compact].filter((word) => word.length >= 4)
  return [...new Set(long)].toSorted((a, b) => b.length - a.length)
}

const isPersonal = (password: string, owner: PasswordOwner): boolean => {
  const found = personalWords(owner)
  return [password.toLowerCase(), deleeted(password), deleeted(password, 'l')].some((spelling) => {
    let rest = spelling
    for (const word of found) rest = rest.replaceAll(word, '')
    return rest !== spelling && Array.from(rest).length < OWN_CHARACTERS
  })
}

/**
 * Says why a new password is not accepted, or null: 8 to 128 characters (code points of the normalised form), no
 * control characters, not a common one, and not made of what is known about its owner.
 */
export const passwordProblem = (password: string, owner: PasswordOwner): PasswordProblem | null => {
  // Before anything is normalised or counted: each code point is at most two units.
  if (password.length > LONGEST * 2) return 'too_long'
  if (!password.isWellFormed() || /\p{Cc}/u.test(password)) return 'not_text'
  const text = normalisedPassword(password)
  const length = Array.from(text).length
  if (length < SHORTEST) return 'too_short'
  if (length > LONGEST) return 'too_long'
  if (isCommonPassword(text)) return 'common'
  return isPersonal(text, owner) ? 'personal' : null
}
