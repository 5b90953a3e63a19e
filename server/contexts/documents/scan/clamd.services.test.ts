/** Against a real clamd (`npm run test:services`): TEST_CLAMD is its program; each run starts one with a signature of its own. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { Document as Word, Packer, Paragraph } from 'docx'
import PizZip from 'pizzip'
import { CLAMD_LIMIT, type RunningClamd, startClamd } from '../../../../launch/clamd.ts'
import { examineScanner } from '../../../../cli/doctor/scanner.ts'
import { contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import { clamd, clamdAddress, type Finding } from '#platform/scan/clamd.ts'
import { appWith, newTenant, request, testApp, type TestTenant } from '#test/harness.ts'
import { sendUpload, uploadDocument } from '../library/upload.fixture.ts'
import type { Document } from '../schemas.ts'
import { scanJobs } from './jobs.ts'
import { scanDeps } from './scan.fixture.ts'

// In two halves, so that no scanner takes this file for what it speaks of.
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const SIGNATURE = 'Officina.Test.EICAR.UNOFFICIAL'

let real: RunningClamd
before(async () => {
  const program = process.env['TEST_CLAMD'] ?? '/usr/sbin/clamd'
  real = await startClamd(program, [`Officina.Test.EICAR:0:*:${Buffer.from(EICAR).toString('hex')}`])
})
after(() => real.remove())
const addresses = (): readonly string[] => [real.tcp, real.unix]
const scan = (url: string, ...chunks: Buffer[]): Promise<Finding> =>
  clamd(clamdAddress(url)!).scan(Readable.from(chunks))

const stateOf = async ({ admin }: TestTenant, { id }: Document): Promise<[string, string | null]> => {
  const { body } = await admin.call('GET', `/documents/${id}`)
  return [body.status, body.scan]
}
/** Looks for the content the whole time until it is settled: it is never served before, and never if it must not. */
async function settled(tenant: TestTenant, document: Document, ms = 60_000): Promise<[string, string | null]> {
  for (const end = Date.now() + ms; ; await sleep(10)) {
    const { status, text } = await tenant.admin.call('GET', `/documents/${document.id}/content`)
    const state = await stateOf(tenant, document)
    if (status === 200) assert.equal(state[0], 'available', 'it is served before it is known to be clean')
    assert.ok(!text.includes(EICAR), 'what is infected is served')
    if (state[0] !== 'scanning') return state
    assert.ok(Date.now() < end, 'it was never settled')
  }
}
const working = async <T>(url: string, use: () => Promise<T>): Promise<T> =>
  withWorker([...scanJobs(await scanDeps({ CLAMD_URL: url }))], use)

test('over TCP and over a unix socket what is infected is quarantined and what is clean is available', async () => {
  for (const url of addresses()) {
    const tenant = await newTenant()
    await working(url, async () => {
      const bad = await uploadDocument(tenant.admin, { name: 'invoice.txt', bytes: EICAR })
      const good = await uploadDocument(tenant.admin, { name: 'letter.txt', bytes: 'Gentili signori' })
      assert.deepEqual(await settled(tenant, bad), ['quarantined', 'infected'])
      assert.deepEqual(await settled(tenant, good), ['available', 'clean'])
      const { status, body } = await tenant.admin.call('GET', `/documents/${bad.id}/content`)
      assert.deepEqual([status, body.error.code], [409, 'documents.quarantined'])
      const { body: kept } = await tenant.admin.call('GET', '/documents/quarantine')
      assert.deepEqual(
        kept.items.map((one: { signature: string }) => one.signature),
        [SIGNATURE],
      )
      const { blobs } = (await testApp()).deps
      await until(async () => (await blobs.stat(contentKey(tenant.id, bad.sha256))) === null)
      const key = quarantineKey(tenant.id, bad.sha256)
      const lying = await (await blobs.open(key)).toArray()
      assert.deepEqual(await scan(url, ...(lying as Buffer[])), { found: 'clean' }, 'no scanner knows what lies there')
      // The same once more, also as a version of the good one.
      const again = await uploadDocument(tenant.admin, { name: 'again.txt', bytes: EICAR })
      assert.deepEqual(await settled(tenant, again), ['quarantined', 'infected'])
      const version = await sendUpload(tenant.admin, {
        ...{ name: 'letter.txt', bytes: EICAR, path: `/documents/${good.id}/versions` },
      })
      assert.equal(version.status, 201, JSON.stringify(version.body))
      assert.deepEqual(await settled(tenant, good), ['quarantined', 'infected'])
      const first = await tenant.admin.call('GET', `/documents/${good.id}/versions/1/content`)
      assert.deepEqual([first.status, first.text], [200, 'Gentili signori'])
      await until(async () => (await blobs.stat(contentKey(tenant.id, bad.sha256))) === null)
    })
  }
})

