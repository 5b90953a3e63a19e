import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { contentKey } from '#platform/blob/blob-store.ts'
import { blobRefusals } from '#platform/blob/refusals.ts'
import { spoolFolder } from '#platform/blob/spool.ts'
import { until } from '#platform/jobs/jobs.fixture.ts'
import { appWith, newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { makeServerApp } from './upload.app.fixture.ts'
import { FORM_TYPE, formOf, sendUpload, settleScan, uploadDocument } from './upload.fixture.ts'

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** How many rows and blobs a company has, and whether anything is spooled. */
async function left({ admin, id }: TestTenant): Promise<{ files: number; documents: number; blobs: number }> {
  const { blobs } = (await testApp()).deps
  let stored = 0
  for await (const _ of blobs.list(`${id}/`)) stored += 1
  const count = (table: 'files' | 'documents'): Promise<number> =>
    admin.read('documents.read', async ({ db }) => {
      const { count: all } = await db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('tenant_id', '=', id)
        .executeTakeFirstOrThrow()
      return all
    })
  return { files: await count('files'), documents: await count('documents'), blobs: stored }
}
const NOTHING = { files: 0, documents: 0, blobs: 0 }

test('a file is a document, with the fields before or behind it, and nobody opens it before it was scanned', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const bytes = 'Delega per la pratica 2026'
  for (const fileFirst of [true, false]) {
    const { status, body } = await sendUpload(admin, {
      ...{ name: 'delega.txt', bytes, fileFirst },
      fields: {
        ...{ name: 'Delega Carpi.txt', tags: ['gse, 2026', 'delega', 'gse'], category: 'delegation' },
        ...{ expiry_date: '2027-03-31', expiry_notice_days: '45', plant_id: '' },
      },
    })
    assert.equal(status, 201, JSON.stringify(body))
    const { name, type, size, version, sha256: hash, tags, expiry_date, expiry_notice_days, scan } = body
    assert.deepEqual([name, type, size, version, hash], ['Delega Carpi.txt', 'txt', bytes.length, 1, sha256(bytes)])
    assert.deepEqual([tags, expiry_date, expiry_notice_days], [['gse', '2026', 'delega'], '2027-03-31', 45])
    assert.deepEqual([body.status, scan, body.plant_id], ['scanning', null, null])
    assert.deepEqual((await admin.call('GET', `/documents/${body.id}`)).body, body)
    const content = await admin.call('GET', `/documents/${body.id}/content`)
    assert.deepEqual([content.status, content.body.error.code], [409, 'documents.scanning'])
    assert.ok(Number(content.headers['retry-after']) > 0)
  }
  // The same bytes are stored once, and scanned once.
  assert.deepEqual(await left(tenant), { files: 1, documents: 2, blobs: 1 })
})

test('what is wrong with an upload is said, and nothing is left of it', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const wrong: [Parameters<typeof sendUpload>[1], number, string][] = [
    [{ bytes: '' }, 422, 'documents.empty'],
    [{ name: '../..' }, 422, 'documents.bad_name'],
    [{ name: 'report.exe' }, 415, 'documents.type_not_allowed'],
    [{ name: 'no extension' }, 415, 'documents.type_not_allowed'],
    [{ name: 'table.xlsx' }, 415, 'documents.type_not_allowed'],
    [{ name: 'a.pdf', bytes: 'MZ and so on' }, 415, 'documents.type_mismatch'],
    [{ name: 'a.txt', bytes: '<html><script>' }, 415, 'documents.type_mismatch'],
    [{ bytes: 'a', fields: { owner: 'me' } }, 422, 'documents.invalid'],
    [{ bytes: 'a', fields: { expiry_date: '2026-02-30' } }, 422, 'documents.invalid'],
    [{ bytes: 'a', fields: { name: '\u202e' } }, 422, 'documents.bad_name'],
    [{ bytes: 'a', fields: { plant_id: '01890000-0000-7000-8000-000000000000' } }, 404, 'documents.no_such_target'],
    [{ bytes: 'a', fields: { task_id: '01890000-0000-7000-8000-000000000000' } }, 404, 'documents.no_such_target'],
  ]
  for (const [options, status, code] of wrong) {
    const answer = await sendUpload(admin, options)
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], JSON.stringify(options))
  }
  // A plant that is not there was found out when the bytes lay already: the sweep takes them.
  assert.deepEqual(await left(tenant), { ...NOTHING, blobs: 1 })
})

