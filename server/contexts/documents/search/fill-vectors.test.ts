import assert from 'node:assert/strict'
import { after as afterAll, test } from 'node:test'
import { sql } from 'kysely'
import { doDue } from '#platform/jobs/jobs.fixture.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { newTenant, plantOf, type TestTenant } from '#test/harness.ts'
import type { App } from '../../../app.ts'
import { indexOrder } from '../text/orders.ts'
import { refreshOrder } from './orders.ts'
import { searchJobs } from './jobs.ts'
import { appWithModel, idsOf, type Model, search, startModel, written } from './search.fixture.ts'

let started: Promise<{ model: Model; app: App }> | undefined
/** One model and one application that asks it, for all tests here: opening an application takes longer than what is tested. */
async function withModel(use: (model: Model, app: App) => Promise<void>): Promise<void> {
  started ??= startModel().then(async (model) => ({ model, app: await appWithModel(model) }))
  const { model, app } = await started
  model.asked.length = 0
  model.down = false
  await use(model, app)
}
afterAll(async () => {
  const open = await started
  await open?.app.close()
  await open?.model.close()
})
const work = (app: App) => doDue([...searchJobs(app.deps as never)])
const order = (tenant: TestTenant, sha256: string) =>
  tenant.admin.write('documents.write', (one) => enqueue(one, indexOrder, { sha256 }, { key: sha256 }))
const refresh = (tenant: TestTenant) => tenant.admin.write('documents.write', (one) => enqueue(one, refreshOrder, {}))
const editions = (tenant: TestTenant) =>
  tenant.admin.write('documents.write', async ({ db }) => {
    const { rows } = await sql<{ edition: string; state: string; vectors: number; pieces: number }>`
      select e.edition, e.state, e.vectors, (select count(*) from passage_vectors v where v.tenant_id = e.tenant_id and v.edition = e.edition) as pieces
        from vector_editions e where e.tenant_id = ${tenant.id} order by e.edition`.execute(db)
    return rows
  })

async function indexed(tenant: TestTenant, app: App, texts: readonly string[], told: object = {}) {
  const documents = []
  for (const text of texts) {
    const one = await written(tenant, { text, ...told })
    await order(tenant, one.sha256)
    documents.push(one)
  }
  await work(app)
  return documents
}

// The stand-in throws words into boxes: what is asserted here is what goes where, and nothing about meaning.
test('passages get vectors after they are cut, and hybrid and vector find them', () =>
  withModel(async (model, app) => {
    const tenant = await newTenant()
    const [diga] = await indexed(tenant, app, ['La diga del bacino montano.', 'Il forno per il pane.'])
    assert.deepEqual(await editions(tenant), [{ edition: 'boxes-1@64', state: 'current', vectors: 2, pieces: 2 }])
    const hybrid = await search(tenant.admin, 'la diga del bacino montano', {}, app)
    assert.deepEqual([hybrid.body.mode, hybrid.body.degraded, idsOf(hybrid)[0]], ['hybrid', false, diga!.id])
    assert.deepEqual(hybrid.body.items[0].found_by, ['keyword', 'vector'])
    assert.ok(Math.abs(hybrid.body.items[0].score - 2 / 61) < 1e-6, 'first in both lists')
    const alone = await search(tenant.admin, 'la diga del bacino montano', { mode: 'vector' }, app)
    assert.deepEqual([alone.body.mode, idsOf(alone)[0]], ['vector', diga!.id])
    assert.deepEqual(alone.body.items[0].found_by, ['vector'])
    const asked = model.asked.filter(({ input }) => input[0] === 'la diga del bacino montano')
    assert.equal(asked.length, 1, 'the same question is embedded once')
    const words = await search(tenant.admin, 'diga', { mode: 'keyword' }, app)
    assert.equal(words.body.mode, 'keyword')
  }))

