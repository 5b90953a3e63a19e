import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import { spool, type Spool } from '#platform/blob/spool.ts'

/** A file of the archive. Text is compressed; documents mostly are already. */
export type Part = { readonly path: string; readonly bytes: AsyncIterable<Buffer | string>; readonly compress: boolean }
/** What went in. */
export type PartSum = { readonly path: string; readonly size: number; readonly sha256: string }
/** Yields one file after the other, and is told what each came to before it is asked for the next. */
export type Parts = AsyncGenerator<Part, void, PartSum>

/** One file through the archive, counted and hashed on the way; settles when the archive has all of it. */
function addPart(
  zip: ZipFile,
  { path, bytes, compress }: Part,
  mtime: Date,
): { stream: Readable; sum: Promise<PartSum> } {
  const hash = createHash('sha256')
  let size = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      hash.update(buffer)
      size += buffer.length
      yield buffer
    }
  }
  const stream = Readable.from(counted(), { objectMode: false })
  const sum = once(stream, 'end').then(() => ({ path, size, sha256: hash.digest('hex') }))
  // It may fail before anybody waits for it; whoever waits hears it all the same.
  sum.catch(() => undefined)
  zip.addReadStream(stream, path, { mtime, mode: 0o100644, compress })
  return { stream, sum }
}

/** Feeds the archive; what stops the archive stops this, and closes what is being read. */
async function feed(zip: ZipFile, parts: Parts, mtime: Date, stopped: Promise<never>): Promise<void> {
  try {
    let step = await parts.next()
    while (!step.done) {
      const { stream, sum } = addPart(zip, step.value, mtime)
      let added: PartSum
      try {
        added = await Promise.race([sum, stopped])
      } catch (error) {
        stream.destroy()
        throw error
      }
      step = await Promise.race([parts.next(added), stopped])
    }
    zip.end()
  } finally {
    await parts.return()
  }
}

/**
 * Writes a ZIP archive of these files to the spool, one after the other, in constant memory; `mtime` stands at each. Whatever breaks off
 * (a file, the disk, the signal) leaves nothing behind.
 */
export async function writeArchive(
  parts: Parts,
  { folder, mtime, signal }: { folder: string; mtime: Date; signal: AbortSignal },
): Promise<Spool> {
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => undefined)
  const stop = (error: unknown): void => {
    over.reject(error)
    output.destroy(error as Error)
  }
  zip.on('error', stop)
  const feeding = feed(zip, parts, mtime, over.promise)
  feeding.catch(stop)
  const writing = spool(output, folder, { signal })
  writing.catch(stop)
  const [fed, written] = await Promise.allSettled([feeding, writing])
  if (fed.status === 'fulfilled' && written.status === 'fulfilled') return written.value
  if (written.status === 'fulfilled') await written.value.remove()
  // What happened first: the other only heard of it.
  await over.promise
  throw new Error('An archive broke off without a reason')
}
