import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const TOKEN_BYTES = 32
const CHECKSUM_LENGTH = 6
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The source of randomness; tests give their own. */
export type RandomBytes = (size: number) => Buffer

/** A secret to hand out once, and the hash to keep. */
export type OpaqueToken = { token: string; hash: string }

/** The hash by which a token is kept and found. 256 random bits need no salt and no slow hash. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex')

/** A new random token such as `ofr_<43 characters>`; the prefix names its kind. */
export const newOpaqueToken = (prefix: string, random: RandomBytes = randomBytes): OpaqueToken => {
  const token = `${prefix}_${random(TOKEN_BYTES).toString('base64url')}`
  return { token, hash: hashOfToken(token) }
}

/** How an API key begins. */
export const API_KEY_PREFIX = 'ofk'

/** What secret scanners search for. */
export const API_KEY_PATTERN: RegExp = /^ofk_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/

const checksumOf = (text: string): string => {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = BASE62.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** A new API key: `ofk_`, 32 random bytes, and a checksum over both, which tells a key from what looks like one. */
export const newApiKey = (random: RandomBytes = randomBytes): OpaqueToken => {
  const { token } = newOpaqueToken(API_KEY_PREFIX, random)
  const key = token + checksumOf(token)
  return { token: key, hash: hashOfToken(key) }
}

/** Whether a text has the form and the checksum of an API key: one that has not needs no look-up. */
export const isApiKey = (text: string): boolean =>
  API_KEY_PATTERN.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)

/** The beginning of a key by which its owner knows it again in a list; it gives none of the secret that matters. */
export const apiKeyHint = (key: string): string => key.slice(0, API_KEY_PREFIX.length + 7)
