import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { contentKey, quarantineKey } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import { Refusal } from '#platform/refusal.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { newTenant, testApp, type TestTenant } from '#test/harness.ts'
import { holdDocument } from './hold-document.ts'
import { libraryJobs } from './jobs.ts'
import { markRemoved, purgeDocuments, readUnremoved } from './purge-documents.ts'
import { sendUpload, settleScan, uploadDocument } from './upload.fixture.ts'

const DAYS = 30
const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000)

/** One night's round of a company, so many days from now. */
async function night({ id }: TestTenant, days: number): Promise<void> {
  const { deps } = await testApp()
  const { database } = deps.installation
  await database.write({ ...systemScope(id, 'test'), now: inDays(days) }, (work) => purgeDocuments(work, DAYS))
  const { handler } = libraryJobs({ ...deps, linkTargets: {} } as never).find(
    ({ kind }) => kind.name === 'documents.purge',
  )!
  assert.ok('reach' in handler)
  const running = { id: 'test', tenantId: id, attempt: 1, enqueuedBy: null, signal: new AbortController().signal }
  await handler.reach({}, running)
}
const stored = async ({ id }: TestTenant, sha256: string): Promise<boolean> =>
  (await (await testApp()).deps.blobs.stat(contentKey(id, sha256))) !== null
const inTrash = async ({ admin }: TestTenant, id: string): Promise<boolean> => {
  const { body } = await admin.call('GET', '/documents?deleted=true&limit=200')
  const [row] = body.items.filter((item: { id: string }) => item.id === id)
  return row !== undefined && row.purged_at === null
}
const asSystem = async <T>({ id }: TestTenant, days: number, use: (work: EdgeWork) => Promise<T>): Promise<T> =>
  (await testApp()).deps.installation.database.write({ ...systemScope(id, 'test'), now: inDays(days) }, use)

test('what has lain in the trash long enough loses its bytes and what was read of it, and says so', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id, sha256 } = await uploadDocument(admin, { name: 'a.txt', bytes: 'gone' })
  const second = await sendUpload(admin, { path: `/documents/${id}/versions`, bytes: 'gone too' })
  await settleScan(admin, { sha256 })
  await asSystem(tenant, 0, ({ db }) =>
    sql`with text as (insert into file_texts (tenant_id, sha256, state, pages, pages_done) values (${tenant.id}, ${sha256}, 'read', 1, 1))
        insert into file_pages (tenant_id, sha256, page, text, method) values (${tenant.id}, ${sha256}, 1, 'gone', 'text')`.execute(
      db,
    ),
  )
  await admin.call('DELETE', `/documents/${id}`)
  await night(tenant, DAYS - 1)
  assert.ok(await stored(tenant, sha256), 'not yet')
  await night(tenant, DAYS + 1)
  assert.deepEqual([await stored(tenant, sha256), await stored(tenant, second.body.sha256)], [false, false])
  assert.equal(await inTrash(tenant, id), false)
  for (const path of ['/content', '/versions/1/content']) {
    const answer = await admin.call('GET', `/documents/${id}${path}`)
    assert.deepEqual([answer.status, answer.body.error.code], [409, 'documents.purged'])
  }
  for (const [method, path, body] of [
    ['POST', '/restore', undefined],
    ['PUT', '/hold', { reason: 'x' }],
  ] as const) {
    const answer = await admin.call(method, `/documents/${id}${path}`, body)
    assert.deepEqual([answer.status, answer.body.error.code], [409, 'documents.purged'])
  }
  const { rows } = await asSystem(tenant, 0, ({ db }) =>
    sql<{ pages: number; told: number; state: string }>`
      select (select count(*) from file_pages where tenant_id = ${tenant.id})::int as pages,
             (select count(*) from control.events where tenant_id = ${tenant.id} and type = 'DocumentPurged')::int as told,
             (select state from file_texts where tenant_id = ${tenant.id}) as state`.execute(db),
  )
  assert.deepEqual(rows, [{ pages: 0, told: 1, state: 'waiting' }])
})

test('a content that another document, or another version, needs keeps its bytes', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const one = await uploadDocument(admin, { bytes: 'shared' })
  const two = await uploadDocument(admin, { bytes: 'other' })
  // It is a version of the past of the second.
  await sendUpload(admin, { path: `/documents/${two.id}/versions`, bytes: 'shared' })
  await admin.call('POST', `/documents/${two.id}/versions/1/restore`)
  await admin.call('DELETE', `/documents/${one.id}`)
  await night(tenant, DAYS + 1)
  assert.equal(await inTrash(tenant, one.id), false)
  assert.ok(await stored(tenant, one.sha256))
  await settleScan(admin, one)
  assert.equal((await admin.call('GET', `/documents/${two.id}/versions/2/content`)).text, 'shared')
  // What lies in the trash may come back: it needs its bytes too.
  await admin.call('DELETE', `/documents/${two.id}`)
  assert.ok(await stored(tenant, one.sha256))
  await night(tenant, 2 * DAYS + 2)
  assert.equal(await stored(tenant, one.sha256), false)
})

