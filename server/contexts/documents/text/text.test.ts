/** From a content that may be opened to its pages: the job, what it leaves when it is killed, and the routes. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { custodyRun, until } from '#platform/jobs/jobs.fixture.ts'
import { newId } from '#platform/new-id.ts'
import { appWith, newTenant, plantOf, testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import type { App } from '../../../app.ts'
import { uploadDocument } from '../library/upload.fixture.ts'
import { readOrder } from './orders.ts'
import { LETTER, pdfOf, scan, SLIP, written } from './text.fixture.ts'

const TEXT = 'Relazione sull’impianto: perché la città di Forlì ha 2.500 kWh. È la prima pagina.'

/** As the scanner leaves it. */
const opened = ({ admin, id }: TestTenant, sha256: string, finding = 'clean') =>
  admin.write('documents.write', ({ db }) =>
    db.updateTable('files').set({ scan: finding }).where('tenant_id', '=', id).where('sha256', '=', sha256).execute(),
  )

/** One job of reading, done as a worker does it. */
async function readOnce(
  { id }: TestTenant,
  sha256: string,
  more: { app?: App; signal?: AbortSignal } = {},
): Promise<void> {
  const { jobs } = more.app ?? (await testApp())
  const { handler } = jobs.find(({ kind }) => kind.name === readOrder.name)!
  assert.ok('reach' in handler)
  const { signal = new AbortController().signal } = more
  await handler.reach({ sha256 }, { id: newId(), tenantId: id, attempt: 1, enqueuedBy: null, signal })
}

const textOf = async (user: TestUser, id: string, query = '') =>
  (await user.call('GET', `/documents/${id}/text${query}`)).body

const jobsOf = (tenantId: string, kind: string) =>
  custodyRun(({ db }) =>
    db
      .selectFrom('control.jobs')
      .select(['key', 'payload'])
      .where('tenant_id', '=', tenantId)
      .where('kind', '=', kind)
      .execute(),
  )

const eventsOf = async (tenantId: string, type: string) =>
  custodyRun(({ db }) =>
    db
      .selectFrom('control.events')
      .select(['subject', 'plant_id', 'data'])
      .where('tenant_id', '=', tenantId)
      .where('type', '=', type)
      .execute(),
  )

test('a PDF is read: its pages, its language, what is ordered next and what is told', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const bytes = await pdfOf([
    written(TEXT),
    written('Seconda pagina, che non è una scansione ma testo della relazione.'),
  ])
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'relazione.pdf', bytes, plant_id })
  await opened(tenant, sha256)
  const shown = async (etag = '') => tenant.admin.call('GET', `/documents/${id}`, undefined, { 'if-none-match': etag })
  const before = await shown()
  assert.deepEqual(before.body.text, { state: 'waiting', pages: null, pages_done: 0 })
  await readOnce(tenant, sha256)
  // Its revision is the same, and yet it is not what the client has.
  const after = await shown(String(before.headers['etag']))
  assert.deepEqual([after.status, after.body.text], [200, { state: 'read', pages: 2, pages_done: 2 }])
  assert.equal((await shown(String(after.headers['etag']))).status, 304)
  const { items, next_page, ...standing } = await textOf(tenant.admin, id, '?limit=1')
  const { started_at, ended_at, ...rest } = standing
  assert.deepEqual(rest, {
    ...{ version: 1, sha256, state: 'read', detail: null, method: 'text', language: 'it', pages: 2, pages_done: 2 },
  })
  assert.ok(started_at !== null && ended_at !== null)
  assert.deepEqual([items, next_page], [[{ page: 1, text: TEXT, method: 'text', confidence: null }], 2])
  const second = await textOf(tenant.admin, id, '?from_page=2&words=true')
  const [start, length] = second.items[0].words[1]
  assert.deepEqual([second.items[0].text.slice(start, start + length), second.next_page], ['pagina,', null])
  for (const kind of ['documents.find_fields', 'documents.make_passages'])
    assert.deepEqual(await jobsOf(tenant.id, kind), [{ key: sha256, payload: { sha256 } }])
  const data = { document_id: id, sha256, state: 'read', pages: 2 }
  assert.deepEqual(await eventsOf(tenant.id, 'DocumentRead'), [{ subject: `documents/${id}`, plant_id, data }])
})

test('to read what was read already changes nothing and tells nothing', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: TEXT })
  await opened(tenant, sha256)
  await readOnce(tenant, sha256)
  const before = await textOf(tenant.admin, id)
  await readOnce(tenant, sha256)
  assert.deepEqual(await textOf(tenant.admin, id), before)
  assert.equal((await eventsOf(tenant.id, 'DocumentRead')).length, 1)
})

test('a reading that is killed in the middle goes on behind the pages that it has, and leaves no file behind', async () => {
  const tenant = await newTenant()
  const bytes = await pdfOf(
    [scan(LETTER), scan([...LETTER, 'Seconda pagina']), scan([...LETTER, 'Terza pagina'])],
    SLIP,
  )
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'scan.pdf', bytes })
  await opened(tenant, sha256)
  const kill = new AbortController()
  const killed = readOnce(tenant, sha256, { signal: kill.signal })
  await until(async () => (await textOf(tenant.admin, id)).pages_done > 0, 60_000)
  kill.abort(new Error('The worker goes down'))
  await assert.rejects(killed, /goes down/)
  const half = await textOf(tenant.admin, id)
  assert.deepEqual([half.state, half.pages, half.items.length], ['reading', 3, half.pages_done])
  assert.ok(half.pages_done < 3, 'it was killed before its end')
  // What is there is not read again: a mark on it stays.
  await tenant.admin.write('documents.write', ({ db }) =>
    db
      .updateTable('file_pages')
      .set({ text: 'seen' })
      .where('tenant_id', '=', tenant.id)
      .where('page', '=', 1)
      .execute(),
  )
  await readOnce(tenant, sha256)
  const whole = await textOf(tenant.admin, id)
  assert.deepEqual([whole.state, whole.pages, whole.pages_done, whole.method], ['read', 3, 3, 'ocr'])
  assert.equal(whole.items[0].text, 'seen')
  assert.ok(whole.items[2].text.includes('Terza pagina') && whole.items[2].text.includes('perché'), whole.items[2].text)
  assert.ok(whole.items[2].confidence > 0.8)
  const folder = join((await testApp()).deps.config.home, 'reading')
  await until(async () => (await readdir(folder)).length === 0)
})

