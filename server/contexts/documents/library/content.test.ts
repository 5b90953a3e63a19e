import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { contentKey } from '#platform/blob/blob-store.ts'
import { newTenant, testApp, type TestUser } from '#test/harness.ts'
import { makeServerApp } from './upload.app.fixture.ts'
import { sendUpload, settleScan, uploadDocument } from './upload.fixture.ts'

const BYTES = 'Però: 0123456789'
const SIZE = Buffer.byteLength(BYTES)
const etag = `"${createHash('sha256').update(BYTES).digest('hex')}"`

async function get(user: TestUser, path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  const { http } = await testApp()
  const answer = await http.inject({
    ...{ method, url: `/api/v1${path}` },
    headers: { authorization: `Bearer ${user.token}`, ...headers },
  })
  return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload }
}
async function readable(user: TestUser, options: { name?: string; bytes?: string | Buffer } = {}) {
  const document = await uploadDocument(user, { name: 'lettera.txt', bytes: BYTES, ...options })
  await settleScan(user, document)
  return document
}

test('a content is served as a file to save, never as a page of ours', async () => {
  const { admin } = await newTenant()
  const document = await readable(admin, { name: 'Però "urgente".txt' })
  const { status, headers, bytes } = await get(admin, `/documents/${document.id}/content`, {
    'accept-encoding': 'gzip',
  })
  assert.deepEqual([status, bytes.toString()], [200, BYTES])
  assert.deepEqual(
    Object.fromEntries(
      [
        ...['content-type', 'content-disposition', 'x-content-type-options', 'content-security-policy', 'etag'],
        ...['cross-origin-resource-policy', 'accept-ranges', 'content-length', 'content-encoding'],
      ].map((name) => [name, headers[name]]),
    ),
    {
      'content-type': 'text/plain',
      'content-disposition': `attachment; filename="Pero _22urgente_22.txt"; filename*=UTF-8''Per%C3%B2%20%2522urgente%2522.txt`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      etag,
      'cross-origin-resource-policy': 'same-origin',
      'accept-ranges': 'bytes',
      'content-length': String(SIZE),
      'content-encoding': undefined,
    },
  )
  assert.match(String(headers['cache-control']), /private/)
})

test('a type that a browser could run is served as bytes of no kind', async () => {
  const { admin } = await newTenant()
  await using server = await makeServerApp({ ALLOWED_EXTENSIONS: 'xml,eml,csv,txt' })
  const files: [string, string, string][] = [
    ['a.xml', '<a/>', 'application/octet-stream'],
    ['a.eml', 'From: a@example.it\r\n\r\n<script>', 'application/octet-stream'],
    ['a.csv', 'a;b', 'text/csv'],
  ]
  for (const [name, bytes, type] of files) {
    const document = await uploadDocument(admin, { name, bytes, app: server.app })
    await settleScan(admin, document)
    const { headers } = await get(admin, `/documents/${document.id}/content`)
    assert.equal(headers['content-type'], type, name)
  }
})

test('ranges: parts, ends, what is not there, and a part only of the content that the client has', async () => {
  const { admin } = await newTenant()
  const { id } = await readable(admin)
  const all = Buffer.from(BYTES)
  const asked: [Record<string, string>, number, Buffer, string | undefined][] = [
    [{ range: 'bytes=0-3' }, 206, all.subarray(0, 4), `bytes 0-3/${SIZE}`],
    [{ range: 'bytes=-4' }, 206, all.subarray(-4), `bytes ${SIZE - 4}-${SIZE - 1}/${SIZE}`],
    [{ range: 'bytes=5-' }, 206, all.subarray(5), `bytes 5-${SIZE - 1}/${SIZE}`],
    [{ range: 'bytes=5-9999' }, 206, all.subarray(5), `bytes 5-${SIZE - 1}/${SIZE}`],
    [{ range: 'bytes=0-1,4-5' }, 200, all, undefined],
    [{ range: 'bytes=0-3', 'if-range': etag }, 206, all.subarray(0, 4), `bytes 0-3/${SIZE}`],
    [{ range: 'bytes=0-3', 'if-range': '"other"' }, 200, all, undefined],
    [{ range: 'bytes=0-3', 'if-range': 'Sat, 21 Nov 2026 10:00:00 GMT' }, 200, all, undefined],
  ]
  for (const [headers, status, bytes, range] of asked) {
    const answer = await get(admin, `/documents/${id}/content`, headers)
    const where = JSON.stringify(headers)
    assert.deepEqual([answer.status, answer.bytes.toString('hex')], [status, bytes.toString('hex')], where)
    assert.equal(answer.headers['content-range'], range, where)
    assert.equal(Number(answer.headers['content-length']), bytes.length, where)
  }
})