test('a form without a file, with two, or cut off is refused and leaves nothing', async () => {
  const tenant = await newTenant()
  const { http } = await testApp()
  const whole = formOf({ name: 'a.txt', bytes: 'abc' })
  const second = formOf({ name: 'b.txt', bytes: 'abc' })
  const open = whole.subarray(0, whole.lastIndexOf('--boundary-of-a-test--'))
  const forms: [Buffer, number, string][] = [
    [Buffer.from('--boundary-of-a-test--\r\n'), 422, 'documents.no_file'],
    [Buffer.from(whole.toString().replace('name="file"', 'name="other"')), 422, 'documents.no_file'],
    [Buffer.concat([open, second]), 413, 'request.too_large'],
    [open, 400, 'request.malformed'],
    [whole.subarray(0, 120), 400, 'request.malformed'],
  ]
  for (const [payload, status, code] of forms) {
    const headers = { authorization: `Bearer ${tenant.admin.token}`, 'content-type': FORM_TYPE }
    const answer = await http.inject({ method: 'POST', url: '/api/v1/documents', headers, payload })
    assert.deepEqual([answer.statusCode, answer.json().error.code], [status, code], payload.toString())
  }
  assert.deepEqual(await left(tenant), NOTHING)
})

test('a file that is too large is refused as soon as that is seen', async () => {
  const tenant = await newTenant()
  await using server = await makeServerApp({ MAX_UPLOAD_SIZE: 10_000 })
  const answer = await sendUpload(tenant.admin, { name: 'a.txt', bytes: 'x'.repeat(10_001), app: server.app })
  assert.deepEqual([answer.status, answer.body.error.code], [413, 'documents.too_large'])
  assert.equal((await sendUpload(tenant.admin, { bytes: 'x'.repeat(10_000), app: server.app })).status, 201)
  // By what its length says, before a byte of it came.
  const response = await server.post(tenant.admin, { length: 5_000_000, body: [Buffer.from('--')], hold: true })
  assert.deepEqual([response.status, response.code], [413, 'documents.too_large'])
  assert.deepEqual(await server.spooled(), [])
})

test('who may not write, and a production without a scanner, is refused before the file is read', async () => {
  const tenant = await newTenant()
  const viewer = await tenant.user('Viewer')
  await using server = await makeServerApp({})
  // The file never comes: only who does not wait for it can answer.
  const refused = await server.post(viewer, { length: 100_000, body: [formOf({}).subarray(0, 60)], hold: true })
  assert.deepEqual([refused.status, refused.code], [403, 'auth.forbidden'])
  await using production = await makeServerApp({ production: true })
  const blind = await production.post(tenant.admin, { length: 100_000, body: [formOf({}).subarray(0, 60)], hold: true })
  assert.deepEqual([blind.status, blind.code], [503, 'documents.no_scanner'])
})

test('an upload whose client goes away in the middle leaves nothing', async () => {
  const tenant = await newTenant()
  await using server = await makeServerApp({})
  const form = formOf({ name: 'a.txt', bytes: 'x'.repeat(2_000_000), fields: { category: 'a' } })
  // In the file, and behind it in the fields.
  for (const sent of [1_000_000, form.length - 60]) {
    const seen = await server.breakOff(tenant.admin, form, sent)
    assert.ok(seen, 'it was being written when its client went')
    await until(async () => (await server.spooled()).length === 0)
  }
  assert.deepEqual(await left(tenant), NOTHING)
})

test('the same content uploaded at the same moment is one file, and each upload a document', async () => {
  const tenant = await newTenant()
  const bytes = `once ${tenant.id}`
  const made = await Promise.all(Array.from({ length: 8 }, () => uploadDocument(tenant.admin, { bytes })))
  assert.equal(new Set(made.map(({ id }) => id)).size, 8)
  assert.deepEqual(await left(tenant), { files: 1, documents: 8, blobs: 1 })
  const jobs = await tenant.admin.read('documents.read', ({ db }) =>
    db
      .selectFrom('control.jobs')
      .select('id')
      .where('tenant_id', '=', tenant.id)
      .where('kind', '=', 'documents.scan')
      .execute(),
  )
  assert.equal(jobs.length, 1, 'and scanned once')
})

test('another company’s same content is another file', async () => {
  const [one, other] = [await newTenant(), await newTenant()]
  const bytes = `both ${one.id}`
  const [mine, theirs] = [await uploadDocument(one.admin, { bytes }), await uploadDocument(other.admin, { bytes })]
  await settleScan(one.admin, mine, 'infected')
  assert.equal((await other.admin.call('GET', `/documents/${theirs.id}`)).body.status, 'scanning')
  assert.deepEqual(
    [await left(one), await left(other)],
    Array.from({ length: 2 }, () => ({ files: 1, documents: 1, blobs: 1 })),
  )
})

