import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { RandomBytes } from '../tokens/opaque-token.ts'

const PERIOD_S = 30
const DIGITS = 6
const WINDOW = 1
const SECRET_BYTES = 20
const CODES = 10
const HALF = 5
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new TOTP secret: 160 bits, as base32 text. */
export const newTotpSecret = (random: RandomBytes = randomBytes): string => {
  const bytes = Uint8Array.from(random(SECRET_BYTES))
  return new Secret({ buffer: bytes.buffer }).base32
}

const totpOf = (secret: string, label = '', issuer = ''): TOTP =>
  new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: DIGITS, period: PERIOD_S, label, issuer })

/** The `otpauth://` address that authenticator apps read from a QR code. */
export const otpauthUrl = (secret: string, account: string, issuer: string): string =>
  totpOf(secret, account, issuer).toString()

/**
 * The 30-second step that a code belongs to, or null when it is wrong or was used: one step of clock drift either way
 * is allowed, and nothing at or before the last step that was used. The caller keeps the step, in the same statement
 * that checks it has not moved (`where last_used_step < step`), so that two requests cannot use one code.
 */
export const verifyTotp = (secret: string, code: string, at: Date, lastUsedStep: number | null): number | null => {
  const token = code.replaceAll(/[\s-]/g, '')
  if (!/^\d{6}$/.test(token)) return null
  const timestamp = at.getTime()
  const drift = totpOf(secret).validate({ token, timestamp, window: WINDOW })
  if (drift === null) return null
  const step = Math.floor(timestamp / 1000 / PERIOD_S) + drift
  return lastUsedStep !== null && step <= lastUsedStep ? null : step
}

const hashOf = (letters: string): string => createHash('sha256').update(`recovery-code:${letters}`).digest('hex')

// What people type: any case, O for zero, I and L for one, with or without the dash.
const lettersOf = (code: string): string =>
  code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')

/** Ten recovery codes of 50 bits each to show once, and the hashes to keep. */
export const newRecoveryCodes = (random: RandomBytes = randomBytes): { codes: string[]; hashes: string[] } => {
  const letters = Array.from({ length: CODES }, () =>
    Array.from(random(HALF * 2), (byte) => CROCKFORD.charAt(byte & 31)).join(''),
  )
  const codes = letters.map((text) => `${text.slice(0, HALF)}-${text.slice(HALF)}`.toLowerCase())
  return { codes, hashes: letters.map(hashOf) }
}

/** The index of the kept hash that a recovery code matches, or null; the caller removes it, since it works once. */
export const matchRecoveryCode = (code: string, hashes: readonly string[]): number | null => {
  const letters = lettersOf(code)
  if (!/^[0-9A-HJKMNP-TV-Z]{10}$/.test(letters)) return null
  const wanted = Buffer.from(hashOf(letters), 'hex')
  let found: number | null = null
  for (const [index, hash] of hashes.entries()) {
    const kept = Buffer.from(hash, 'hex')
    if (kept.length === wanted.length && timingSafeEqual(kept, wanted)) found = index
  }
  return found
}
