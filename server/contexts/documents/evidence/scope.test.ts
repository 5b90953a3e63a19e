/** Who may have a pack made, and who may open it. */
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { newTenant, plantOf, type TestTenant, type TestUser } from '#test/harness.ts'
import { refused } from '../../plant-ops/floor.fixture.ts'
import { builtPack, chained, documentOf, downloadOf, extract, orderPack, runPackJob } from './packs.fixture.ts'

const period = { from: '2026-01-01T00:00:00Z', to: '2036-01-01T00:00:00Z' }
const plantSubject = (plant_id: string) => ({ kind: 'plant', plant_id, ...period })
const ask = (user: TestUser, subject: object) => user.call('POST', '/evidence-packs', { subject, language: 'it' })

/** What whoever must not see a pack is told: as of one that never was. */
async function hidden(user: TestUser, id: string): Promise<void> {
  const random = newId()
  for (const path of ['', '/content']) {
    const [real, none] = [
      await user.call('GET', `/evidence-packs/${id}${path}`),
      await user.call('GET', `/evidence-packs/${random}${path}`),
    ]
    const { request_id: _a, ...asked } = real.body.error
    const { request_id: _b, ...unknown } = none.body.error
    assert.deepEqual([real.status, asked], [none.status, unknown])
    assert.equal(asked.code, 'evidence.not_found')
  }
  const { body } = await user.call('GET', '/evidence-packs')
  assert.ok(!body.items.some((pack: { id: string }) => pack.id === id))
}

async function role(tenant: TestTenant, name: string, permissions: string[]): Promise<TestUser> {
  assert.equal((await tenant.admin.call('POST', '/roles', { name, permissions })).status, 201)
  return tenant.user(name)
}

test('who sees plant A packs nothing of plant B and opens no pack of it; nor does anybody of another company', async () => {
  const tenant = await newTenant()
  const [a, b] = [await plantOf(tenant), await plantOf(tenant)]
  const ofA = await documentOf(tenant, { name: 'a.txt', bytes: `a ${a}`, plant_id: a })
  const ofB = await documentOf(tenant, { name: 'b.txt', bytes: `b ${b}`, plant_id: b })
  const manager = await tenant.user('Asset Manager', [a])
  await refused(ask(manager, plantSubject(b)), 404, 'evidence.subject_not_found')
  await refused(ask(manager, { kind: 'documents', document_ids: [ofA.id, ofB.id] }), 404, 'evidence.subject_not_found')
  await refused(ask(manager, { kind: 'batch', batch_id: newId() }), 404, 'evidence.subject_not_found')
  const own = await builtPack(tenant, manager, { subject: { kind: 'documents', document_ids: [ofA.id] } })
  const ofBoth = await builtPack(tenant, tenant.admin, {
    subject: { kind: 'documents', document_ids: [ofA.id, ofB.id] },
  })
  assert.deepEqual([own.plant_ids, ofBoth.plant_ids.toSorted()], [[a], [a, b].toSorted()])
  assert.equal((await downloadOf(manager, own.id)).statusCode, 200)
  await hidden(manager, ofBoth.id)
  await hidden(await tenant.user('Asset Manager', [b]), own.id)
  const stranger = (await newTenant()).admin
  await hidden(stranger, ofBoth.id)
  await refused(stranger.call('DELETE', `/evidence-packs/${ofBoth.id}`), 404, 'evidence.not_found')
  await refused(ask(stranger, plantSubject(a)), 404, 'evidence.subject_not_found')
  await refused(ask(stranger, { kind: 'documents', document_ids: [ofA.id] }), 404, 'evidence.subject_not_found')
})

test('a pack holds what its maker could see when it was asked for: what comes out of scope before it is built is not in it', async () => {
  const tenant = await newTenant()
  const [a, b] = [await plantOf(tenant), await plantOf(tenant)]
  const stays = await documentOf(tenant, { name: 'resta.txt', bytes: `resta ${a}`, plant_id: a })
  const goes = await documentOf(tenant, { name: 'va.txt', bytes: `va ${a}`, plant_id: a })
  const manager = await tenant.user('Asset Manager', [a])
  const { id } = await orderPack(manager, { subject: plantSubject(a) })
  await tenant.admin.write('documents.write', ({ db }) =>
    sql`update documents set plant_id = ${b} where tenant_id = ${tenant.id} and id = ${goes.id}`.execute(db),
  )
  await chained(tenant, id)
  await runPackJob(tenant, id)
  const { folder } = await extract((await downloadOf(manager, id)).rawPayload)
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  assert.deepEqual(
    manifest.documents.map((one: { document_id: string }) => one.document_id),
    [stays.id],
  )
  await rm(folder, { recursive: true })
})