test('what is hidden in a DOCX or in a ZIP in a ZIP is found', async () => {
  const tenant = await newTenant()
  const word = new Word({ sections: [{ children: [new Paragraph('Verbale'), new Paragraph(EICAR)] }] })
  await working(real.tcp, async () => {
    const bytes = await Packer.toBuffer(word)
    const document = await uploadDocument(tenant.admin, { name: 'verbale.docx', bytes })
    assert.deepEqual(await settled(tenant, document), ['quarantined', 'infected'])
  })
  const zipped = (name: string, bytes: Buffer): Buffer =>
    new PizZip().file(name, bytes).generate({ type: 'nodebuffer', compression: 'DEFLATE' })
  const twice = zipped('inner.zip', zipped('eicar.com', Buffer.from(EICAR)))
  assert.deepEqual(await scan(real.unix, twice), { found: 'infected', signature: SIGNATURE })
})

test('while it is stopped documents wait, and when it is back they are available', async () => {
  const tenant = await newTenant()
  await working(real.tcp, async () => {
    await real.kill()
    const document = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: 'waits for it' })
    const { custody } = (await testApp()).deps.installation
    const failed = async (): Promise<boolean> => {
      const rows = await custody.run(({ db }) =>
        db
          .selectFrom('control.jobs')
          .select('last_error')
          .where('tenant_id', '=', tenant.id)
          .where('kind', '=', 'documents.scan')
          .execute(),
      )
      return rows.some(({ last_error }) => String(last_error).startsWith('scans.unavailable'))
    }
    await until(failed, 30_000)
    assert.deepEqual(await stateOf(tenant, document), ['scanning', null])
    assert.equal((await tenant.admin.call('GET', `/documents/${document.id}/content`)).status, 409)
    await real.start()
    assert.deepEqual(await settled(tenant, document), ['available', 'clean'])
  })
})

test('more than its StreamMaxLength has failed, every time, and says so', async () => {
  const tenant = await newTenant()
  const big = Buffer.alloc(2 * CLAMD_LIMIT, 'Relazione annuale. ')
  await working(real.tcp, async () => {
    const document = await uploadDocument(tenant.admin, { name: 'big.txt', bytes: big })
    assert.deepEqual(await settled(tenant, document), ['failed', null])
  })
  const chunks = Array.from({ length: 64 }, (_, at) => big.subarray(at * 65_536, (at + 1) * 65_536))
  for (const url of addresses()) {
    for (let i = 0; i < 25; i += 1) {
      const finding = await scan(url, ...chunks)
      assert.equal(finding.found === 'nothing' && finding.why, 'too_large', JSON.stringify(finding))
    }
  }
})

test('a bomb is not called clean because it was too much to look at', async () => {
  const lines = Buffer.alloc(1024 * 1024, 'a line ')
  const zip = new PizZip()
  for (let i = 0; i < 40; i += 1) zip.file(`${i}.txt`, lines)
  const bomb = zip.generate({ type: 'nodebuffer', compression: 'DEFLATE' })
  const finding = await scan(real.tcp, bomb)
  assert.equal(finding.found === 'nothing' && finding.why, 'limits_exceeded', JSON.stringify(finding))
})

test('killed in the middle of a content it has found nothing', async () => {
  for (const url of addresses()) {
    const arrived = Promise.withResolvers<void>()
    const source = Readable.from(
      (async function* () {
        // More than anything on the way holds before it is connected, and less than it takes.
        for (let i = 0; i < 24; i += 1) yield Buffer.alloc(65_536, i)
        arrived.resolve()
        await new Promise(() => undefined)
      })(),
      { highWaterMark: 1 },
    )
    const scanning = clamd(clamdAddress(url)!).scan(source)
    await arrived.promise
    await real.kill()
    const finding = await scanning
    await real.start()
    assert.equal(finding.found === 'nothing' && finding.why, 'broke_off', JSON.stringify(finding))
  }
})

test('health and doctor say whether it answers, and what it knows', async () => {
  const { config } = (await testApp()).deps
  const app = await appWith({ CLAMD_URL: real.tcp })
  try {
    const health = async () => (await request('GET', '/health', { app })).body
    assert.equal((await health()).checks.scanner.status, 'up')
    const [found] = await examineScanner({ ...config, CLAMD_URL: real.unix }, new Date())
    // It has the signature of this test and no other.
    assert.equal(found?.status, 'warn')
    assert.match(found.message, /^ClamAV \d+\.\d+\.\d+ answers, and has no official signatures/)
    await real.kill()
    const sick = await health()
    assert.deepEqual([sick.status, sick.checks.scanner.status], ['degraded', 'down'])
    const [away] = await examineScanner({ ...config, CLAMD_URL: real.unix }, new Date())
    assert.equal(away?.status, 'fail')
    await real.start()
  } finally {
    await app.close()
  }
})