test('a model that is down leaves hybrid with words and says so; meanings alone are refused; jobs come again', () =>
  withModel(async (model, app) => {
    const tenant = await newTenant()
    const [one] = await indexed(tenant, app, ['La turbina della centrale.'])
    model.down = true
    const { status, body } = await search(tenant.admin, 'turbina centrale', {}, app)
    assert.deepEqual([status, body.mode, body.degraded], [200, 'keyword', true])
    assert.equal(body.items[0].document_id, one!.id)
    const alone = await search(tenant.admin, 'turbina centrale', { mode: 'vector' }, app)
    assert.deepEqual([alone.status, alone.body.error.code], [503, 'documents.embedder_down'])
    model.down = false
    assert.equal((await search(tenant.admin, 'turbina centrale', {}, app)).body.mode, 'hybrid')
  }))

test('before there are vectors hybrid is by words, and says that it is less than was asked', () =>
  withModel(async (_model, app) => {
    const tenant = await newTenant()
    await written(tenant, { text: 'Una caldaia a vapore.' })
    const { body } = await search(tenant.admin, 'caldaia', {}, app)
    assert.deepEqual([body.mode, body.degraded, body.items.length], ['keyword', true, 1])
  }))

test('scope, hidden documents and filters hold before the nearest are chosen', () =>
  withModel(async (_model, app) => {
    const tenant = await newTenant()
    const [mine, other] = [await plantOf(tenant), await plantOf(tenant)]
    const user = await tenant.user('Viewer', [mine])
    const near = Array.from({ length: 12 }, (_, n) => `valvola di scarico ${n}`)
    await indexed(tenant, app, near, { plant_id: other })
    const [far] = await indexed(tenant, app, ['scarico della cucina e altro ancora'], { plant_id: mine })
    const [hidden] = await indexed(tenant, app, ['valvola di scarico mia'], { plant_id: mine })
    const ask = async () => idsOf(await search(user, 'valvola di scarico', { mode: 'vector', limit: 5 }, app))
    assert.deepEqual(await ask(), [hidden!.id, far!.id])
    await tenant.admin.write('documents.write', ({ db }) =>
      sql`update documents set deleted_at = now() where tenant_id = ${tenant.id} and id = ${hidden!.id}`.execute(db),
    )
    assert.deepEqual(await ask(), [far!.id])
    const nobody = await tenant.user('Viewer', [])
    assert.deepEqual(idsOf(await search(nobody, 'valvola', { mode: 'vector' }, app)), [])
    const filtered = await search(tenant.admin, 'valvola di scarico', { mode: 'vector', plant_id: mine }, app)
    assert.deepEqual(idsOf(filtered), [far!.id])
    const without = await search(tenant.admin, 'valvola scarico -cucina', { mode: 'vector', plant_id: mine }, app)
    assert.deepEqual(idsOf(without), [])
    const stranger = await newTenant()
    const strange = await search(stranger.admin, 'valvola di scarico', { mode: 'hybrid' }, app)
    assert.deepEqual(strange.body.items, [])
  }))

test('what another process writes is found at once, and what is cut anew is found as it is now', () =>
  withModel(async (model, app) => {
    const tenant = await newTenant()
    const [first] = await indexed(tenant, app, ['alfa beta gamma'])
    const ask = async (q: string) => idsOf(await search(tenant.admin, q, { mode: 'vector' }, app))
    assert.deepEqual(await ask('alfa beta gamma'), [first!.id])
    const elsewhere = await appWithModel(model)
    try {
      const [second] = await indexed(tenant, elsewhere, ['delta epsilon zeta'])
      assert.deepEqual(await ask('delta epsilon zeta'), [second!.id, first!.id])
      await tenant.admin.write('documents.write', ({ db }) =>
        sql`update file_pages set text = 'eta theta iota' where tenant_id = ${tenant.id} and sha256 = ${first!.sha256}`.execute(
          db,
        ),
      )
      await order(tenant, first!.sha256)
      await work(elsewhere)
      const { body } = await search(tenant.admin, 'eta theta iota', { mode: 'vector' }, app)
      assert.equal(body.items[0].passage, 'eta theta iota')
      assert.equal(body.items.length, 2, 'and not as it was')
    } finally {
      await elsewhere.close()
    }
  }))