test('who may not read the trail gets its entries without contents, and who may not see what is in a pack does not open it', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  await documentOf(tenant, { name: 'a.txt', bytes: `a ${plant}`, plant_id: plant })
  const owner = await tenant.user('Plant Owner', [plant])
  const pack = await builtPack(tenant, owner, { subject: plantSubject(plant) })
  assert.ok(!pack.permissions.includes('audit.read') && pack.permissions.includes('registry.read'))
  const { folder } = await extract((await downloadOf(owner, pack.id)).rawPayload)
  const trail = (await readFile(join(folder, 'trail.ndjson'), 'utf8')).trimEnd().split('\n')
  assert.ok(trail.length > 0)
  for (const line of trail.map((text) => JSON.parse(text))) {
    assert.deepEqual([line.contents, line.contents_salt], [null, null])
  }
  assert.match(await readFile(join(folder, 'index.html'), 'utf8'), /I valori delle voci del registro sono stati omessi/)
  await rm(folder, { recursive: true })
  // With contents of the trail, by somebody who may read it: then so must whoever opens it.
  const whole = await builtPack(tenant, tenant.admin, { subject: plantSubject(plant) })
  assert.ok(whole.permissions.includes('audit.read'))
  await hidden(owner, whole.id)
  const clerk = await role(tenant, 'Archivio', ['documents.read', 'evidence.export'])
  await refused(ask(clerk, plantSubject(plant)), 403, 'auth.forbidden')
  await hidden(clerk, pack.id)
  const viewer = await tenant.user('Viewer', [plant])
  assert.equal((await downloadOf(viewer, pack.id)).statusCode, 200)
  await refused(ask(viewer, plantSubject(plant)), 403, 'auth.forbidden')
  await refused(viewer.call('DELETE', `/evidence-packs/${pack.id}`), 403, 'auth.forbidden')
})

test('a pack is hidden by whoever may make one, is listed until then, and is downloaded in parts', async () => {
  const tenant = await newTenant()
  const { id: documentId } = await documentOf(tenant, { name: 'a.txt', bytes: 'Uno' })
  const subject = { kind: 'documents', document_ids: [documentId] }
  const pack = await builtPack(tenant, tenant.admin, { subject, versions: 'all' })
  const list = (query: string) => tenant.admin.call('GET', `/evidence-packs${query}`)
  assert.deepEqual((await list('?status=ready&kind=documents')).body.items, [pack])
  assert.equal((await list('?status=failed')).body.pagination.total, 0)
  const whole = (await downloadOf(tenant.admin, pack.id)).rawPayload
  const part = await downloadOf(tenant.admin, pack.id, { range: 'bytes=10-19' })
  assert.equal(part.statusCode, 206)
  assert.deepEqual(part.rawPayload, whole.subarray(10, 20))
  assert.equal((await downloadOf(tenant.admin, pack.id, { range: 'bytes=99999999-' })).statusCode, 416)
  assert.equal((await downloadOf(tenant.admin, pack.id, { 'if-none-match': `"${pack.sha256}"` })).statusCode, 304)
  assert.equal((await tenant.admin.call('DELETE', `/evidence-packs/${pack.id}`)).status, 204)
  await hidden(tenant.admin, pack.id)
})

test('an order is refused by name: a period that is none, an unknown kind, more than a pack holds', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const turned = { kind: 'plant', plant_id: plant, from: period.to, to: period.from }
  await refused(ask(tenant.admin, turned), 422, 'evidence.invalid')
  assert.equal((await ask(tenant.admin, { kind: 'procedure', procedure_id: newId() })).status, 422)
  const large = await documentOf(tenant, { name: 'grande.txt', bytes: 'grande' })
  const resize = (size: number) =>
    tenant.admin.write('documents.write', async ({ db }) => {
      await sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
        values (${tenant.id}, ${large.id}, 2, ${large.sha256}, 'grande.txt', 'txt', 'text/plain', ${size}, now())`.execute(
        db,
      )
      await sql`update documents set version = 2 where tenant_id = ${tenant.id} and id = ${large.id}`.execute(db)
    })
  await resize(2 * 1024 ** 3 + 1)
  await refused(ask(tenant.admin, { kind: 'documents', document_ids: [large.id] }), 413, 'evidence.too_large')
  await tenant.admin.write('documents.write', ({ db }) =>
    sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
        select ${tenant.id}, ${large.id}, n, ${large.sha256}, 'grande.txt', 'txt', 'text/plain', 1, now() from generate_series(3, 10002) n`.execute(
      db,
    ),
  )
  const all = { subject: { kind: 'documents', document_ids: [large.id] }, language: 'it', versions: 'all' }
  await refused(tenant.admin.call('POST', '/evidence-packs', all), 413, 'evidence.too_many_documents')
})
