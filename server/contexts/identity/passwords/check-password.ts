import { identityRefusals } from '../refusals.ts'
import { HashingBusyError } from './hashing-gate.ts'
import { passwordProblem, type PasswordOwner, type PasswordProblem } from './password-problem.ts'
import { hashPassword, verifyPassword, type PasswordVerdict } from './password.ts'

const { refuse } = identityRefusals

const MESSAGES: Record<PasswordProblem, string> = {
  too_short: 'has less than 8 characters',
  too_long: 'has more than 128 characters',
  not_text: 'holds characters that cannot be typed everywhere',
  common: 'is one of those that are guessed first',
  personal: 'is made of your own names',
}

const busy = (error: unknown): never => {
  if (error instanceof HashingBusyError) throw refuse('auth.busy', { retryAfterS: 1, cause: error })
  throw error
}

/** Compares, or refuses with `auth.busy`; without a hash it costs the same and answers no. Never inside a transaction. */
export const checkPassword = (hash: string | null, password: string): Promise<PasswordVerdict> =>
  verifyPassword(hash, password).catch(busy)

/** Hashes, or refuses with `auth.busy`. Never inside a transaction. */
export const hashNewPassword = (password: string): Promise<string> => hashPassword(password).catch(busy)

/** Refuses a password that cannot be kept, and says why. */
export function requireGoodPassword(password: string, owner: PasswordOwner, field = 'password'): void {
  const problem = passwordProblem(password, owner)
  if (problem !== null) throw refuse('auth.password_refused', { details: [{ field, message: MESSAGES[problem] }] })
}
