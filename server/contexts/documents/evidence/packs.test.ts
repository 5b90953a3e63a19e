/** Packs of all three kinds from real rows, over HTTP, and what their verifiers say of them, whole and changed. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, plantOf, testApp } from '#test/harness.ts'
import { ago, done, floor, planned } from '../../plant-ops/floor.fixture.ts'
import { contentKey } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import {
  builtPack,
  chained,
  documentOf,
  downloadOf,
  extract,
  orderPack,
  runPackJob,
  verifyOwn,
} from './packs.fixture.ts'

const json = async (folder: string, name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'))
const lines = async (folder: string, name: string) =>
  (await readFile(join(folder, name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** By the programs that lie in the pack, as its receiver runs them. */
async function proven(folder: string): Promise<void> {
  const verdicts = await Promise.all([verifyOwn(folder, 'verify.mjs'), verifyOwn(folder, 'verify.py')])
  for (const { code, output } of verdicts) {
    assert.equal(code, 0, output)
    assert.match(output, /All is well: \d+ files/)
  }
}

test('a pack of documents holds their bytes, their history and what proves both, and its own verifiers say so', async () => {
  const tenant = await newTenant()
  const first = await documentOf(tenant, {
    name: 'Licenza «officina» n° 7-2026.txt',
    bytes: 'Licenza di esercizio',
    category: 'Licenza',
  })
  const second = await documentOf(tenant, { name: 'verbale & firma.txt', bytes: 'Verbale di verifica' })
  await documentOf(tenant, { name: 'altro.txt', bytes: 'Non richiesto' })
  const subject = { kind: 'documents', document_ids: [first.id, second.id] }
  const pack = await builtPack(tenant, tenant.admin, { subject, name: 'Verifica ADM <script>' })
  assert.deepEqual([pack.documents, pack.documents_done, pack.absent], [2, 2, 0])
  const answer = await downloadOf(tenant.admin, pack.id)
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'application/zip')
  assert.match(String(answer.headers['content-disposition']), /^attachment; filename="Verifica_ADM_script\.zip"/)
  assert.equal(createHash('sha256').update(answer.rawPayload).digest('hex'), pack.sha256)
  assert.equal(answer.rawPayload.length, pack.size)
  const { folder, names } = await extract(answer.rawPayload)
  assert.deepEqual(names.slice(0, 3), [
    'documents/00001-v1-Licenza_officina_n_7-2026.txt',
    'documents/00002-v1-verbale_firma.txt',
    'records/documents.json',
  ])
  assert.deepEqual(names.slice(-2), ['manifest.json', 'manifest.jws'])
  assert.equal(await readFile(join(folder, names[0]!), 'utf8'), 'Licenza di esercizio')
  const manifest = await json(folder, 'manifest.json')
  assert.equal(manifest.documents[0].name, first.name)
  assert.equal(manifest.made_by.name, 'Admin Test')
  assert.deepEqual(manifest.company.id, tenant.id)
  const trail = await lines(folder, 'trail.ndjson')
  assert.ok(trail.length >= 2 && trail.every((line) => [first.id, second.id].includes(line.resource_id)))
  assert.ok(trail.every((line) => !('address' in line)) && trail.some((line) => line.contents_salt !== null))
  const events = await lines(folder, 'events.ndjson')
  assert.ok(events.length >= 2 && events.every((event) => event.subject.startsWith('documents/')))
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  assert.ok(page.includes('Verifica ADM &lt;script&gt;') && page.includes('&amp; firma') && !/<script|& f/i.test(page))
  assert.equal((await readFile(join(folder, 'index.pdf'))).subarray(0, 5).toString(), '%PDF-')
  await proven(folder)
  await rm(folder, { recursive: true })
})

test('a pack of a batch holds recipe, outputs, holds, measurements, lots and trace, its documents, and who held and completed it', async () => {
  const { tenant, admin, line_id, plant_id } = await floor()
  const recipe = { control_points: [{ code: 'CCP1', kind: 'CCP', unit: '°C', min: 72, max: 90 }] }
  const batch = await planned(admin, line_id, { recipe })
  await done(admin.call('POST', `${batch.path}/start`, { at: ago(60) }))
  await done(admin.call('POST', `${batch.path}/measurements`, { control_point: 'CCP1', value: 74.5, unit: '°C' }), 201)
  await done(admin.call('POST', `${batch.path}/hold`, { reason: 'Attesa del laboratorio', at: ago(30) }))
  await done(admin.call('POST', `${batch.path}/resume`, { at: ago(20) }))
  await done(admin.call('POST', `${batch.path}/outputs`, { good_quantity: 40, at: ago(10) }))
  const lot = await done(
    admin.call('POST', '/plant-ops/lots', { plant_id, code: 'L-1', material: 'Semola', quantity: 50, unit: 'kg' }),
    201,
  )
  await done(
    admin.call('POST', `/plant-ops/lots/${lot.id}/movements`, { kind: 'consume', batch_id: batch.id, quantity: 45 }),
  )
  const document = await documentOf(tenant, { name: 'analisi.txt', bytes: 'Analisi del laboratorio', plant_id })
  await admin.write('documents.write', ({ db, tenantId, now }) =>
    sql`insert into document_links (tenant_id, document_id, kind, target_id, created_at) values (${tenantId}, ${document.id}, 'batch', ${batch.id}, ${now})`.execute(
      db,
    ),
  )
  const pack = await builtPack(tenant, admin, { subject: { kind: 'batch', batch_id: batch.id }, language: 'en' })
  assert.deepEqual(pack.plant_ids, [plant_id])
  const { folder, names } = await extract((await downloadOf(admin, pack.id)).rawPayload)
  for (const name of ['batch', 'recipe', 'holds', 'outputs', 'measurements', 'lots', 'trace', 'balance']) {
    assert.ok(names.includes(`records/${name}.json`), name)
  }
  assert.ok(names.includes('documents/00001-v1-analisi.txt'))
  assert.equal((await json(folder, 'records/holds.json'))[0].reason, 'Attesa del laboratorio')
  assert.equal((await json(folder, 'records/measurements.json'))[0].value, 74.5)
  assert.equal((await json(folder, 'records/trace.json')).backward.lots[0].id, lot.id)
  const decisions = await json(folder, 'decisions.json')
  assert.deepEqual(
    decisions.map((one: { action: string }) => one.action),
    ['batches.held', 'batches.resumed'],
  )
  assert.equal(decisions[0].actor.name, 'Admin Test')
  const types = (await lines(folder, 'events.ndjson')).map((event) => event.type)
  assert.ok(['BatchCreated', 'BatchHeld', 'ControlMeasured', 'LotCreated'].every((type) => types.includes(type)))
  assert.match(await readFile(join(folder, 'index.html'), 'utf8'), /Batch held — reason: Attesa del laboratorio/)
  await proven(folder)
  await rm(folder, { recursive: true })
})

