/** What becomes of a content that is looked at, or is not; against a stand-in. The real clamd is asked in clamd.services.test.ts. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { contentKey } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { appWith, newTenant, plantOf, request, testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import { until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import { uploadDocument } from '../library/upload.fixture.ts'
import type { Document } from '../schemas.ts'
import { QUARANTINE_HEAD, quarantineKey, scrambler } from './quarantine.ts'
import { scanJobs } from './jobs.ts'
import { openContent } from './move-content.ts'
import { RESCAN_DAYS, runRescans } from './run-rescans.ts'
import { attemptScan, LAST, scanDeps, standIn, virusFinder } from './scan.fixture.ts'

const finder = await virusFinder()
after(() => finder.close())
const scanner = { CLAMD_URL: finder.url }
const away = { CLAMD_URL: 'tcp://127.0.0.1:1' }

/** Asks for a scan where one is set up. */
async function askAnew({ admin: { token } }: TestTenant, { id }: Document): Promise<[number, string]> {
  const app = await appWith(scanner)
  try {
    const { status, body } = await request('POST', `/api/v1/documents/${id}/scan`, { token, app })
    return [status, body.status]
  } finally {
    await app.close()
  }
}

let made = 0
const unique = (text: string): string => `${text} ${process.pid}-${(made += 1)}`
const upload = (user: TestUser, text: string): Promise<Document> =>
  uploadDocument(user, { name: 'letter.txt', bytes: text })
const stateOf = async ({ admin }: TestTenant, { id }: Document): Promise<[string, string | null]> => {
  const { body } = await admin.call('GET', `/documents/${id}`)
  return [body.status, body.scan]
}
const contentOf = async ({ admin }: TestTenant, { id }: Document, version?: number): Promise<string> => {
  const path = version === undefined ? '' : `/versions/${version}`
  const { status, body, text } = await admin.call('GET', `/documents/${id}${path}/content`)
  return status === 200 ? text : `${status} ${body.error.code}`
}
const blobs = async () => (await testApp()).deps.blobs
const put = async (key: string, bytes: Buffer): Promise<void> => {
  const { config } = (await testApp()).deps
  await (await blobs()).put(key, await spool(Readable.from([bytes]), spoolFolder(config)))
}
const lies = async ({ id }: TestTenant, { sha256 }: Document): Promise<{ shelf: boolean; quarantine: boolean }> => {
  const store = await blobs()
  const [shelf, quarantine] = [contentKey(id, sha256), quarantineKey(id, sha256)]
  return { shelf: (await store.stat(shelf)) !== null, quarantine: (await store.stat(quarantine)) !== null }
}
type Told = { type: string; document: string; data: Record<string, unknown> }
/** What was told of documents, in the order in which it was. */
const told = async ({ id }: TestTenant, type?: string): Promise<Told[]> => {
  const rows = await (
    await testApp()
  ).deps.installation.custody.run(({ db }) =>
    db
      .selectFrom('control.events')
      .select(['type', 'data'])
      .where('tenant_id', '=', id)
      .where('type', 'in', type ? [type] : ['DocumentAvailable', 'DocumentQuarantined', 'DocumentScanFailed'])
      .orderBy('id')
      .execute(),
  )
  return rows.map((row) => ({ type: row.type, document: row.data.document_id, data: row.data }))
}
const jobsOf = async ({ id }: TestTenant, kind: string, key: string): Promise<string[]> => {
  const rows = await (
    await testApp()
  ).deps.installation.custody.run(({ db }) =>
    db
      .selectFrom('control.jobs')
      .select('state')
      .where('tenant_id', '=', id)
      .where('kind', '=', kind)
      .where('key', '=', key)
      .execute(),
  )
  return rows.map(({ state }) => state as string)
}
const setScan = ({ admin, id }: TestTenant, { sha256 }: Document, change: Record<string, unknown>): Promise<unknown> =>
  admin.write('documents.write', ({ db }) =>
    db.updateTable('files').set(change).where('tenant_id', '=', id).where('sha256', '=', sha256).execute(),
  )
