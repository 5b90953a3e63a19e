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

/** Where an archive is, and what stopped it. */
type Course = { current: Readable | null; stopped: Error | null }

/** Feeds the archive, one file after the other; what stops it stops the file that is being read. */
async function feed(zip: ZipFile, parts: Parts, mtime: Date, course: Course): Promise<void> {
  try {
    let step = await parts.next()
    while (!step.done) {
      if (course.stopped !== null) throw course.stopped
      const { stream, sum } = addPart(zip, step.value, mtime)
      course.current = stream
      step = await parts.next(await sum)
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
  const course: Course = { current: null, stopped: null }
  // What happened first: the rest only hears of it. No race of promises: one that lasts keeps all that it ever raced with.
  const stop = (error: unknown): void => {
    course.stopped ??= error as Error
    output.destroy(course.stopped)
    course.current?.destroy(course.stopped)
  }
  // It may break off before the spool listens; the spool hears of it all the same.
  output.on('error', () => undefined)
  zip.on('error', stop)
  const abort = (): void => stop(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    const feeding = feed(zip, parts, mtime, course)
    feeding.catch(stop)
    const writing = spool(output, folder)
    writing.catch(stop)
    const [fed, written] = await Promise.allSettled([feeding, writing])
    if (fed.status === 'fulfilled' && written.status === 'fulfilled') return written.value
    if (written.status === 'fulfilled') await written.value.remove()
    throw course.stopped
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
