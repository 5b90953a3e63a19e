import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemScope } from '#platform/database/system-scope.ts'
import { newId } from '#platform/new-id.ts'
import { newTenant, plantOf, testApp, type TestTenant, type TestUser } from '#test/harness.ts'
import { expireDocuments } from './expire-documents.ts'
import { sendUpload, settleScan, uploadDocument } from './upload.fixture.ts'

type Row = { id: string; name: string }
const refusedAs = async (answer: ReturnType<TestUser['call']>): Promise<string> => {
  const { status, body } = await answer
  return `${status} ${body?.error?.code}`
}
const listed = async (user: TestUser, query: string): Promise<string[]> => {
  const { status, body } = await user.call('GET', `/documents?${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.pagination.total, body.items.length)
  return body.items.map(({ name }: Row) => name)
}
/** Types of a company's events about documents, in the order in which they were left. */
const told = (tenant: TestTenant, id: string) =>
  tenant.admin.read('documents.read', async ({ db }) => {
    const rows = await db
      .selectFrom('audit')
      .select('action')
      .where('tenant_id', '=', tenant.id)
      .where('resource_id', '=', id)
      .orderBy('id')
      .execute()
    return rows.map(({ action }: { action: string }) => action)
  })

test('documents are listed, filtered, sorted and found with accents left out and letters mistyped', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const plant_id = await plantOf(tenant)
  const delega = await uploadDocument(admin, {
    ...{ name: 'Delega qualità.txt', bytes: 'a', category: 'delegation', tags: ['gse', 'più'], plant_id },
    expiry_date: '2027-01-31',
  })
  const letter = await uploadDocument(admin, {
    name: 'Lettera Terna.txt',
    bytes: 'bb',
    tags: ['terna'],
    expiry_date: '2028-01-31',
  })
  await settleScan(admin, letter)
  const both = ['Delega qualità.txt', 'Lettera Terna.txt']
  const queries: [string, string[]][] = [
    ['', both],
    ['sort=-size', both.toReversed()],
    ['sort=-name', both.toReversed()],
    ['q=qualita', both.slice(0, 1)],
    ['q=lettrea', both.slice(1)],
    ['q=PIU', both.slice(0, 1)],
    ['q=%20-%20', []],
    ['q=nothing-like-it', []],
    ['category=delegation', both.slice(0, 1)],
    ['tag=terna', both.slice(1)],
    [`plant_id=${plant_id}`, both.slice(0, 1)],
    ['type=txt', both],
    ['type=pdf', []],
    ['source=generated', []],
    ['status=available', both.slice(1)],
    ['status=scanning', both.slice(0, 1)],
    ['expires_before=2027-02-01', both.slice(0, 1)],
    ['expires_before=2027-01-31', []],
    ['held=true', []],
    ['deleted=true', []],
  ]
  for (const [query, names] of queries) assert.deepEqual(await listed(admin, query), names, query)
  assert.equal(await refusedAs(admin.call('GET', '/documents?sort=sha256')), '422 documents.invalid')
  assert.equal(delega.plant_id, plant_id)
  const page = await admin.call('GET', '/documents?limit=1&offset=1')
  assert.deepEqual([page.body.items.length, page.body.pagination.total], [1, 2])
})

test('what is said of a document changes under If-Match, and only what differs is told', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const plant_id = await plantOf(tenant)
  const { id } = await uploadDocument(admin, { name: 'a.txt', tags: ['old'] })
  const path = `/documents/${id}`
  const change = { name: '../Nuovo nome.txt', tags: ['new'], category: 'letter', plant_id, expiry_date: '2027-05-01' }
  const { status, body, headers } = await admin.call('PATCH', path, change, { 'if-match': '"1"' })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(
    [body.name, body.tags, body.category, body.plant_id],
    ['Nuovo nome.txt', ['new'], 'letter', plant_id],
  )
  assert.deepEqual([body.revision, headers['etag']], [2, '"2"'])
  assert.equal(
    await refusedAs(admin.call('PATCH', path, { category: 'x' }, { 'if-match': '"1"' })),
    '412 request.stale',
  )
  assert.equal((await admin.call('PATCH', path, { category: 'letter' })).body.revision, 2, 'nothing differs')
  assert.equal(await refusedAs(admin.call('PATCH', path, { name: '\u202e..' })), '422 documents.bad_name')
  assert.equal(await refusedAs(admin.call('PATCH', path, { sha256: 'x' })), '422 documents.invalid')
  assert.deepEqual(await listed(admin, 'q=nuovo'), ['Nuovo nome.txt'])
  assert.deepEqual(await told(tenant, id), ['documents.uploaded', 'documents.updated'])
})

test('versions are added, refused where nothing differs, and brought back as new ones', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id, sha256 } = await uploadDocument(admin, { name: 'a.txt', bytes: 'first' })
  const path = `/documents/${id}/versions`
  const same = await sendUpload(admin, { path, bytes: 'first' })
  assert.deepEqual([same.status, same.body.error.code], [409, 'documents.same_content'])
  const second = await sendUpload(admin, { path, name: 'b.txt', bytes: 'second', fields: { note: 'Firmata' } })
  assert.deepEqual([second.status, second.body.version, second.body.name], [201, 2, 'a.txt'])
  assert.equal(await refusedAs(admin.call('POST', `${path}/7/restore`)), '404 documents.no_such_version')
  assert.equal(await refusedAs(admin.call('POST', `${path}/2/restore`)), '409 documents.same_content')
  const back = await admin.call('POST', `${path}/1/restore`)
  assert.deepEqual([back.status, back.body.version, back.body.sha256], [201, 3, sha256])
  const { body } = await admin.call('GET', path)
  type Version = { version: number; file_name: string; note: string | null; restored_from: number | null }
  assert.deepEqual(
    body.items.map(({ version, file_name, note, restored_from }: Version) => [version, file_name, note, restored_from]),
    [
      [3, 'a.txt', null, 1],
      [2, 'b.txt', 'Firmata', null],
      [1, 'a.txt', null, null],
    ],
  )
  assert.equal(await refusedAs(admin.call('GET', `/documents/${newId()}/versions`)), '404 documents.not_found')
  const missing = await sendUpload(admin, { path: `/documents/${newId()}/versions`, bytes: 'x' })
  assert.deepEqual([missing.status, missing.body.error.code], [404, 'documents.not_found'])
})

test('two new versions at the same moment are two numbers', async () => {
  const { admin } = await newTenant()
  const { id } = await uploadDocument(admin, { bytes: '0' })
  const path = `/documents/${id}/versions`
  const made = await Promise.all(['1', '2', '3', '4'].map((bytes) => sendUpload(admin, { path, bytes })))
  assert.deepEqual(
    made.map(({ body }) => body.version as number).toSorted((a, b) => a - b),
    [2, 3, 4, 5],
  )
})

test('links go to what is there and to be seen, and are shown, asked for and taken away', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const plant = await plantOf(tenant)
  const line = await admin.call('POST', '/plant-ops/lines', { plant_id: plant, name: 'Linea 1', code: 'L1' })
  const { id } = await uploadDocument(admin, { name: 'a.txt' })
  const path = `/documents/${id}/links`
  for (const link of [
    { kind: 'plant', target_id: plant },
    { kind: 'line', target_id: line.body.id },
  ]) {
    const { status, body } = await admin.call('POST', path, link)
    assert.equal(status, 201, JSON.stringify(body))
  }
  const again = await admin.call('POST', path, { kind: 'plant', target_id: plant })
  assert.deepEqual([again.status, again.body.links.length, again.body.revision], [201, 2, 3], 'twice is once')
  for (const kind of ['plant', 'line', 'batch', 'lot', 'workflow', 'task', 'order']) {
    assert.equal(
      await refusedAs(admin.call('POST', path, { kind, target_id: newId() })),
      '404 documents.no_such_target',
    )
  }
  const stranger = await newTenant()
  const theirs = await plantOf(stranger)
  assert.equal(
    await refusedAs(admin.call('POST', path, { kind: 'plant', target_id: theirs })),
    '404 documents.no_such_target',
  )
  assert.deepEqual(await listed(admin, `linked_kind=line&linked_id=${line.body.id}`), ['a.txt'])
  assert.deepEqual(await listed(admin, `linked_kind=batch&linked_id=${line.body.id}`), [])
  assert.deepEqual(await listed(admin, 'linked_kind=plant'), ['a.txt'])
  assert.equal((await admin.call('DELETE', `${path}/plant/${plant}`)).status, 204)
  assert.equal(await refusedAs(admin.call('DELETE', `${path}/plant/${plant}`)), '404 documents.not_linked')
  const { links } = (await admin.call('GET', `/documents/${id}`)).body
  assert.deepEqual(
    links.map(({ kind }: { kind: string }) => kind),
    ['line'],
  )
})

test('an upload can say what batch it belongs to', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const line = await admin.call('POST', '/plant-ops/lines', { plant_id: await plantOf(tenant), name: 'L', code: 'L1' })
  const batch = await admin.call('POST', '/plant-ops/batches', {
    ...{ line_id: line.body.id, product_code: 'PENNE', planned_quantity: 10, unit: 'kg' },
  })
  assert.equal(batch.status, 201, batch.text)
  const { links } = await uploadDocument(admin, { batch_id: batch.body.id })
  assert.deepEqual(
    links.map(({ kind, target_id }) => [kind, target_id]),
    [['batch', batch.body.id]],
  )
})

test('the trash hides, gives back, and takes nothing that is held or retained', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { id } = await uploadDocument(admin, { name: 'a.txt' })
  const path = `/documents/${id}`
  assert.equal((await admin.call('DELETE', path, undefined, { 'if-match': '"9"' })).status, 412)
  assert.equal((await admin.call('DELETE', path)).status, 204)
  for (const below of ['', '/versions', '/content']) {
    assert.equal(await refusedAs(admin.call('GET', path + below)), '404 documents.not_found')
  }
  assert.equal(await refusedAs(admin.call('PATCH', path, { category: 'x' })), '404 documents.not_found')
  assert.deepEqual(
    [await listed(admin, ''), await listed(admin, 'q=a'), await listed(admin, 'deleted=true')],
    [[], [], ['a.txt']],
  )
  assert.deepEqual(await listed(admin, 'deleted=true&q=a'), ['a.txt'])
  assert.equal((await admin.call('POST', `${path}/restore`)).body.deleted_at, null)
  assert.equal((await admin.call('POST', `${path}/restore`)).status, 200, 'twice is once')

  const operator = await tenant.user('Operator')
  assert.equal(await refusedAs(operator.call('PUT', `${path}/hold`, { reason: 'x' })), '403 auth.forbidden')
  const held = await admin.call('PUT', `${path}/hold`, { reason: 'Contenzioso' })
  assert.deepEqual([held.body.hold_reason, held.body.held_by], ['Contenzioso', admin.userId])
  assert.deepEqual(await listed(admin, 'held=true'), ['a.txt'])
  assert.equal(await refusedAs(admin.call('DELETE', path)), '409 documents.on_hold')
  assert.equal((await admin.call('DELETE', `${path}/hold`)).body.held_at, null)
  assert.equal(await refusedAs(admin.call('DELETE', `${path}/hold`)), '409 documents.not_on_hold')

  await admin.call('PATCH', path, { retain_until: '2100-01-01' })
  assert.equal(await refusedAs(admin.call('DELETE', path)), '409 documents.retained')
  for (const retain_until of ['2099-12-31', null]) {
    assert.equal(await refusedAs(admin.call('PATCH', path, { retain_until })), '409 documents.retention_shortened')
  }
  assert.equal((await admin.call('PATCH', path, { retain_until: '2100-01-02' })).status, 200)
  assert.deepEqual(await told(tenant, id), [
    ...['documents.uploaded', 'documents.deleted', 'documents.restored', 'documents.held', 'documents.released'],
    ...['documents.updated', 'documents.updated'],
  ])
})

test('what expires is announced once ahead and once when it is past; a new date makes it due again', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const { database } = (await testApp()).deps.installation
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const soon = await uploadDocument(admin, { bytes: 'a', expiry_date: day(10) })
  await uploadDocument(admin, { bytes: 'b', expiry_date: day(400) })
  const late = await uploadDocument(admin, { bytes: 'c', expiry_date: day(40), expiry_notice_days: 60 })
  const past = await uploadDocument(admin, { bytes: 'd', expiry_date: day(-3) })
  const hidden = await uploadDocument(admin, { bytes: 'e', expiry_date: day(1) })
  await admin.call('DELETE', `/documents/${hidden.id}`)
  type Event = { type: string; data: { document_id: string } }
  const events = async (): Promise<string[]> =>
    admin.read('documents.read', async ({ db }) => {
      const rows: Event[] = await db
        .selectFrom('control.events')
        .select(['type', 'data'])
        .where('tenant_id', '=', tenant.id)
        .where('type', 'in', ['DocumentExpiring', 'DocumentExpired'])
        .orderBy('id')
        .execute()
      return rows.map(({ type, data }) => `${type} ${data.document_id}`).toSorted()
    })
  const round = (ahead = 0): Promise<boolean> =>
    database.write(
      { ...systemScope(tenant.id, 'test'), now: new Date(Date.now() + ahead * 86_400_000) },
      expireDocuments,
    )
  const first = [`DocumentExpired ${past.id}`, `DocumentExpiring ${late.id}`, `DocumentExpiring ${soon.id}`].toSorted()
  for (let times = 0; times < 2; times += 1) {
    assert.equal(await round(), false)
    assert.deepEqual(await events(), first)
  }
  const revision = (await admin.call('GET', `/documents/${soon.id}`)).body.revision
  assert.equal(revision, 1, 'who is about to change it is not disturbed')
  await admin.call('PATCH', `/documents/${soon.id}`, { expiry_date: day(12) })
  await round()
  assert.deepEqual(await events(), [...first, `DocumentExpiring ${soon.id}`].toSorted())
  // The day itself still counts (the two days behind it cover the zones).
  await round(14)
  assert.deepEqual(await events(), [...first, `DocumentExpiring ${soon.id}`, `DocumentExpired ${soon.id}`].toSorted())
})
