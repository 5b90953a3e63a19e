import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createFile, hasCode, replaceFile } from '../files/atomic-file.ts'
import { deriveKey } from './field-encryption.ts'

const LOCK_STALE_MS = 30_000
const LOCK_WAIT_MS = 5_000

/** A secret that keys are derived from. */
export type MasterSecret = { id: string; secret: Buffer; createdAt: string | null }

/** The secrets file is there and cannot be used; making a new one would lose what the old one encrypted. */
export class SecretsFileError extends Error {
  constructor(path: string, problem: string) {
    super(`${path} ${problem}`)
    this.name = 'SecretsFileError'
  }
}

const pathIn = (home: string): string => join(home, 'secrets.json')

const newMaster = (now: Date): MasterSecret => ({
  id: randomBytes(6).toString('hex'),
  secret: randomBytes(32),
  createdAt: now.toISOString(),
})

const serialised = (masters: readonly MasterSecret[]): string => {
  const rows = masters.map(({ id, secret, createdAt }) => ({
    id,
    secret: secret.toString('base64url'),
    created_at: createdAt,
  }))
  return `${JSON.stringify({ version: 1, masters: rows }, null, 2)}\n`
}

const masterOf = (row: unknown): MasterSecret | null => {
  const { id, secret, created_at: createdAt } = (row ?? {}) as Partial<Record<string, unknown>>
  if (typeof id !== 'string' || typeof secret !== 'string') return null
  const bytes = Buffer.from(secret, 'base64url')
  if (bytes.length < 32 || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) return null
  return { id, secret: bytes, createdAt: typeof createdAt === 'string' ? createdAt : null }
}

const parsed = (path: string, text: string): MasterSecret[] => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    // The parser's own message would quote the secrets.
    throw new SecretsFileError(path, 'is not JSON: restore it from a copy')
  }
  const { version, masters } = (content ?? {}) as { version?: unknown; masters?: unknown }
  if (version !== 1 || !Array.isArray(masters) || masters.length === 0)
    throw new SecretsFileError(path, 'is not a secrets file of this version')
  return masters.map((row) => {
    const master = masterOf(row)
    if (!master) throw new SecretsFileError(path, 'holds a damaged secret: restore it from a copy')
    return master
  })
}

const read = async (home: string): Promise<MasterSecret[] | null> => {
  const path = pathIn(home)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  })
  if (text === null) return null
  // A copy or a restore may have opened it to others; where the disk knows no modes this changes nothing.
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600).catch(() => undefined)
  return parsed(path, text)
}

/** The master secrets of an installation, newest first; made on the first start, the same for every process. */
export const loadOrCreateSecrets = async (home: string, now: Date): Promise<MasterSecret[]> => {
  const existing = await read(home)
  if (existing) return existing
  await createFile(pathIn(home), serialised([newMaster(now)]))
  const made = await read(home)
  if (!made) throw new SecretsFileError(pathIn(home), 'vanished while it was made')
  return made
}

const takeLock = async (path: string, waitUntil: number): Promise<void> => {
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      return
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const held = await stat(path).catch(() => null)
    // One that was killed while rotating must not hold the lock for ever.
    if (held && Date.now() - held.mtimeMs > LOCK_STALE_MS) await rm(path, { force: true })
    else if (Date.now() > waitUntil) throw new SecretsFileError(path, 'is held by another process')
    else await wait(20)
  }
}

/** Adds a new master secret before the others, which stay to open what they sealed; returns them all. */
export const rotateMaster = async (home: string, now: Date): Promise<MasterSecret[]> => {
  await mkdir(home, { recursive: true })
  const lock = `${pathIn(home)}.lock`
  await takeLock(lock, Date.now() + LOCK_WAIT_MS)
  try {
    const masters = [newMaster(now), ...(await loadOrCreateSecrets(home, now))]
    await replaceFile(pathIn(home), serialised(masters))
    return masters
  } finally {
    await rm(lock, { force: true })
  }
}

/**
 * The master secrets of a configured setting, newest first: one text, or several with commas between them while
 * rotating. Ids are derived, so that the same text has the same id in every process and the id tells nothing.
 */
export const mastersFromSetting = (setting: string): MasterSecret[] => {
  const texts = setting
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
  if (texts.length === 0) throw new TypeError('The secret is empty')
  return texts.map((text) => {
    if (Buffer.byteLength(text) < 16) throw new TypeError('Each secret needs at least 16 characters')
    const secret = createHash('sha256').update(text, 'utf8').digest()
    return { id: deriveKey(secret, 'master-id').toString('hex').slice(0, 12), secret, createdAt: null }
  })
}
