import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const VERSION = 'v1'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/** Why a ciphertext was refused. */
export type FieldRefusal = 'malformed' | 'unknown_key' | 'not_authentic'

/** A ciphertext that cannot be opened; the message never holds any of it. */
export class FieldEncryptionError extends Error {
  readonly reason: FieldRefusal
  constructor(reason: FieldRefusal, message: string) {
    super(message)
    this.name = 'FieldEncryptionError'
    this.reason = reason
  }
}

/** A key with the id by which ciphertexts name it. */
export type FieldKey = { id: string; key: Buffer }

/** The keys that open fields; the first one seals. */
export type KeyRing = { current: FieldKey; byId: ReadonlyMap<string, Buffer> }

/** Makes a ring of keys, newest first. */
export const keyRing = (keys: readonly FieldKey[]): KeyRing => {
  const [current] = keys
  if (!current) throw new TypeError('A key ring needs a key')
  for (const { id, key } of keys) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new TypeError('A key id is 1 to 64 letters, digits, - or _')
    if (key.length !== KEY_BYTES) throw new TypeError(`Key ${id} must have ${KEY_BYTES} bytes`)
  }
  const byId = new Map(keys.map(({ id, key }) => [id, key]))
  if (byId.size !== keys.length) throw new TypeError('Two keys have the same id')
  return { current, byId }
}

/** Derives an independent 32-byte key for one purpose from a master secret (HKDF-SHA256). */
export const deriveKey = (master: Buffer, label: string): Buffer => {
  if (master.length < 16) throw new TypeError('A master secret needs at least 16 bytes')
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `officina/${label}`, KEY_BYTES))
}

/** The ring for one purpose over the master secrets, newest first. */
export const derivedRing = (masters: readonly { id: string; secret: Buffer }[], label: string): KeyRing =>
  keyRing(masters.map(({ id, secret }) => ({ id, key: deriveKey(secret, label) })))

const sealedContext = (context: string): Buffer => {
  if (context === '') throw new TypeError('A field is encrypted for a context')
  return Buffer.from(context, 'utf8')
}

/**
 * Encrypts with AES-256-GCM as `v1.<key id>.<iv>.<ciphertext and tag>`. The context says where the value lives
 * (`tenant:table:column:row`) and is authenticated with it, so that a ciphertext moved elsewhere does not open.
 */
export const encryptField = (ring: KeyRing, plaintext: string, context: string): string => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', ring.current.key, iv).setAAD(sealedContext(context))
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${VERSION}.${ring.current.id}.${iv.toString('base64url')}.${sealed.toString('base64url')}`
}

const canonicalBytes = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

const parse = (text: string): { keyId: string; iv: Buffer; body: Buffer; tag: Buffer } => {
  const [version, keyId, ivText, sealedText, ...more] = text.split('.')
  const iv = canonicalBytes(ivText ?? '')
  const sealed = canonicalBytes(sealedText ?? '')
  const whole = version === VERSION && keyId && more.length === 0
  if (!whole || iv?.length !== IV_BYTES || !sealed || sealed.length < TAG_BYTES)
    throw new FieldEncryptionError('malformed', 'Not an encrypted field')
  const end = sealed.length - TAG_BYTES
  return { keyId, iv, body: sealed.subarray(0, end), tag: sealed.subarray(end) }
}

/** Opens what `encryptField` sealed for the same context; throws `FieldEncryptionError` for anything else. */
export const decryptField = (ring: KeyRing, text: string, context: string): string => {
  const { keyId, iv, body, tag } = parse(text)
  const key = ring.byId.get(keyId)
  if (!key) throw new FieldEncryptionError('unknown_key', 'The field was encrypted with a key that is not in the ring')
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(sealedContext(context)).setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch {
    throw new FieldEncryptionError('not_authentic', 'The field was changed, or belongs to another place')
  }
}

/** Whether the text was sealed with another key than the current one, and should be sealed again. */
export const needsReencryption = (ring: KeyRing, text: string): boolean => parse(text).keyId !== ring.current.id
