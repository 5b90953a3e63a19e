import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import type { Config } from '#config'
import { openBlobStore } from '#platform/blob/open-blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import { Refusal } from '#platform/refusal.ts'
import { fail, ok, type Finding } from './finding.ts'

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield Promise.resolve(bytes)
}

/** Whether files can be stored: a small one is written, read and removed again, on the way that an upload takes. */
export async function examineFiles(config: Config): Promise<Finding[]> {
  const where =
    config.S3_ENDPOINT === undefined
      ? `${config.home}/files`
      : `${config.S3_ENDPOINT}/${config.S3_BUCKET}/${config.S3_PREFIX}`
  // The first start makes it; a look changes nothing.
  if (config.S3_ENDPOINT === undefined && !existsSync(config.home)) return []
  const store = openBlobStore(config)
  const key = `officina-check/${randomBytes(8).toString('hex')}`
  const bytes = randomBytes(1000)
  try {
    const file = await spool(once(bytes), spoolFolder(config))
    try {
      await store.put(key, file)
      const same = (await buffer(await store.open(key))).equals(bytes)
      await store.remove(key)
      if (!same || (await store.stat(key)) !== null)
        return [
          fail(
            'files',
            `${where} gives back something else than it was given`,
            'No such store can hold files: take another.',
          ),
        ]
    } finally {
      await file.remove()
    }
    for await (const _ of store.list('officina-check/')) break
  } catch (error) {
    return [fail('files', `files cannot be stored in ${where}: ${reasonOf(error)}`, mendOf(config, error))]
  }
  return [ok('files', `can be written, read, listed and removed in ${where}`)]
}

/** What lies beneath our own words; never with a secret, which neither a file system nor a store repeats. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Refusal && error.cause instanceof Error ? error.cause : error
  const deeper = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return deeper instanceof Error ? deeper.message || String((deeper as NodeJS.ErrnoException).code) : String(deeper)
}

function mendOf({ S3_ENDPOINT }: Config, error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'EXDEV')
    return 'The folders files and spool of OFFICINA_HOME must lie on one file system.'
  return S3_ENDPOINT === undefined
    ? 'Make room there, and let the account of the server write; or set S3_ENDPOINT.'
    : 'Look at S3_ENDPOINT, S3_BUCKET, S3_REGION and the key, which must be allowed to put, get, delete and list.'
}
