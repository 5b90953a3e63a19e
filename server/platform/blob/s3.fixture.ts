/** A stand-in for S3 that speaks its REST over a socket, checks every signature (SigV4) and what was signed, and can misbehave. */
import { createHash, createHmac } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { S3Settings } from './s3-store.ts'

const KEYS = { accessKeyId: 'AKIA0TEST', secretAccessKey: 'a secret of some length' }
const BUCKET = 'officina'
/** So few that each listing of a test has several pages. */
const PAGE = 3

/** Misbehaves instead of answering, where it says so. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean
export type StandIn = { settings: S3Settings; calls: string[]; faults: Fault[]; folder: string } & AsyncDisposable

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** Signature Version 4 as AWS writes it down, for headers; null where it does not agree. */
function signedHash(request: IncomingMessage, region: string): string | null {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const [, credential, signedHeaders, signature] = form.exec(request.headers.authorization ?? '') ?? []
  const [date, hash] = [String(request.headers['x-amz-date']), String(request.headers['x-amz-content-sha256'])]
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  if (credential !== `${KEYS.accessKeyId}/${scope}` || signedHeaders === undefined) return null
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => signedHeaders.split(';').includes(name)))
    return null
  const url = new URL(request.url!, 'http://here')
  const query = [...url.searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).toSorted()
  const path = url.pathname.split('/').map((one) => escaped(decodeURIComponent(one)))
  const headers = signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const canonical = [request.method, path.join('/'), query.join('&'), headers.join(''), signedHeaders, hash].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${KEYS.secretAccessKey}`, date.slice(0, 8)))
  const wanted = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex')
  return wanted === signature ? hash : null
}

const say = (response: ServerResponse, status: number, code: string): void =>
  void response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`)

/** A bucket whose objects lie in a folder, one file each. */
export async function standIn(): Promise<StandIn> {
  const folder = mkdtempSync(join(tmpdir(), 'officina-s3-'))
  const [calls, faults]: [string[], Fault[]] = [[], []]
  const region = 'eu-south-1'
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    const fault = faults.shift()
    if (fault?.(request, response)) return
    answer(request, response, { folder, region }).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ calls, faults, folder },
    settings: { endpoint, bucket: BUCKET, region, prefix: 'in/here/', ...KEYS },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Place = { folder: string; region: string }

async function answer(request: IncomingMessage, response: ServerResponse, { folder, region }: Place): Promise<void> {
  const hash = signedHash(request, region)
  if (hash === null) return say(response, 403, 'SignatureDoesNotMatch')
  const url = new URL(request.url!, 'http://here')
  const [, bucket, ...rest] = url.pathname.split('/')
  if (bucket !== BUCKET) return say(response, 404, 'NoSuchBucket')
  const key = rest.join('/')
  const path = join(folder, encodeURIComponent(key))
  if (request.method === 'PUT') return put(request, response, path, hash)
  if (request.method === 'GET' && key === '') return list(response, folder, url.searchParams)
  if (request.method === 'DELETE') {
    rmSync(path, { force: true })
    return void response.writeHead(204).end()
  }
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return say(response, 404, 'NoSuchKey')
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const [start, end] = from === undefined ? [0, found.size - 1] : [Number(from), Math.min(Number(to), found.size - 1)]
  response.writeHead(from === undefined ? 200 : 206, {
    ...{ 'content-length': end - start + 1, 'last-modified': found.mtime.toUTCString() },
    ...(from !== undefined && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
  })
  if (request.method === 'HEAD' || found.size === 0) return void response.end()
  await pipeline(createReadStream(path, { start, end }), response)
}

async function put(request: IncomingMessage, response: ServerResponse, path: string, hash: string): Promise<void> {
  if (request.headers['content-length'] === undefined) return say(response, 411, 'MissingContentLength')
  const [part, is] = [`${path}%part`, createHash('sha256')]
  mkdirSync(join(path, '..'), { recursive: true })
  await pipeline(
    request,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        is.update(chunk)
        yield chunk
      }
    },
    createWriteStream(part),
  )
  if (is.digest('hex') !== hash) return say(response, 400, 'XAmzContentSHA256Mismatch')
  renameSync(part, path)
  response.writeHead(200, { etag: '"of no matter"' }).end()
}

function list(response: ServerResponse, folder: string, query: URLSearchParams): void {
  if (query.get('list-type') !== '2') return say(response, 501, 'NotImplemented')
  const after = query.get('continuation-token')?.replace(/^&"<after>/, '') ?? ''
  const all = readdirSync(folder)
    .filter((name) => !name.endsWith('%part'))
    .map((name) => decodeURIComponent(name))
    .toSorted()
  const keys = all.filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
  const page = keys.slice(0, Math.min(PAGE, Number(query.get('max-keys') ?? PAGE)))
  const contents = page.map((key) => {
    const { size, mtime } = statSync(join(folder, encodeURIComponent(key)))
    return `<Contents><Key>${key}</Key><LastModified>${mtime.toISOString()}</LastModified><ETag>&quot;x&quot;</ETag><Size>${size}</Size></Contents>`
  })
  const more = page.length < keys.length
  const next = more ? `<NextContinuationToken>&amp;&quot;&lt;after&gt;${page.at(-1)}</NextContinuationToken>` : ''
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join('')}${next}</ListBucketResult>`,
    )
}