test('another model takes over when it has all vectors; until then the one before answers, and then it is swept', () =>
  withModel(async (model, app) => {
    const tenant = await newTenant()
    const texts = ['primo documento', 'secondo documento', 'terzo documento']
    const documents = await indexed(tenant, app, texts)
    const next = await appWithModel(model, { EMBEDDING_MODEL: 'boxes-2', EMBEDDING_DIMENSIONS: 32 })
    try {
      await order(tenant, documents[0]!.sha256)
      await work(next)
      // The new process asks with the model whose vectors there are.
      model.asked.length = 0
      const meanwhile = await search(tenant.admin, 'primo documento', { mode: 'vector' }, next)
      assert.equal(idsOf(meanwhile)[0], documents[0]!.id)
      assert.deepEqual([model.asked[0]!.model, model.asked[0]!.dimensions], ['boxes-1', 64])
      for (let round = 0; round < 4; round += 1) {
        await refresh(tenant)
        await work(next)
      }
      assert.deepEqual(await editions(tenant), [{ edition: 'boxes-2@32', state: 'current', vectors: 3, pieces: 3 }])
      const after = await search(tenant.admin, 'secondo documento', { mode: 'vector' }, next)
      assert.equal(idsOf(after)[0], documents[1]!.id)
      assert.deepEqual(model.asked.at(-1)!.dimensions, 32)
      // The old process goes on as well: it asks with what is in use.
      assert.equal(idsOf(await search(tenant.admin, 'terzo documento', { mode: 'vector' }, app))[0], documents[2]!.id)
    } finally {
      await next.close()
    }
  }))

test('what was read and never cut, or cut by an edition before, is cut by the hourly refresh', () =>
  withModel(async (_model, app) => {
    const tenant = await newTenant()
    const [old, lost] = [
      await written(tenant, { text: 'la chiusa vecchia' }),
      await written(tenant, { text: 'la chiusa persa' }),
    ]
    await tenant.admin.write('documents.write', async ({ db }) => {
      await sql`insert into file_texts (tenant_id, sha256, state) select tenant_id, sha256, 'read' from files where tenant_id = ${tenant.id}`.execute(
        db,
      )
      await sql`update passage_sets set edition = '0' where tenant_id = ${tenant.id} and sha256 = ${old.sha256}`.execute(
        db,
      )
      await sql`delete from passages where tenant_id = ${tenant.id} and sha256 = ${lost.sha256}`.execute(db)
      await sql`delete from passage_sets where tenant_id = ${tenant.id} and sha256 = ${lost.sha256}`.execute(db)
    })
    await refresh(tenant)
    await work(app)
    assert.deepEqual(new Set(idsOf(await search(tenant.admin, 'chiusa'))), new Set([old.id, lost.id]))
    const left = await tenant.admin.write('documents.write', async ({ db }) => {
      const { rows } = await sql<{
        edition: string
      }>`select distinct edition from passage_sets where tenant_id = ${tenant.id}`.execute(db)
      return rows
    })
    assert.deepEqual(left, [{ edition: '1' }])
  }))

test('a purged content leaves neither passages nor vectors nor words', () =>
  withModel(async (_model, app) => {
    const tenant = await newTenant()
    const [one] = await indexed(tenant, app, ['una parola rarissima: ornitorinco'])
    await tenant.admin.write('documents.write', ({ db }) =>
      sql`update files set purged_at = now() where tenant_id = ${tenant.id} and sha256 = ${one!.sha256}`.execute(db),
    )
    await refresh(tenant)
    await work(app)
    const left = await tenant.admin.write('documents.write', async ({ db }) => {
      const { rows } = await sql`
        select (select count(*) from passages where tenant_id = ${tenant.id}) as passages,
               (select count(*) from passage_words where tenant_id = ${tenant.id}) as words,
               (select count(*) from passage_vectors where tenant_id = ${tenant.id}) as vectors`.execute(db)
      return rows[0]
    })
    assert.deepEqual(left, { passages: 0, words: 0, vectors: 0 })
  }))