const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(promise, (error) => (error as { code?: string }).code === code)

test('what is clean can be opened, is told and is read', async () => {
  const tenant = await newTenant()
  const text = unique('Gentili signori')
  const document = await upload(tenant.admin, text)
  assert.equal(await contentOf(tenant, document), '409 documents.scanning')
  await attemptScan(tenant, document.sha256, scanner)
  assert.deepEqual(await stateOf(tenant, document), ['available', 'clean'])
  assert.equal(await contentOf(tenant, document), text)
  const data = { document_id: document.id, plant_id: null, version: 1, scan: 'clean' }
  assert.deepEqual(await told(tenant), [{ type: 'DocumentAvailable', document: document.id, data }])
  assert.deepEqual(await jobsOf(tenant, 'documents.read', document.sha256), ['waiting'])
  assert.ok(finder.seen.some((content) => content.toString() === text))
})

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

test('every document that has a content is told of it, once; who comes to it later is told then', async () => {
  const tenant = await newTenant()
  for (const [word, type] of [
    ['fine', 'DocumentAvailable'],
    ['VIRUS', 'DocumentQuarantined'],
  ] as const) {
    const text = unique(word)
    const first = [await upload(tenant.admin, text), await upload(tenant.admin, text)]
    await attemptScan(tenant, first[0]!.sha256, scanner)
    await attemptScan(tenant, first[0]!.sha256, { ...scanner, attempt: 2 })
    assert.deepEqual(
      (await told(tenant, type)).map((one) => one.document).toSorted(),
      first.map(({ id }) => id).toSorted(),
    )
    const late = await upload(tenant.admin, text)
    await attemptScan(tenant, late.sha256, scanner)
    assert.deepEqual(
      (await told(tenant, type)).slice(2).map((one) => one.document),
      [late.id],
    )
  }
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
  assert.deepEqual(await askAnew(tenant, document), [202, 'quarantined'], 'shut until something else was found')
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

test('while the scanner is away a document waits; after the last attempt it has failed, and may be asked for anew', async () => {
  const tenant = await newTenant()
  const text = unique('patience')
  const document = await upload(tenant.admin, text)
  await rejects(attemptScan(tenant, document.sha256, away), 'scans.unavailable')
  await rejects(attemptScan(tenant, document.sha256, { ...away, attempt: LAST - 1 }), 'scans.unavailable')
  assert.deepEqual(await stateOf(tenant, document), ['scanning', null])
  assert.deepEqual(await told(tenant), [])
  await rejects(attemptScan(tenant, document.sha256, { ...away, attempt: LAST }), 'scans.unavailable')
  assert.deepEqual(await stateOf(tenant, document), ['failed', null])
  assert.equal(await contentOf(tenant, document), '409 documents.scan_failed')
  assert.deepEqual(
    (await told(tenant)).map(({ type }) => type),
    ['DocumentScanFailed'],
  )
  assert.deepEqual(await askAnew(tenant, document), [202, 'scanning'])
  await attemptScan(tenant, document.sha256, scanner)
  assert.equal(await contentOf(tenant, document), text)
})

test('what asking again cannot change fails at once, and says why', async () => {
  const tenant = await newTenant()
  for (const [said, why] of [
    ['INSTREAM size limit exceeded. ERROR', 'too_large'],
    ['stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND', 'limits_exceeded'],
  ] as const) {
    const full = await standIn(() => said)
    try {
      const document = await upload(tenant.admin, unique('much'))
      await attemptScan(tenant, document.sha256, { CLAMD_URL: full.url })
      assert.deepEqual(await stateOf(tenant, document), ['failed', null])
      const row = await tenant.admin.read('documents.read', ({ db }) =>
        db.selectFrom('files').select('scan_detail').where('sha256', '=', document.sha256).executeTakeFirst(),
      )
      assert.equal(row?.scan_detail, `${why}: ${said}`)
    } finally {
      await full.close()
    }
  }
  const lost = await upload(tenant.admin, unique('lost'))
  await (await blobs()).remove(contentKey(tenant.id, lost.sha256))
  await attemptScan(tenant, lost.sha256, scanner)
  assert.deepEqual(await stateOf(tenant, lost), ['failed', null])
})

test('a scanner that dies in the middle is asked again', async () => {
  const tenant = await newTenant()
  const document = await upload(tenant.admin, unique('half'))
  for (const said of ['nonsense', "stream: Can't allocate memory ERROR"]) {
    const dying = await standIn(() => said)
    await rejects(attemptScan(tenant, document.sha256, { CLAMD_URL: dying.url }), 'scans.unavailable')
    await dying.close()
  }
  const hanging = await standIn(() => null)
  const scanning = attemptScan(tenant, document.sha256, { CLAMD_URL: hanging.url })
  const failing = rejects(scanning, 'scans.unavailable')
  await until(() => hanging.seen.length > 0)
  await hanging.close()
  await failing
  assert.deepEqual(await stateOf(tenant, document), ['scanning', null])
})

test('a job that is ended between opening a content and reading it ends with it, and not the process', async () => {
  const tenant = await newTenant()
  const { sha256 } = await upload(tenant.admin, unique('VIRUS'))
  const { config } = (await testApp()).deps
  for (const place of ['shelf', 'quarantine'] as const) {
    const off = new AbortController()
    const shelf = { blobs: await blobs(), folder: spoolFolder(config), signal: off.signal }
    const opened = await openContent(shelf, { tenantId: tenant.id, sha256 })
    assert.equal(opened?.place, place)
    off.abort()
    await new Promise((resolve) => opened.source.once('close', resolve))
    await assert.rejects(buffer(opened.source))
    await attemptScan(tenant, sha256, scanner)
  }
})

test('a failure takes nothing back: what was clean stays open, what was infected stays shut', async () => {
  const tenant = await newTenant()
  const [good, bad] = [await upload(tenant.admin, unique('good')), await upload(tenant.admin, unique('VIRUS'))]
  for (const { sha256 } of [good, bad]) {
    await attemptScan(tenant, sha256, scanner)
    await rejects(attemptScan(tenant, sha256, { ...away, attempt: LAST }), 'scans.unavailable')
    // In development, and the scanner was taken out of the settings.
    await attemptScan(tenant, sha256)
  }
  assert.deepEqual(await stateOf(tenant, good), ['available', 'clean'])
  assert.deepEqual(await stateOf(tenant, bad), ['quarantined', 'infected'])
  assert.equal((await told(tenant)).length, 2)
})

test('without a scanner development serves it marked, and a scanner that comes later is heard', async () => {
  const tenant = await newTenant()
  const text = unique('VIRUS that nobody saw')
  const document = await upload(tenant.admin, text)
  await attemptScan(tenant, document.sha256)
  assert.deepEqual(await stateOf(tenant, document), ['available', 'not_scanned'])
  assert.equal(await contentOf(tenant, document), text)
  assert.deepEqual(
    (await told(tenant)).map(({ data }) => data['scan']),
    ['not_scanned'],
  )
  assert.deepEqual(await jobsOf(tenant, 'documents.read', document.sha256), ['waiting'])
  const refused = await tenant.admin.call('POST', `/documents/${document.id}/scan`)
  assert.deepEqual([refused.status, refused.body.error.code], [409, 'scans.no_scanner'])
  assert.deepEqual(await askAnew(tenant, document), [202, 'available'])
  await attemptScan(tenant, document.sha256, scanner)
  assert.equal(await contentOf(tenant, document), '409 documents.quarantined')
})

test('without a scanner production serves nothing, however long it waits', async () => {
  const tenant = await newTenant()
  const document = await upload(tenant.admin, unique('waiting'))
  for (const attempt of [1, LAST])
    await rejects(attemptScan(tenant, document.sha256, { production: true, attempt }), 'scans.unavailable')
  assert.deepEqual(await stateOf(tenant, document), ['scanning', null])
  assert.equal(await contentOf(tenant, document), '409 documents.scanning')
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

test('who may not write does not ask for a scan, and a stranger finds no document to scan', async () => {
  const tenant = await newTenant()
  const document = await upload(tenant.admin, unique('x'))
  const path = `/documents/${document.id}/scan`
  assert.equal((await (await tenant.user('Viewer')).call('POST', path)).status, 403)
  assert.equal((await (await newTenant()).admin.call('POST', path)).status, 404)
})

test('nobody waits behind another company’s bombs: they keep their own places busy and no more', async () => {
  const [bomber, other] = [await newTenant(), await newTenant()]
  const bombs: Document[] = []
  for (let i = 0; i < 12; i += 1) bombs.push(await upload(bomber.admin, unique('BOMB')))
  const busy = await standIn((content) => (content.includes('BOMB') ? null : 'stream: OK'))
  const jobs = [...scanJobs(await scanDeps({ CLAMD_URL: busy.url }))]
  try {
    await withWorker(jobs, async () => {
      const working = (): number => busy.seen.filter((content) => content.includes('BOMB')).length
      await until(() => working() >= 2)
      const letters = [await upload(other.admin, unique('a')), await upload(other.admin, unique('b'))]
      for (const letter of letters) await until(async () => (await stateOf(other, letter))[0] === 'available')
      assert.equal(working(), 2, 'two of one company at once')
    })
  } finally {
    await busy.close()
  }
  for (const bomb of bombs) assert.deepEqual(await stateOf(bomber, bomb), ['scanning', null])
})

test('at night what is new, shut or unseen is looked at anew, and what waits is not forgotten', async () => {
  const tenant = await newTenant()
  const now = Date.now()
  const old = new Date(now - (RESCAN_DAYS + 1) * 86_400_000).toISOString()
  const cases = {
    new: { scan: 'clean' },
    old: { scan: 'clean', stored_at: old },
    infected: { scan: 'infected', stored_at: old },
    failed: { scan: 'failed', stored_at: old },
    unseen: { scan: 'not_scanned', stored_at: old },
    waiting: { scan: 'waiting', stored_at: old },
    gone: { scan: 'infected', stored_at: old, purged_at: new Date(now).toISOString() },
    'long gone': { scan: 'infected', stored_at: old, purged_at: old },
  }
  const names = new Map<string, string>()
  for (const [name, change] of Object.entries(cases)) {
    const document = await upload(tenant.admin, unique(name))
    names.set(document.sha256, name)
    await setScan(tenant, document, change)
  }
  const ordered = async (withScanner: boolean): Promise<string[]> => {
    const { custody, database } = (await testApp()).deps.installation
    await custody.run(({ db }) =>
      db.deleteFrom('control.jobs').where('tenant_id', '=', tenant.id).where('kind', '=', 'documents.scan').execute(),
    )
    const scope = systemScope(tenant.id, 'test')
    await database.write(scope, (work) => runRescans(work, { after: '' }, { scanner: withScanner }))
    const rows = await custody.run(({ db }) =>
      db
        .selectFrom('control.jobs')
        .select(['key', 'priority'])
        .where('tenant_id', '=', tenant.id)
        .where('kind', '=', 'documents.scan')
        .execute(),
    )
    assert.ok(rows.every(({ priority }) => priority < 0))
    return rows.map(({ key }) => names.get(String(key))!).toSorted()
  }
  assert.deepEqual(await ordered(true), ['failed', 'gone', 'infected', 'new', 'unseen', 'waiting'])
  assert.deepEqual(await ordered(false), ['gone', 'waiting'])
})
