/** What becomes of a content that is looked at, or is not; against a stand-in. The real clamd is asked in clamd.services.test.ts. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { contentKey } from '#platform/blob/blob-store.ts'
import { spoolFolder } from '#platform/blob/spool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { forgetWaiting, until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, testApp } from '#test/harness.ts'
import type { Document } from '../schemas.ts'
import { scanJobs } from './jobs.ts'
import { openContent } from './move-content.ts'
import { RESCAN_DAYS, runRescans } from './run-rescans.ts'
import {
  askAnew,
  attemptScan,
  blobs,
  contentOf,
  jobsOf,
  LAST,
  rejects,
  scanDeps,
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
const away = { CLAMD_URL: 'tcp://127.0.0.1:1' }

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
  assert.deepEqual(await askAnew(tenant, document, scanner), [202, 'scanning'])
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
  assert.deepEqual(await askAnew(tenant, document, scanner), [202, 'available'])
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

test('who may not write does not ask for a scan, and a stranger finds no document to scan', async () => {
  const tenant = await newTenant()
  const document = await upload(tenant.admin, unique('x'))
  const path = `/documents/${document.id}/scan`
  assert.equal((await (await tenant.user('Viewer')).call('POST', path)).status, 403)
  assert.equal((await (await newTenant()).admin.call('POST', path)).status, 404)
})

test('nobody waits behind another company’s bombs: they keep their own places busy and no more', async () => {
  const [bomber, other] = [await newTenant(), await newTenant()]
  await forgetWaiting(scanJobs(await scanDeps({})))
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
