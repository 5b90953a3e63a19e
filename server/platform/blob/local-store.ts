import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { hasCode, syncDirectory } from '../files/atomic-file.ts'
import type { BlobStore, StoredBlob } from './blob-store.ts'
import { blobRefusals } from './refusals.ts'

/** Files in a folder of this machine, on the same file system as where they are spooled: stored by a rename. */
export function openLocalStore(folder: string): BlobStore {
  const pathOf = (key: string): string => join(folder, ...key.split('/'))
  const statOf = async (key: string): Promise<StoredBlob | null> => {
    try {
      const found = await stat(pathOf(key))
      return { key, size: found.size, modified: found.mtime }
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null
      throw error
    }
  }
  return {
    put: async (key, { path }) => {
      const to = pathOf(key)
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      const file = await open(path, 'r+')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(path, to)
      await syncDirectory(to)
    },
    open: async (key, range) => {
      if ((await statOf(key)) === null) throw blobRefusals.refuse('blobs.missing')
      return createReadStream(pathOf(key), range && { start: range.start, end: range.end })
    },
    stat: statOf,
    remove: (key) => rm(pathOf(key), { force: true }),
    list: async function* (prefix) {
      const entries = await opendir(folder, { recursive: true }).catch(() => null)
      if (entries === null) return
      for await (const entry of entries) {
        if (!entry.isFile()) continue
        const key = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')
        const blob = key.startsWith(prefix) ? await statOf(key) : null
        if (blob !== null) yield blob
      }
    },
    check: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await stat(folder)
    },
  }
}