test('when its turn is over a long reading lets others go first and goes on as a job of its own', async () => {
  const tenant = await newTenant()
  const app = await appWith({ TEXT_TURN_SECONDS: 0 })
  try {
    const bytes = await pdfOf(Array.from({ length: 3 }, (_, at) => written(`${TEXT} ${at}`)))
    const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'lungo.pdf', bytes })
    await opened(tenant, sha256)
    for (const done of [1, 2, 3]) {
      await readOnce(tenant, sha256, { app })
      assert.equal((await textOf(tenant.admin, id)).pages_done, done)
      assert.ok((await jobsOf(tenant.id, readOrder.name)).some(({ key }) => key === `${sha256}/1/${done}`))
    }
    await readOnce(tenant, sha256, { app })
    const { state, items } = await textOf(tenant.admin, id)
    assert.deepEqual([state, items.length], ['read', 3])
  } finally {
    await app.close()
  }
})

test('what cannot be read ends in a state with its reason, and the job is done', async () => {
  const tenant = await newTenant()
  const locked = await pdfOf([written(TEXT)], { userPassword: 'segreto', ownerPassword: 'altro' })
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'chiuso.pdf', bytes: locked })
  await opened(tenant, sha256)
  await readOnce(tenant, sha256)
  const { state, detail, items, pages_done } = await textOf(tenant.admin, id)
  assert.deepEqual([state, items, pages_done], ['encrypted', [], 0])
  assert.match(detail, /password/)
  const [event] = await eventsOf(tenant.id, 'DocumentRead')
  assert.deepEqual(event?.data, { document_id: id, sha256, state: 'encrypted', pages: 0 })
})

test('of more pages than are read the first are there', async () => {
  const tenant = await newTenant()
  const app = await appWith({ TEXT_MAX_PAGES: 2 })
  try {
    const bytes = await pdfOf(Array.from({ length: 4 }, (_, at) => written(`${TEXT} ${at}`)))
    const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'troppo.pdf', bytes })
    await opened(tenant, sha256)
    await readOnce(tenant, sha256, { app })
    const { state, pages, pages_done, items } = await textOf(tenant.admin, id)
    assert.deepEqual([state, pages, pages_done, items.length], ['too_large', 4, 2, 2])
  } finally {
    await app.close()
  }
})

test('nothing is read, shown or read anew before it may be opened', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: TEXT })
  const closed = { waiting: 'documents.scanning', infected: 'documents.quarantined', failed: 'documents.scan_failed' }
  for (const [finding, code] of Object.entries(closed)) {
    await opened(tenant, sha256, finding)
    await readOnce(tenant, sha256)
    for (const [method, path] of [['GET', 'text'] as const, ['POST', 'text/read'] as const]) {
      const { status, body } = await tenant.admin.call(method, `/documents/${id}/${path}`)
      assert.deepEqual([status, body.error.code], [409, code])
    }
  }
  await opened(tenant, sha256)
  assert.equal((await textOf(tenant.admin, id)).state, 'waiting')
})

test('read anew: the pages go and come again; while it is under way, asking again changes nothing', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: TEXT })
  await opened(tenant, sha256)
  await readOnce(tenant, sha256)
  for (const _ of [1, 2]) {
    const { status, body } = await tenant.admin.call('POST', `/documents/${id}/text/read`)
    assert.deepEqual([status, body.state, body.pages_done], [202, 'waiting', 0])
  }
  const orders = await jobsOf(tenant.id, readOrder.name)
  assert.deepEqual(
    orders.map(({ key }) => key),
    [`${sha256}/2/0`],
  )
  await readOnce(tenant, sha256)
  const { state, items } = await textOf(tenant.admin, id)
  assert.deepEqual([state, items[0].text], ['read', TEXT])
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('POST', `/documents/${id}/text/read`)).status, 403)
  assert.equal((await viewer.call('GET', `/documents/${id}/text`)).status, 200)
})

test('an earlier version has its own text; another plant’s document does not exist', async () => {
  const tenant = await newTenant()
  const [plant_id, other] = [await plantOf(tenant), await plantOf(tenant)]
  const { id, sha256 } = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: TEXT, plant_id })
  await opened(tenant, sha256)
  await readOnce(tenant, sha256)
  assert.equal((await textOf(tenant.admin, id, '?version=1')).items[0].text, TEXT)
  const missing = await tenant.admin.call('GET', `/documents/${id}/text?version=2`)
  assert.deepEqual([missing.status, missing.body.error.code], [404, 'documents.no_such_version'])
  const limited = await tenant.user('Viewer', [other])
  const hidden = await limited.call('GET', `/documents/${id}/text`)
  assert.deepEqual([hidden.status, hidden.body.error.code], [404, 'documents.not_found'])
})