test('a hold or a retention keeps what is in the trash already', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const [held, retained] = [await uploadDocument(admin, { bytes: 'h' }), await uploadDocument(admin, { bytes: 'r' })]
  for (const { id } of [held, retained]) assert.equal((await admin.call('DELETE', `/documents/${id}`)).status, 204)
  assert.equal((await admin.call('PUT', `/documents/${held.id}/hold`, { reason: 'Contenzioso' })).status, 200)
  await asSystem(tenant, 0, ({ db }) =>
    sql`update documents set retain_until = '2100-01-01' where tenant_id = ${tenant.id} and id = ${retained.id}`.execute(
      db,
    ),
  )
  await night(tenant, 400)
  for (const { id, sha256 } of [held, retained])
    assert.ok((await inTrash(tenant, id)) && (await stored(tenant, sha256)))
  await admin.call('DELETE', `/documents/${held.id}/hold`)
  await night(tenant, 401)
  assert.equal(await stored(tenant, held.sha256), false)
})

test('a hold that is being set while the round goes over wins, and one that comes later is told so', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id, sha256 } = await uploadDocument(admin, { bytes: 'raced' })
  await admin.call('DELETE', `/documents/${id}`)
  const held = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const holding = admin.write('documents.approve', async (work) => {
    await holdDocument(work, id, 'Contenzioso')
    held.resolve()
    await go.promise
  })
  await held.promise
  // Its row is locked and nothing is committed: the round leaves it out and does not wait.
  await night(tenant, DAYS + 1)
  go.resolve()
  await holding
  await night(tenant, DAYS + 1)
  assert.ok((await inTrash(tenant, id)) && (await stored(tenant, sha256)))

  const other = await uploadDocument(admin, { bytes: 'raced too' })
  await admin.call('DELETE', `/documents/${other.id}`)
  const purged = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const purging = asSystem(tenant, DAYS + 1, async (work) => {
    await purgeDocuments(work, DAYS)
    purged.resolve()
    await end.promise
  })
  await purged.promise
  const late = admin.call('PUT', `/documents/${other.id}/hold`, { reason: 'Too late' })
  end.resolve()
  await purging
  assert.deepEqual([(await late).status, (await late).body.error.code], [409, 'documents.purged'])
})

test('while bytes are being removed the same content cannot come back; afterwards it comes anew', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id, sha256 } = await uploadDocument(admin, { bytes: 'phoenix' })
  await settleScan(admin, { sha256 }, 'infected')
  await admin.call('DELETE', `/documents/${id}`)
  await asSystem(tenant, DAYS + 1, (work) => purgeDocuments(work, DAYS))
  assert.deepEqual(await asSystem(tenant, 0, readUnremoved), [sha256])
  const early = await sendUpload(admin, { bytes: 'phoenix' })
  assert.deepEqual([early.status, early.body.error.code], [503, 'documents.being_removed'])
  // A worker that was killed between the rows and the bytes: the next round removes them.
  await night(tenant, 0)
  assert.deepEqual(await asSystem(tenant, 0, readUnremoved), [])
  const again = await uploadDocument(admin, { bytes: 'phoenix' })
  assert.deepEqual([again.status, await stored(tenant, sha256)], ['scanning', true])
})

test('an upload that is under way while its content is removed is refused, and never left without bytes', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id, sha256 } = await uploadDocument(admin, { bytes: 'under way' })
  await admin.call('DELETE', `/documents/${id}`)
  // Two uploads and a removal at once, again and again: in the end each document that there is has its bytes.
  for (let times = 0; times < 3; times += 1) {
    await asSystem(tenant, 0, ({ db }) =>
      sql`update documents set purged_at = null, deleted_at = now() where tenant_id = ${tenant.id}`.execute(db),
    )
    const [answers] = await Promise.all([
      Promise.all([1, 2].map(() => sendUpload(admin, { bytes: 'under way' }))),
      night(tenant, DAYS + 1).catch((error: unknown) => assert.ok(error instanceof Refusal, String(error))),
    ])
    for (const { status, body } of answers) {
      assert.ok(status === 201 || body.error.code === 'documents.being_removed', JSON.stringify(body))
    }
    const { body } = await admin.call('GET', '/documents')
    assert.ok(body.items.length === 0 || (await stored(tenant, sha256)), 'a document without its bytes')
    for (const item of body.items) await admin.call('DELETE', `/documents/${item.id}`)
    await asSystem(tenant, 0, async (work) => markRemoved(work, await readUnremoved(work)))
  }
})

test('infected bytes in quarantine go with the rest', async () => {
  const tenant = await newTenant()
  const { admin, id: tenantId } = tenant
  const { blobs, config } = (await testApp()).deps
  const { id, sha256 } = await uploadDocument(admin, { bytes: 'in quarantine' })
  const file = await spool(
    (async function* () {
      yield Buffer.from('scrambled')
    })(),
    spoolFolder(config),
  )
  await blobs.put(quarantineKey(tenantId, sha256), file)
  await admin.call('DELETE', `/documents/${id}`)
  await night(tenant, DAYS + 1)
  assert.equal(await blobs.stat(quarantineKey(tenantId, sha256)), null)
})
