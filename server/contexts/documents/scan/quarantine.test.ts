/** What is infected: shut in every step, and back where it turns out not to be. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { newTenant, plantOf, type TestUser } from '#test/harness.ts'
import { uploadDocument } from '../library/upload.fixture.ts'
import { QUARANTINE_HEAD, scrambler } from './quarantine.ts'
import {
  askAnew,
  attemptScan,
  blobs,
  contentOf,
  jobsOf,
  lies,
  put,
  setScan,
  standIn,
  stateOf,
  told,
  unique,
  upload,
  virusFinder,
} from './scan.fixture.ts'
const finder = await virusFinder()
after(() => finder.close())
const scanner = { CLAMD_URL: finder.url }

test('what is infected is never served in any version, and lies where no program can open it', async () => {
  const tenant = await newTenant()
  const text = unique('a VIRUS and 4,000 more of its kind'.repeat(4_000))
  const document = await upload(tenant.admin, text)
  await attemptScan(tenant, document.sha256, scanner)
  assert.deepEqual(await stateOf(tenant, document), ['quarantined', 'infected'])
  assert.equal(await contentOf(tenant, document), '409 documents.quarantined')
  assert.equal(await contentOf(tenant, document, 1), '409 documents.quarantined')
  assert.deepEqual(await lies(tenant, document), { shelf: false, quarantine: true })
  const kept = await buffer(await (await blobs()).open(quarantineKey(tenant.id, document.sha256)))
  assert.deepEqual(kept.subarray(0, QUARANTINE_HEAD.length), QUARANTINE_HEAD)
  const scrambled = kept.subarray(QUARANTINE_HEAD.length)
  assert.ok(!kept.includes('VIRUS') && new Set(scrambled).size > 200, 'nothing of it is left to be seen')
  assert.equal(scrambler(document.sha256).update(scrambled).toString(), text)
  const data = { document_id: document.id, plant_id: null, version: 1 }
  assert.deepEqual(await told(tenant), [{ type: 'DocumentQuarantined', document: document.id, data }])
  assert.deepEqual(await jobsOf(tenant, 'documents.read', document.sha256), [])
})

test('quarantine says what is in it to who approves, and of other plants and companies nothing', async () => {
  const tenant = await newTenant()
  const [plant, other] = [await plantOf(tenant), await plantOf(tenant)]
  const text = unique('VIRUS of a plant')
  const document = await uploadDocument(tenant.admin, { name: 'bad.txt', bytes: text, plant_id: plant })
  await attemptScan(tenant, document.sha256, scanner)
  const listed = async (user: TestUser): Promise<unknown[]> => {
    const { status, body } = await user.call('GET', '/documents/quarantine')
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(body.pagination.total, body.items.length)
    return body.items
  }
  const [item, ...more] = (await listed(tenant.admin)) as Record<string, unknown>[]
  assert.equal(more.length, 0)
  const { quarantined_at, ...rest } = item!
  assert.ok(Math.abs(Date.now() - Date.parse(String(quarantined_at))) < 60_000)
  assert.deepEqual(rest, {
    ...{ sha256: document.sha256, signature: 'Test.Virus-1', size: text.length, media_type: document.media_type },
    documents: [{ id: document.id, name: 'bad.txt', plant_id: plant, version: 1, current: true }],
  })
  assert.deepEqual(await listed(await tenant.user('Admin', [other])), [])
  assert.equal((await listed(await tenant.user('Admin', [plant]))).length, 1)
  assert.deepEqual(await listed((await newTenant()).admin), [])
  assert.equal((await (await tenant.user('Viewer')).call('GET', '/documents/quarantine')).status, 403)
  assert.equal((await tenant.admin.call('DELETE', `/documents/${document.id}`)).status, 204)
  assert.deepEqual(await listed(tenant.admin), [])
})

test('infected bytes that are uploaded again are not served in between, and are put away again', async () => {
  const tenant = await newTenant()
  const text = unique('VIRUS')
  const first = await upload(tenant.admin, text)
  await attemptScan(tenant, first.sha256, scanner)
  const second = await upload(tenant.admin, text)
  assert.deepEqual([second.status, second.scan], ['quarantined', 'infected'])
  assert.equal(await contentOf(tenant, second), '409 documents.quarantined')
  assert.deepEqual(await lies(tenant, second), { shelf: true, quarantine: true })
  assert.deepEqual(await jobsOf(tenant, 'documents.scan', second.sha256), ['waiting'])
  await attemptScan(tenant, second.sha256, scanner)
  assert.deepEqual(await lies(tenant, second), { shelf: false, quarantine: true })
})

test('newer signatures that find nothing bring it back, whole', async () => {
  const tenant = await newTenant()
  const text = unique('called a VIRUS by mistake '.repeat(50_000))
  const document = await upload(tenant.admin, text)
  await attemptScan(tenant, document.sha256, scanner)
  assert.deepEqual(
    await askAnew(tenant, document, scanner),
    [202, 'quarantined'],
    'shut until something else was found',
  )
  const newer = await standIn(() => 'stream: OK')
  try {
    await attemptScan(tenant, document.sha256, { CLAMD_URL: newer.url })
    assert.equal(newer.seen[0]!.toString(), text, 'the scanner saw it unscrambled')
  } finally {
    await newer.close()
  }
  assert.deepEqual(await stateOf(tenant, document), ['available', 'clean'])
  assert.equal(await contentOf(tenant, document), text)
  assert.deepEqual(await lies(tenant, document), { shelf: true, quarantine: false })
  assert.deepEqual(
    (await told(tenant)).map(({ type }) => type),
    ['DocumentQuarantined', 'DocumentAvailable'],
  )
  assert.deepEqual(await jobsOf(tenant, 'documents.read', document.sha256), ['waiting'])
})

test('a process that ends between any two steps leaves nothing open and nothing lost', async () => {
  const tenant = await newTenant()
  const bad = await upload(tenant.admin, unique('VIRUS'))
  const plain = await buffer(await (await blobs()).open(contentKey(tenant.id, bad.sha256)))
  // Settled, not yet put away.
  await setScan(tenant, bad, { scan: 'infected', scanned_at: new Date().toISOString() })
  assert.equal(await contentOf(tenant, bad), '409 documents.quarantined')
  await attemptScan(tenant, bad.sha256, { ...scanner, attempt: 2 })
  assert.deepEqual(await lies(tenant, bad), { shelf: false, quarantine: true })
  // Put away, and everything once more.
  for (let again = 2; again < 4; again += 1) await attemptScan(tenant, bad.sha256, { ...scanner, attempt: again })
  assert.deepEqual(await lies(tenant, bad), { shelf: false, quarantine: true })
  assert.equal(await contentOf(tenant, bad), '409 documents.quarantined')
  const newer = await standIn(() => 'stream: OK')
  try {
    // Put back, not yet settled: both are there, and it is still shut.
    await put(contentKey(tenant.id, bad.sha256), plain)
    assert.deepEqual(await lies(tenant, bad), { shelf: true, quarantine: true })
    assert.equal(await contentOf(tenant, bad), '409 documents.quarantined')
    // Settled, and the scrambled copy not yet removed.
    await setScan(tenant, bad, { scan: 'clean' })
    await attemptScan(tenant, bad.sha256, { CLAMD_URL: newer.url, attempt: 2 })
    assert.deepEqual(await lies(tenant, bad), { shelf: true, quarantine: false })
    assert.equal(await contentOf(tenant, bad), plain.toString())
  } finally {
    await newer.close()
  }
})

test('quarantined bytes that were changed on the disk never come back', async () => {
  const tenant = await newTenant()
  const bad = await upload(tenant.admin, unique('VIRUS'))
  await attemptScan(tenant, bad.sha256, scanner)
  for (const damaged of [Buffer.concat([QUARANTINE_HEAD, Buffer.from('another thing')]), Buffer.from('short')]) {
    await put(quarantineKey(tenant.id, bad.sha256), damaged)
    await attemptScan(tenant, bad.sha256, scanner)
    assert.deepEqual(await stateOf(tenant, bad), ['quarantined', 'infected'])
    assert.deepEqual(await lies(tenant, bad), { shelf: false, quarantine: true })
  }
})

test('what was removed for good leaves nothing in quarantine, and nobody is told of it', async () => {
  const tenant = await newTenant()
  const bad = await upload(tenant.admin, unique('VIRUS'))
  await attemptScan(tenant, bad.sha256, scanner)
  await setScan(tenant, bad, { purged_at: new Date().toISOString() })
  await attemptScan(tenant, bad.sha256, scanner)
  assert.deepEqual(await lies(tenant, bad), { shelf: false, quarantine: false })
  assert.equal((await told(tenant)).length, 1)
  await attemptScan(tenant, '0'.repeat(64), scanner)
})