test('a part that is not there is 416, and says how long the whole is', async () => {
  const { admin } = await newTenant()
  const { id } = await readable(admin)
  const { status, body, headers } = await admin.call('GET', `/documents/${id}/content`, undefined, {
    range: 'bytes=99-',
  })
  assert.deepEqual([status, body.error.code, body.error.type], [416, 'request.no_such_range', 'RangeNotSatisfiable'])
  assert.equal(headers['content-range'], `bytes */${SIZE}`)
})

test('what the client has is not sent again, and HEAD says what GET would', async () => {
  const { admin } = await newTenant()
  const { id } = await readable(admin)
  const known = await get(admin, `/documents/${id}/content`, { 'if-none-match': etag })
  assert.deepEqual([known.status, known.bytes.length, known.headers['etag']], [304, 0, etag])
  assert.equal((await get(admin, `/documents/${id}/content`, { 'if-none-match': '"other"' })).status, 200)
  const head = await get(admin, `/documents/${id}/content`, {}, 'HEAD')
  assert.deepEqual([head.status, head.bytes.length], [200, 0])
  assert.deepEqual([head.headers['content-length'], head.headers['etag']], [String(SIZE), etag])
  const part = await get(admin, `/documents/${id}/content`, { range: 'bytes=0-3' }, 'HEAD')
  assert.deepEqual([part.status, part.headers['content-length']], [206, '4'])
})

test('only what was found clean, or not scanned in development, is opened', async () => {
  const { admin } = await newTenant()
  const document = await readable(admin)
  const states = [
    ...[
      ['waiting', 409, 'documents.scanning'],
      ['infected', 409, 'documents.quarantined'],
    ],
    ...[
      ['failed', 409, 'documents.scan_failed'],
      ['clean', 200, undefined],
      ['not_scanned', 200, undefined],
    ],
  ] as const
  for (const [scan, status, code] of states) {
    await settleScan(admin, document, scan)
    for (const path of ['/content', '/versions/1/content']) {
      const answer = await admin.call('GET', `/documents/${document.id}${path}`)
      assert.deepEqual([answer.status, answer.body?.error.code], [status, code], `${scan} ${path}`)
    }
  }
})

test('each version keeps its own bytes and the name of its file', async () => {
  const { admin } = await newTenant()
  const { id } = await readable(admin)
  const second = await sendUpload(admin, { path: `/documents/${id}/versions`, name: 'nuova.txt', bytes: 'second' })
  assert.equal(second.status, 201, JSON.stringify(second.body))
  await settleScan(admin, second.body)
  const contents = await Promise.all(
    ['/content', '/versions/1/content', '/versions/2/content'].map((path) => get(admin, `/documents/${id}${path}`)),
  )
  assert.deepEqual(
    contents.map(({ bytes }) => bytes.toString()),
    ['second', BYTES, 'second'],
  )
  assert.deepEqual(
    contents.map(({ headers }) => /filename="([^"]*)"/.exec(String(headers['content-disposition']))![1]),
    ['lettera.txt', 'lettera.txt', 'nuova.txt'],
  )
  const none = await admin.call('GET', `/documents/${id}/versions/3/content`)
  assert.deepEqual([none.status, none.body.error.code], [404, 'documents.no_such_version'])
})

test('bytes that the store has lost are 404, and say so', async () => {
  const { admin, id } = await newTenant()
  const document = await readable(admin)
  await (await testApp()).deps.blobs.remove(contentKey(id, document.sha256))
  const { status, body } = await admin.call('GET', `/documents/${document.id}/content`)
  assert.deepEqual([status, body.error.code], [404, 'blobs.missing'])
})

test('a company that is suspended can still read its contents, and upload nothing', async () => {
  const { admin, id } = await newTenant()
  const document = await readable(admin)
  const { custody } = (await testApp()).deps.installation
  for (const status of ['Suspended', 'Cancelled']) {
    await custody.run(({ db }) => sql`update control.tenants set status = ${status} where id = ${id}`.execute(db))
    assert.equal((await get(admin, `/documents/${document.id}/content`)).bytes.toString(), BYTES, status)
    assert.equal((await sendUpload(admin, { bytes: 'new' })).status, 403, status)
  }
})
