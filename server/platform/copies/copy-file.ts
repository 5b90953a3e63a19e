import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { syncDirectory } from '../files/atomic-file.ts'
import { copyRefusals } from './refusals.ts'
import type { Chunks } from './rows.ts'

/**
 * Writes a copy into a file (mode 0600) that is there when it is whole and on disk, and never before: until then it is called
 * `….part`. What is there already is not overwritten.
 */
export const intoFile =
  (path: string, signal?: AbortSignal) =>
  async (bytes: Chunks): Promise<void> => {
    await mkdir(dirname(path), { recursive: true })
    // Before an hour's work, and once more after it.
    await refuseWhereThere(path)
    const part = `${path}.part`
    // One that was killed leaves its part behind, which is nothing: it is written anew.
    await rm(part, { force: true })
    try {
      // Opened before anything flows: a stream that fails while it still opens its file makes the file after its removal.
      const handle = await open(part, 'wx', 0o600)
      const file = handle.createWriteStream({ flush: true, highWaterMark: 1024 * 1024 })
      await pipeline(bytes, file, { ...(signal && { signal }) })
      await refuseWhereThere(path)
      await rename(part, path)
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
    await syncDirectory(path)
  }

async function refuseWhereThere(path: string): Promise<void> {
  if ((await stat(path).catch(() => null)) !== null) throw copyRefusals.refuse('copies.file_exists')
}
