import type { Config } from '../../config.ts'
import { contentKey, quarantineKey, type BlobStore } from '../blob/blob-store.ts'
import { openBlobStore } from '../blob/open-blob-store.ts'
import { spool, spoolFolder } from '../blob/spool.ts'
import type { Keys } from './header.ts'
import { openCopyFile } from './open-copy.ts'
import { passOver, type FilePart } from './records.ts'
import { copyRefusals } from './refusals.ts'

/** Where the files of a copy go, and the folder through which they pass. */
export type FilePlace = { blobs: BlobStore; spool: string }

export const filePlaceOf = (config: Config): FilePlace => ({ blobs: openBlobStore(config), spool: spoolFolder(config) })

/**
 * Stores a file of a copy unless the store has it already; answers with its key where it was stored now. What lies under the key of a
 * content with its size is that content: files are stored as a whole or not at all. What lay in quarantine comes there again, as it was.
 */
export async function storeFile({ blobs, spool: folder }: FilePlace, file: FilePart): Promise<string | null> {
  const key = (file.quarantined ? quarantineKey : contentKey)(file.tenant_id, file.sha256)
  if (!file.quarantined && (await blobs.stat(key))?.size === file.size) {
    await passOver(file.bytes)
    return null
  }
  const spooled = await spool(file.bytes, folder)
  try {
    if (file.lack() !== null) return null
    if (file.quarantined && (await blobs.stat(key))?.size === spooled.size) return null
    await blobs.put(key, spooled)
    return key
  } finally {
    await spooled.remove()
  }
}

/** Stores the files of a company's copy and does `use`; where that fails they go again, as far as they were not there before. */
export async function withFiles<T>(
  place: FilePlace,
  copied: { path: string; keys: Keys; tenantId: string },
  use: () => Promise<T>,
): Promise<T> {
  const stored: string[] = []
  try {
    const copy = await openCopyFile(copied.path, copied.keys)
    const take = async (file: FilePart): Promise<void> => {
      if (file.tenant_id !== copied.tenantId) throw copyRefusals.refuse('copies.foreign_rows')
      const key = await storeFile(place, file)
      if (key !== null) stored.push(key)
    }
    for await (const { rows } of copy.parts(take)) await passOver(rows)
    return await use()
  } catch (error) {
    for (const key of stored) await place.blobs.remove(key).catch(() => undefined)
    throw error
  }
}
