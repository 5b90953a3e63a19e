import { createHash, randomBytes, scrypt, type BinaryLike } from 'node:crypto'
import { promisify } from 'node:util'
import {
  deriveKey,
  derivedRing,
  encryptField,
  decryptField,
  FieldEncryptionError,
  keyRing,
} from '../secrets/field-encryption.ts'
import type { KeyRing } from '../secrets/field-encryption.ts'
import type { MasterSecret } from '../secrets/secrets-file.ts'
import type { ByteReader } from './byte-reader.ts'
import type { BodyKey } from './frames.ts'
import { copyRefusals } from './refusals.ts'

/** How a copy begins: `OFFICOPY`, the format's version (1 byte), the length of the header (4 bytes), the header as JSON. */
const MAGIC = Buffer.from('OFFICOPY')
export const FORMAT = 2
const LONGEST_HEADER = 64 * 1024

/** The key of the body, encrypted for whoever may open it. */
export type Lock = { by: 'master'; sealed: string } | { by: 'passphrase'; salt: string; sealed: string }

/** What anybody can read of a copy; authenticated with its body. */
export type Header = {
  kind: 'tenant' | 'installation'
  created_at: string
  officina: string
  /** The digest of each migration, in order: where the data stood. */
  migrations: { control: string[]; tenant: string[] }
  lock: Lock
}

/** What opens or closes a copy: the passphrase where there is one, else the installation's master secrets. */
export type Keys = { masters: readonly MasterSecret[]; passphrase?: string | undefined }

const CONTEXT = 'copies:key'
const SHORTEST_PASSPHRASE = 12

const scrypted = promisify<BinaryLike, BinaryLike, number, object, Buffer>(scrypt)
// 32 MiB and about 80 ms a guess (OWASP's second choice); not in the header, where a forged file could ask for more.
const passphraseRing = async (passphrase: string, salt: Buffer): Promise<KeyRing> =>
  keyRing([
    {
      id: 'passphrase',
      key: await scrypted(passphrase.normalize('NFKC'), salt, 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 26 }),
    },
  ])

/** Refuses what is too short to keep a file that may lie anywhere. */
export function checkPassphrase(passphrase: string): void {
  // As people count them: what is outside of the basic plane is one character and not two.
  if (Array.from(passphrase).length < SHORTEST_PASSPHRASE) throw copyRefusals.refuse('copies.passphrase_too_short')
}

async function lock(key: Buffer, { masters, passphrase }: Keys): Promise<Lock> {
  const text = key.toString('base64url')
  if (passphrase === undefined)
    return { by: 'master', sealed: encryptField(derivedRing(masters, 'copies'), text, CONTEXT) }
  checkPassphrase(passphrase)
  const salt = randomBytes(16)
  const ring = await passphraseRing(passphrase, salt)
  return { by: 'passphrase', salt: salt.toString('base64url'), sealed: encryptField(ring, text, CONTEXT) }
}

async function unlock(by: Lock, { masters, passphrase }: Keys): Promise<Buffer> {
  try {
    if (by.by === 'master')
      return Buffer.from(decryptField(derivedRing(masters, 'copies'), by.sealed, CONTEXT), 'base64url')
    const ring = await passphraseRing(passphrase ?? '', Buffer.from(by.salt, 'base64url'))
    return Buffer.from(decryptField(ring, by.sealed, CONTEXT), 'base64url')
  } catch (cause) {
    if (cause instanceof FieldEncryptionError) throw copyRefusals.refuse('copies.locked', { cause })
    throw cause
  }
}

/** Fields that are encrypted in the database are encrypted anew for the copy: their installation's keys do not leave it. */
const fieldsRing = (key: Buffer): KeyRing => keyRing([{ id: 'copy', key: deriveKey(key, 'copy-fields') }])

export type Opened = { header: Header; body: BodyKey; fields: KeyRing }

/** The beginning of a new copy, with a key of its own. */
export async function newHeader(about: Omit<Header, 'lock'>, keys: Keys): Promise<Opened & { bytes: Buffer }> {
  const key = randomBytes(32)
  const header: Header = { ...about, lock: await lock(key, keys) }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  const bytes = Buffer.concat([MAGIC, Buffer.from([FORMAT]), length, json])
  return { header, bytes, body: { key, headerDigest: digest(bytes) }, fields: fieldsRing(key) }
}

/** Reads and unlocks the beginning of a copy; refuses what is none, what is newer, and whom it is not for. */
export async function readHeader(reader: ByteReader, keys: Keys): Promise<Opened> {
  const start = await reader.take(MAGIC.length + 5).catch(() => null)
  if (start === null || !start.subarray(0, MAGIC.length).equals(MAGIC)) throw copyRefusals.refuse('copies.not_a_copy')
  if (start[MAGIC.length]! > FORMAT) throw copyRefusals.refuse('copies.newer')
  const length = start.readUInt32BE(MAGIC.length + 1)
  if (length > LONGEST_HEADER) throw copyRefusals.refuse('copies.damaged')
  const json = await reader.take(length)
  if (json === null) throw copyRefusals.refuse('copies.damaged')
  const header = parsed(json)
  const key = await unlock(header.lock, keys)
  return { header, body: { key, headerDigest: digest(Buffer.concat([start, json])) }, fields: fieldsRing(key) }
}

const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

function parsed(json: Buffer): Header {
  try {
    const header = JSON.parse(json.toString()) as Header
    const { by, sealed } = header.lock
    if ((by === 'master' || by === 'passphrase') && typeof sealed === 'string') return header
  } catch {
    // Told below: a header that is no JSON was changed.
  }
  throw copyRefusals.refuse('copies.damaged')
}