test('a pack of a plant in a period holds plant, registry, what was in force then, and names what it cannot hold', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const of = (name: string, more: object = {}) => ({ name, bytes: `${name} ${plant_id}`, plant_id, ...more })
  await documentOf(tenant, of('in-vigore.txt'))
  await documentOf(tenant, of('infetto.txt'), 'infected')
  await documentOf(tenant, of('in-attesa.txt'), 'waiting')
  const binned = await documentOf(tenant, of('cestino.txt'))
  await tenant.admin.write('documents.write', ({ db, now }) =>
    sql`update documents set deleted_at = ${now} where tenant_id = ${tenant.id} and id = ${binned.id}`.execute(db),
  )
  await documentOf(tenant, { name: 'azienda.txt', bytes: 'Della sola azienda' })
  const before = await documentOf(tenant, of('prima.txt'))
  await tenant.admin.write('documents.write', ({ db }) =>
    sql`update documents set deleted_at = '2026-01-02T00:00:00Z' where tenant_id = ${tenant.id} and id = ${before.id}`.execute(
      db,
    ),
  )
  await done(tenant.admin.call('PATCH', `/plants/${plant_id}`, { notes: 'Rossi S.p.A.' }))
  const [from, to] = [ago(600), new Date(Date.now() + 60_000).toISOString()]
  const pack = await builtPack(tenant, tenant.admin, { subject: { kind: 'plant', plant_id, from, to } })
  assert.deepEqual([pack.documents, pack.absent, pack.name], [4, 3, 'Serra'])
  const { folder, names } = await extract((await downloadOf(tenant.admin, pack.id)).rawPayload)
  assert.ok(names.includes('records/plant.json') && names.includes('records/registry.json'))
  assert.deepEqual(
    names.filter((name) => name.startsWith('documents/')),
    ['documents/00001-v1-in-vigore.txt'],
  )
  const { documents, period } = await json(folder, 'manifest.json')
  assert.deepEqual(
    documents.map((one: { name: string; absent: string }) => [one.name, one.absent]),
    [
      ['in-vigore.txt', null],
      ['infetto.txt', 'quarantined'],
      ['in-attesa.txt', 'scanning'],
      ['cestino.txt', 'deleted'],
    ],
  )
  assert.equal(Date.parse(period.to), Date.parse(to))
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  assert.ok(page.includes('in quarantena') && page.includes('nel cestino'))
  assert.ok((await lines(folder, 'trail.ndjson')).some((line) => line.action === 'plants.updated'))
  await proven(folder)
  const later = await builtPack(tenant, tenant.admin, {
    subject: { kind: 'plant', plant_id, from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' },
  })
  assert.deepEqual([later.documents, later.entries, later.events], [0, 0, 0], 'nothing was in force or happened then')
  const empty = await extract((await downloadOf(tenant.admin, later.id)).rawPayload)
  await proven(empty.folder)
  await Promise.all([rm(folder, { recursive: true }), rm(empty.folder, { recursive: true })])
})

test('what was removed from the store is named as missing, and a file that is not what was filed fails the pack by name', async () => {
  const tenant = await newTenant()
  const { blobs, config } = (await testApp()).deps
  const lost = await documentOf(tenant, { name: 'perso.txt', bytes: 'Perso' })
  await blobs.remove(contentKey(tenant.id, lost.sha256))
  const pack = await builtPack(tenant, tenant.admin, { subject: { kind: 'documents', document_ids: [lost.id] } })
  assert.deepEqual([pack.documents, pack.absent], [1, 1])
  const rotten = await documentOf(tenant, { name: 'marcio.txt', bytes: 'Com’era' })
  const other = await spool(
    (async function* () {
      yield Buffer.from('Com’è oggi')
    })(),
    spoolFolder(config),
  )
  await blobs.put(contentKey(tenant.id, rotten.sha256), other)
  const { id } = await orderPack(tenant.admin, { subject: { kind: 'documents', document_ids: [rotten.id] } })
  await chained(tenant, id)
  await assert.rejects(runPackJob(tenant, id), { code: 'evidence.content_damaged' })
  const { body } = await tenant.admin.call('GET', `/evidence-packs/${id}`)
  assert.deepEqual([body.status, body.failure], ['failed', 'evidence.content_damaged'])
  assert.equal((await tenant.admin.call('GET', `/evidence-packs/${id}/content`)).body.error.code, 'evidence.not_ready')
})
