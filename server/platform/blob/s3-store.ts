import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { XMLParser } from 'fast-xml-parser'
import { Refusal } from '../refusal.ts'
import type { BlobStore, StoredBlob } from './blob-store.ts'
import { checkedKey, checkedPrefix } from './keys.ts'
import { blobRefusals, fromFileSystem, unavailable } from './refusals.ts'

export type S3Settings = {
  endpoint: string
  bucket: string
  region: string
  /** Before every key; empty, or it ends in `/`. */
  prefix: string
  accessKeyId: string
  secretAccessKey: string
}

/** In milliseconds: until a first answer; without a byte in the middle of one; before the second attempt (it doubles). */
export type S3Times = { answer: number; idle: number; wait: number }
const TIMES: S3Times = { answer: 10_000, idle: 30_000, wait: 200 }

const ATTEMPTS = 4
/** An upload may take its time: so many bytes a second at least, besides the wait for the answer. */
const SLOWEST_BYTES_PER_MS = 64
/** A listing or an error is text, and short: 1,000 keys of 600 bytes with their XML stay below. */
const LONGEST_TEXT = 4 * 1024 * 1024
const EMPTY = createHash('sha256').digest('hex')

type Ask = {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  path: string
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  file?: { path: string; size: number; sha256: string }
  signal: AbortSignal | undefined
}
/** Its headers are there; `stop` ends it, and whoever reads its body watches over that. */
type Answer = { response: Response; stop: AbortController }
type Call = (ask: Ask) => Promise<Answer>

/** A bucket of an S3-compatible store, by path-style addresses, which every such store understands. */
export function openS3Store(settings: S3Settings, times: S3Times = TIMES): BlobStore {
  const call = patiently(settings, times)
  const pathOf = (key: string): string => `/${settings.prefix}${checkedKey(key)}`
  return {
    put: async (key, { path, size, sha256 }, signal) => {
      const found = await stat(path).catch((error: unknown) => {
        throw fromFileSystem(error)
      })
      if (found.size !== size) throw new Error('The spooled file is not what was counted')
      const headers = { 'content-length': String(size), 'content-type': 'application/octet-stream' }
      const answer = await call({ method: 'PUT', path: pathOf(key), headers, file: { path, size, sha256 }, signal })
      await expectOk(answer, times)
    },
    open: async (key, range, signal) => {
      const headers: Record<string, string> = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` }
      const answer = await call({ method: 'GET', path: pathOf(key), headers, signal })
      const { response } = answer
      if (response.status === (range === undefined ? 200 : 206)) return bodyOf(answer, times, signal)
      const said = await errorOf(answer, times)
      if (response.status === 404 && said !== 'NoSuchBucket') throw blobRefusals.refuse('blobs.missing')
      throw unavailable(new Error(`The store answers ${response.status} ${said}`))
    },
    stat: async (key, signal) => {
      const answer = await call({ method: 'HEAD', path: pathOf(key), signal })
      const { status, headers } = answer.response
      answer.stop.abort()
      if (status === 404) return null
      if (status !== 200) throw unavailable(new Error(`The store answers ${status}`))
      return blobOf(key, headers.get('content-length'), headers.get('last-modified'))
    },
    remove: async (key, signal) => {
      const answer = await call({ method: 'DELETE', path: pathOf(key), signal })
      // Some stores say so where there was none.
      if (answer.response.status !== 404) return expectOk(answer, times)
      const said = await errorOf(answer, times)
      if (said === 'NoSuchBucket') throw unavailable(new Error('There is no such bucket'))
    },
    list: (prefix, signal) => listed(call, settings.prefix, checkedPrefix(prefix), { times, signal }),
    check: async (signal) => {
      const query = { 'list-type': '2', 'max-keys': '1', prefix: settings.prefix }
      await expectOk(await once(settings, times, { method: 'GET', path: '', query, signal }), times)
    },
  }
}

/** What may go away by itself: too many calls, or a server that is restarted. */
const PASSING = new Set([408, 429, 500, 502, 503, 504])

/** Tries again what may go away by itself; `blobs.unavailable` where it does not. The caller's own end is heard at once. */
const patiently =
  (settings: S3Settings, times: S3Times): Call =>
  async (ask) => {
    for (let attempt = 1; ; attempt++) {
      ask.signal?.throwIfAborted()
      let reason: unknown
      try {
        const answer = await once(settings, times, ask)
        if (!PASSING.has(answer.response.status)) return answer
        answer.stop.abort()
        reason = new Error(`The store answers ${answer.response.status}`)
      } catch (error) {
        ask.signal?.throwIfAborted()
        reason = error
      }
      if (attempt === ATTEMPTS) throw unavailable(reason)
      // security-ok: half of it by chance, so that those who were sent away together do not come back together
      const wait = times.wait * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
      await sleep(wait, undefined, ask.signal ? { signal: ask.signal } : {})
    }
  }

/** One call, signed; answers with its headers. */
async function once(settings: S3Settings, times: S3Times, ask: Ask): Promise<Answer> {
  const { method, path, query = {}, headers = {}, file, signal } = ask
  const url = new URL(`${settings.endpoint.replace(/\/+$/, '')}/${settings.bucket}${path}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const { accessKeyId, secretAccessKey, region } = settings
  const signed = await new AwsV4Signer({
    ...{ method, url: url.toString(), accessKeyId, secretAccessKey, region, service: 's3' },
    // The store compares it with what arrives.
    headers: { ...headers, 'x-amz-content-sha256': file?.sha256 ?? EMPTY },
  }).sign()
  const stop = new AbortController()
  const clock = setTimeout(
    () => stop.abort(new Error('The store does not answer')),
    times.answer + (file?.size ?? 0) / SLOWEST_BYTES_PER_MS,
  )
  // As an iterable, which is read when it is asked for: made a web stream it would be read into memory as fast as the disk gives it.
  const body = file && createReadStream(file.path, { highWaterMark: 256 * 1024 })
  try {
    const response = await fetch(signed.url, {
      // With both of these, and only then, fetch keeps no second copy of the body for a redirect: it would hold all of the file in memory.
      ...{ method, headers: signed.headers, redirect: 'error', window: null },
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
      ...(body && { body: iterated(body), duplex: 'half' }),
    })
    return { response, stop }
  } finally {
    clearTimeout(clock)
    body?.destroy()
  }
}

async function* iterated(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk as Buffer
}

/** The bytes of an answer; an error in their middle, or silence, ends them as unavailable. */
function bodyOf({ response, stop }: Answer, times: S3Times, signal: AbortSignal | undefined): Readable {
  const silent = (): void => stop.abort(new Error('The store fell silent'))
  const chunks = async function* (): AsyncGenerator<Buffer> {
    let clock = setTimeout(silent, times.idle)
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(clock)
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        clock = setTimeout(silent, times.idle)
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw unavailable(error)
    } finally {
      clearTimeout(clock)
      // A reader that leaves early keeps no connection.
      stop.abort()
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false, highWaterMark: 256 * 1024 })
  // An end before the first read is for whoever reads; without a listener it would end the process.
  return stream.on('error', () => undefined).once('close', () => stop.abort())
}

async function textOf(answer: Answer, times: S3Times): Promise<string> {
  let text = ''
  for await (const chunk of bodyOf(answer, times, undefined)) {
    text += (chunk as Buffer).toString('latin1')
    if (text.length > LONGEST_TEXT) throw unavailable(new Error('The store answers at length'))
  }
  return Buffer.from(text, 'latin1').toString()
}

async function expectOk(answer: Answer, times: S3Times): Promise<void> {
  const { status, ok } = answer.response
  const said = await errorOf(answer, times)
  if (!ok) throw unavailable(new Error(`The store answers ${status} ${said}`))
}

// Without entities: what a store says is no program.
const xml = new XMLParser({ processEntities: false, parseTagValue: false, ignoreAttributes: true })
const asMany = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly T[])

