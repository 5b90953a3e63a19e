import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Config } from '../../config.ts'
import type { Spooled } from './blob-store.ts'
import { blobRefusals, fromFileSystem } from './refusals.ts'

/** `remove`: of what was not stored; does nothing where it is gone. */
export type Spool = Spooled & { readonly remove: () => Promise<void> }

/** Where files are spooled; on the file system of `files` beside it, so that a file is stored by a rename. */
export const spoolFolder = ({ home }: Pick<Config, 'home'>): string => join(home, 'spool')

export type Spooling = {
  /** Bytes; more of them are refused (`blobs.too_large`) as soon as they come. */
  limit?: number
  signal?: AbortSignal | undefined
}

/**
 * Writes a stream to a file of its own in `folder` (mode 0600), counted and hashed on the way, in constant memory. What breaks off (the
 * sender, the signal, the limit, the disk: `blobs.unavailable`) leaves nothing behind; what a killed process leaves is swept by age.
 */
export async function spool(
  bytes: AsyncIterable<Buffer>,
  folder: string,
  { limit = Number.POSITIVE_INFINITY, signal }: Spooling = {},
): Promise<Spool> {
  const path = join(folder, `${process.pid}-${randomBytes(12).toString('hex')}.spool`)
  const remove = (): Promise<void> => rm(path, { force: true })
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return { path, remove, ...(await fill(path, bytes, limit, signal)) }
  } catch (error) {
    await remove().catch(() => undefined)
    throw fromFileSystem(error)
  }
}

async function fill(
  path: string,
  bytes: AsyncIterable<Buffer>,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Pick<Spooled, 'size' | 'sha256'>> {
  const [file, hash] = [await open(path, 'wx', 0o600), createHash('sha256')]
  let size = 0
  try {
    for await (const chunk of signal === undefined ? bytes : until(signal, bytes)) {
      size += chunk.length
      if (size > limit) throw blobRefusals.refuse('blobs.too_large')
      hash.update(chunk)
      // Goes on where the one before ended, and writes all of it: a plain write may stop in between.
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { size, sha256: hash.digest('hex') }
}

/** What the sender gives next, unless the signal comes first. A race with one lasting promise would keep every chunk in memory. */
const nextOf = (source: AsyncIterator<Buffer>, signal: AbortSignal): Promise<IteratorResult<Buffer>> =>
  new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', end, { once: true })
    source
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', end))
  })

/** The same chunks until the signal says so, also where the sender says nothing any more. */
async function* until(signal: AbortSignal, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = bytes[Symbol.asyncIterator]()
  try {
    for (;;) {
      signal.throwIfAborted()
      const next = await nextOf(source, signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    if (bytes instanceof Readable) bytes.destroy()
    else void source.return?.()
  }
}

/** Removes what killed processes left in the folder, by age; answers how many. */
export async function sweepSpool(folder: string, before: Date): Promise<number> {
  const entries = await opendir(folder).catch(() => null)
  let swept = 0
  for await (const { name } of entries ?? []) {
    if (!name.endsWith('.spool')) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found === null || found.mtime >= before) continue
    await rm(path, { force: true })
    swept += 1
  }
  return swept
}