test('a content that is known as infected is quarantined at once, whoever brings it', async () => {
  const { admin } = await newTenant()
  const bytes = 'bad bytes'
  await settleScan(admin, await uploadDocument(admin, { bytes }), 'infected')
  const again = await uploadDocument(admin, { name: 'other.txt', bytes })
  assert.deepEqual([again.status, again.scan], ['quarantined', 'infected'])
  const content = await admin.call('GET', `/documents/${again.id}/content`)
  assert.deepEqual([content.status, content.body.error.code], [409, 'documents.quarantined'])
})

test('a store that does not answer is 503, and nothing is left behind', async () => {
  const tenant = await newTenant()
  const app = await appWith({})
  const { put } = app.deps.blobs
  const unavailable = (): Promise<void> => Promise.reject(blobRefusals.refuse('blobs.unavailable'))
  Object.assign(app.deps.blobs, { put: unavailable })
  try {
    const { status, body } = await sendUpload(tenant.admin, { bytes: 'a', app })
    assert.deepEqual([status, body.error.code], [503, 'blobs.unavailable'])
    assert.deepEqual(await left(tenant), NOTHING)
    const spooled = await readdir(spoolFolder(app.deps.config)).catch(() => [])
    assert.deepEqual(
      spooled.filter((name) => name.startsWith(`${process.pid}-`)),
      [],
    )
  } finally {
    Object.assign(app.deps.blobs, { put })
    await app.close()
  }
})

test('a document of a plant is made and seen by who sees the plant alone', async () => {
  const tenant = await newTenant()
  const [here, there] = [await plantOf(tenant), await plantOf(tenant)]
  const limited = await tenant.user('Asset Manager', [here])
  const refused = await sendUpload(limited, { fields: { plant_id: there } })
  assert.deepEqual([refused.status, refused.body.error.code], [404, 'documents.no_such_target'])
  const mine = await uploadDocument(limited, { plant_id: here, bytes: 'here' })
  const theirs = await uploadDocument(tenant.admin, { plant_id: there, bytes: 'there' })
  const shared = await uploadDocument(tenant.admin, { bytes: 'everybody’s' })
  const { body } = await limited.call('GET', '/documents?sort=created_at')
  assert.deepEqual(
    body.items.map(({ id }: { id: string }) => id),
    [mine.id, shared.id],
  )
  for (const path of ['', '/versions', '/content']) {
    const answer = await limited.call('GET', `/documents/${theirs.id}${path}`)
    assert.deepEqual([answer.status, answer.body.error.code], [404, 'documents.not_found'], path)
  }
  // Moving it where one does not see it is refused like a plant that is not there.
  const moved = await limited.call('PATCH', `/documents/${mine.id}`, { plant_id: there })
  assert.deepEqual([moved.status, moved.body.error.code], [404, 'documents.no_such_target'])
})

test('sixty megabytes go through without being held in memory', async () => {
  const tenant = await newTenant()
  await using server = await makeServerApp({ MAX_UPLOAD_SIZE: 70_000_000 })
  const size = 60_000_000
  const [head, tail] = formOf({ name: 'big.txt', bytes: '|' }).toString().split('|') as [string, string]
  const chunk = Buffer.from(`${'0123456789abcde'.repeat(6_666)}\n`)
  // What is still needed, and not what waits to be collected.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  const before = used()
  let [peak, measured] = [0, 0]
  function* body(): Generator<Buffer> {
    yield Buffer.from(head)
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (sent > (measured + 1) * 5_000_000) {
        measured += 1
        peak = Math.max(peak, used() - before)
      }
      yield chunk.subarray(0, Math.min(chunk.length, size - sent))
    }
    yield Buffer.from(tail)
  }
  const answer = await server.post(tenant.admin, { length: head.length + size + tail.length, body: body() })
  assert.equal(answer.status, 201, answer.code)
  assert.equal(answer.body.size, size)
  assert.ok(measured >= 10 && peak < 12_000_000, `${Math.round(peak / 1e5) / 10} MB more at most, for 60 MB`)
  const { blobs } = server.app.deps
  const stored = await blobs.stat(contentKey(tenant.id, answer.body.sha256))
  assert.equal(stored?.size, size)
})