function parsed(text: string): Record<string, unknown> {
  try {
    return xml.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw unavailable(cause)
  }
}

/** The code in an error of S3; empty where it says nothing that can be read. */
async function errorOf(answer: Answer, times: S3Times): Promise<string> {
  try {
    const { Error: error } = parsed(await textOf(answer, times)) as { Error?: { Code?: unknown } }
    return typeof error?.Code === 'string' ? error.Code.slice(0, 100) : ''
  } catch (error) {
    if (error instanceof Refusal) return ''
    throw error
  }
}

function blobOf(key: string, size: unknown, modified: unknown): StoredBlob {
  const found = { key, size: Number(size ?? Number.NaN), modified: new Date(String(modified)) }
  if (!Number.isSafeInteger(found.size) || Number.isNaN(found.modified.getTime()))
    throw unavailable(new Error('The store does not say what it has'))
  return found
}

/** A token is opaque, and the only text in a listing that may hold what XML escapes. */
const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')

type Page = {
  Contents?: { Key?: unknown; Size?: unknown; LastModified?: unknown }[]
  IsTruncated?: string
  NextContinuationToken?: string
}

async function* listed(
  call: Call,
  base: string,
  prefix: string,
  { times, signal }: { times: S3Times; signal: AbortSignal | undefined },
): AsyncGenerator<StoredBlob> {
  let token: string | undefined
  do {
    const query = {
      'list-type': '2',
      prefix: base + prefix,
      ...(token !== undefined && { 'continuation-token': token }),
    }
    const answer = await call({ method: 'GET', path: '', query, signal })
    if (answer.response.status !== 200) await expectOk(answer, times)
    const { ListBucketResult: page } = parsed(await textOf(answer, times)) as { ListBucketResult?: Page }
    if (page === undefined) throw unavailable(new Error('The store does not list'))
    for (const one of asMany(page.Contents)) {
      const key = String(one.Key)
      if (key.startsWith(base + prefix)) yield blobOf(key.slice(base.length), one.Size, one.LastModified)
    }
    const next = page.IsTruncated === 'true' ? unescaped(page.NextContinuationToken ?? '') : ''
    if (page.IsTruncated === 'true' && (next === '' || next === token))
      throw unavailable(new Error('The store does not say how its list goes on'))
    token = next
  } while (token !== '')
}
