import { createHash } from 'node:crypto'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Spooled } from './blob-store.ts'

/** `remove`: of what was not stored; does nothing where it is gone. */
export type Spool = Spooled & { readonly remove: () => Promise<void> }

/**
 * Writes a stream to a file of its own in `folder` (mode 0600), counted and hashed on the way, in constant memory. What breaks off leaves
 * nothing behind; what a killed process leaves is swept by age.
 */
export async function spool(bytes: AsyncIterable<Buffer>, folder: string): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${process.pid}-${randomBytes(12).toString('hex')}.spool`)
  const remove = (): Promise<void> => rm(path, { force: true })
  const [file, hash] = [await open(path, 'wx', 0o600), createHash('sha256')]
  let size = 0
  try {
    for await (const chunk of bytes) {
      hash.update(chunk)
      size += chunk.length
      await file.write(chunk)
    }
    await file.sync()
    await file.close()
  } catch (error) {
    await file.close().catch(() => undefined)
    await remove()
    throw error
  }
  return { path, size, sha256: hash.digest('hex'), remove }
}
