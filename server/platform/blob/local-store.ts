import { randomBytes } from 'node:crypto'
import { mkdir, open, opendir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { hasCode, syncDirectory } from '../files/atomic-file.ts'
import type { BlobStore, ByteRange, Spooled, StoredBlob } from './blob-store.ts'
import { checkedKey, checkedPrefix } from './keys.ts'
import { blobRefusals, fromFileSystem } from './refusals.ts'

const CHUNK_BYTES = 256 * 1024

/** Files in a folder of this machine, on the same file system as where they are spooled: stored by a rename. */
export function openLocalStore(folder: string): BlobStore {
  const pathOf = (key: string): string => join(folder, ...checkedKey(key).split('/'))
  return {
    put: (key, file, signal) => onDisk(signal, () => store(pathOf(key), file)),
    open: (key, range, signal) => onDisk(signal, () => read(pathOf(key), range, signal)),
    stat: (key, signal) => onDisk(signal, () => statOf(pathOf(key), key)),
    remove: (key, signal) =>
      onDisk(signal, async () => {
        const path = pathOf(key)
        await rm(path, { force: true })
        // Without its folder it was never there.
        await syncDirectory(path).catch((error: unknown) => {
          if (!hasCode(error, 'ENOENT')) throw error
        })
      }),
    list: async function* (prefix, signal) {
      const at = checkedPrefix(prefix).lastIndexOf('/') + 1
      try {
        yield* below(join(folder, prefix.slice(0, at)), prefix.slice(0, at), prefix, signal)
      } catch (error) {
        throw fromFileSystem(error)
      }
    },
    check: (signal) =>
      onDisk(signal, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const path = join(folder, `.check-${process.pid}-${randomBytes(6).toString('hex')}`)
        try {
          await writeFile(path, 'x', { flag: 'wx', mode: 0o600 })
        } finally {
          await rm(path, { force: true })
        }
      }),
  }
}

/** A disk that hangs hangs in the kernel, where no clock reaches: only the caller's signal is heard, and before it begins. */
async function onDisk<T>(signal: AbortSignal | undefined, use: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  try {
    return await use()
  } catch (error) {
    throw fromFileSystem(error)
  }
}

async function store(to: string, { path }: Spooled): Promise<void> {
  const made = await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const file = await open(path, 'r+')
  try {
    // It may have lain in the spool for long: its age is counted from now on.
    const now = new Date()
    await file.utimes(now, now)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(path, to)
  await syncDirectory(to)
  // A new folder survives a power cut once the one above it is on disk.
  if (made !== undefined) for (let at = dirname(to); at.length >= made.length; at = dirname(at)) await syncDirectory(at)
}

async function read(path: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<Readable> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT') ? blobRefusals.refuse('blobs.missing') : error
  })
  try {
    if (!(await file.stat()).isFile()) throw blobRefusals.refuse('blobs.missing')
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, ...range })
    // An abort before the first read is for whoever reads; without a listener it would end the process.
    stream.on('error', () => undefined)
    return signal === undefined ? stream : addAbortSignal(signal, stream)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function statOf(path: string, key: string): Promise<StoredBlob | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? { key, size: found.size, modified: found.mtime } : null
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null
    throw error
  }
}

/** Goes into those folders only in which something may begin with the prefix; what begins with a dot is none of ours. */
async function* below(
  folder: string,
  above: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredBlob> {
  const entries = await opendir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null
    throw error
  })
  for await (const entry of entries ?? []) {
    signal?.throwIfAborted()
    const key = above + entry.name
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)))
      yield* below(join(folder, entry.name), `${key}/`, prefix, signal)
    const blob = entry.isFile() && key.startsWith(prefix) ? await statOf(join(folder, entry.name), key) : null
    if (blob !== null) yield blob
  }
}
