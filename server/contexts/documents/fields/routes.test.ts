import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, plantOf, type TestTenant, type TestUser } from '#test/harness.ts'
import { documentOf, fieldsOf, lookThrough } from './fields.fixture.ts'

const TEXT = 'Delega. Il sottoscritto delega il tecnico. Scadenza: 31/12/2028. POD IT001E12345678. Canone € 120,00'

async function lookedThrough(tenant: TestTenant, text = TEXT) {
  const document = await documentOf(tenant, [text])
  await lookThrough(tenant, document.sha256)
  const { fields, suggestions } = await fieldsOf(tenant.admin, document.id)
  const field = (kind: string) => fields.find((one) => one.kind === kind)!
  const suggestion = (kind: string) => suggestions.find((one) => one.kind === kind)!
  return { ...document, field, suggestion }
}
const put = (user: TestUser, id: string, field: string, body: object) =>
  user.call('PUT', `/documents/${id}/fields/${field}`, body)
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body.error?.code}`

test('confirming a category and an expiry date changes the document, is told, and can be repeated', async () => {
  const tenant = await newTenant()
  const { id, suggestion } = await lookedThrough(tenant)
  const get = async () => (await tenant.admin.call('GET', `/documents/${id}`)).body
  const before = await get()
  for (const kind of ['category', 'expiry_date']) {
    const path = `/documents/${id}/suggestions/${suggestion(kind).id}/confirm`
    const [first, again] = [await tenant.admin.call('POST', path), await tenant.admin.call('POST', path)]
    assert.deepEqual([first.status, first.body.state, first.body.decided_by], [200, 'confirmed', tenant.admin.userId])
    assert.deepEqual(again.body, first.body)
  }
  const after = await get()
  assert.deepEqual(
    [before.category, before.expiry_date, after.category, after.expiry_date],
    [null, null, 'delegation', '2028-12-31'],
  )
  assert.equal(after.revision, before.revision + 2)
  const { body } = await tenant.admin.call('GET', '/audit?limit=100')
  const actions = body.items
    .map((one: { action: string }) => one.action)
    .filter((action: string) => action.startsWith('document'))
  assert.deepEqual(actions.toSorted(), [
    'document_suggestions.confirmed',
    'document_suggestions.confirmed',
    'documents.updated',
    'documents.updated',
  ])
})

test('refusing what was confirmed gives back what the document had, unless somebody has changed it since', async () => {
  const tenant = await newTenant()
  const { id, suggestion } = await lookedThrough(tenant)
  const path = `/documents/${id}/suggestions/${suggestion('expiry_date').id}`
  const expiry = async () => (await tenant.admin.call('GET', `/documents/${id}`)).body.expiry_date
  await tenant.admin.call('POST', `${path}/confirm`)
  assert.equal((await tenant.admin.call('POST', `${path}/reject`)).body.state, 'rejected')
  assert.equal(await expiry(), null)
  await tenant.admin.call('POST', `${path}/confirm`)
  await tenant.admin.call('POST', `/documents/${id}/suggestions`, { kind: 'expiry_date', value: '2030-01-01' })
  assert.equal((await tenant.admin.call('POST', `${path}/reject`)).body.state, 'rejected')
  assert.equal(await expiry(), '2030-01-01')
})

test('confirming a plant makes it the document’s own, and refusing takes that back', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  await tenant.admin.call('PUT', `/plants/${plant}/registry`, { pod: 'IT001E12345678' })
  const { id, suggestion } = await lookedThrough(tenant)
  const path = `/documents/${id}/suggestions/${suggestion('plant').id}`
  const own = async () => (await tenant.admin.call('GET', `/documents/${id}`)).body.plant_id
  assert.equal((await tenant.admin.call('POST', `${path}/confirm`)).status, 200)
  assert.equal(await own(), plant)
  assert.equal((await tenant.admin.call('POST', `${path}/reject`)).status, 200)
  assert.equal(await own(), null)
})

test('a link to a plant is made by confirming and goes by refusing', async () => {
  const tenant = await newTenant()
  const pods = ['IT001E12345678', 'IT001E87654321']
  for (const pod of pods) await tenant.admin.call('PUT', `/plants/${await plantOf(tenant)}/registry`, { pod })
  const { id, suggestion } = await lookedThrough(tenant, `POD ${pods.join(' e POD ')}`)
  const path = `/documents/${id}/suggestions/${suggestion('link').id}`
  const links = async () => (await tenant.admin.call('GET', `/documents/${id}`)).body.links.length
  await tenant.admin.call('POST', `${path}/confirm`)
  assert.equal(await links(), 1)
  await tenant.admin.call('POST', `${path}/reject`)
  assert.equal(await links(), 0)
})

test('values are corrected in the normal form of their kind only', async () => {
  const tenant = await newTenant()
  const { id, field } = await lookedThrough(tenant)
  const [date, pod, amount] = [field('date').id, field('pod').id, field('amount').id]
  const right: [string, object, string, string | null, string][] = [
    [date, {}, '2028-12-31', 'expiry', 'confirmed'],
    [date, { value: '2029-01-31' }, '2029-01-31', 'expiry', 'corrected'],
    [date, { role: null }, '2029-01-31', null, 'corrected'],
    [date, { value: '2028-12-31', role: 'expiry' }, '2028-12-31', 'expiry', 'confirmed'],
    [date, { rejected: true }, '2028-12-31', 'expiry', 'rejected'],
    [date, { rejected: false }, '2028-12-31', 'expiry', 'found'],
    [pod, { value: 'it 002 e 12345678' }, 'IT002E12345678', null, 'corrected'],
    [amount, { value: '120.5' }, '120.50', 'fee', 'corrected'],
  ]
  for (const [one, body, value, role, state] of right) {
    const { status, body: answer, text } = await put(tenant.admin, id, one, body)
    assert.deepEqual([status, answer.value, answer.role, answer.state], [200, value, role, state], text)
  }
  const wrong: [string, object, string][] = [
    [date, { value: '2028-02-30' }, 'document_fields.invalid_value'],
    [date, { value: '31/12/2028' }, 'document_fields.invalid_value'],
    [date, { role: 'total' }, 'document_fields.invalid_role'],
    [pod, { value: 'IT1' }, 'document_fields.invalid_value'],
    [pod, { role: 'expiry' }, 'document_fields.invalid_role'],
    [amount, { value: '1.200,00' }, 'document_fields.invalid_value'],
  ]
  for (const [one, body, refused] of wrong) assert.equal(code(await put(tenant.admin, id, one, body)), `422 ${refused}`)
})

test('an overlooked value is told, with its place where it is on the page, and stays', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await lookedThrough(tenant, 'Codice impianto AB-77, verificato a mano. Fine il 12/03/2027')
  const add = (body: object) => tenant.admin.call('POST', `/documents/${id}/fields`, body)
  const placed = await add({ kind: 'protocol_number', value: 'AB-77', page: 1 })
  assert.deepEqual([placed.status, placed.body.start, placed.body.by, placed.body.state], [201, 16, 'person', 'added'])
  assert.match(placed.body.passage, /impianto AB-77, verificato/)
  const anywhere = await add({ kind: 'iban', value: 'IT60 X054 2811 1010 0000 0123 456' })
  assert.deepEqual([anywhere.body.value, anywhere.body.page], ['IT60X0542811101000000123456', null])
  const found = await add({ kind: 'date', value: '2027-03-12', role: 'expiry', page: 1 })
  assert.deepEqual([found.status, found.body.shown, found.body.role], [201, '12/03/2027', 'expiry'])
  assert.equal(code(await add({ kind: 'date', value: '2027-03-12', page: 9 })), '422 document_fields.no_such_page')
  assert.equal(code(await add({ kind: 'vat_number', value: '12345678901' })), '422 document_fields.invalid_value')
  await lookThrough(tenant, sha256)
  const { fields, suggestions } = await fieldsOf(tenant.admin, id)
  assert.deepEqual(fields.map(({ kind, state }) => `${kind} ${state}`).toSorted(), [
    'date added',
    'iban added',
    'protocol_number added',
  ])
  assert.equal(suggestions[0]?.value, '2027-03-12')
  await tenant.admin.write('documents.write', ({ db, now, tenantId }) =>
    sql`insert into file_fields (tenant_id, id, sha256, kind, value, shown, confidence, by, state, made_at)
        select ${tenantId}, gen_random_uuid(), ${sha256}, 'up_code', 'UP_A_' || n, 'UP_A_' || n, 1, 'person', 'added', ${now} from generate_series(1, 97) n`.execute(
      db,
    ),
  )
  assert.equal(code(await add({ kind: 'protocol_number', value: 'N1' })), '409 document_fields.too_many')
})

test('who may only read neither judges nor confirms; another company sees nothing', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const { id, field, suggestion } = await lookedThrough(tenant)
  const paths = [
    ['PUT', `/documents/${id}/fields/${field('date').id}`, { role: 'issue' }],
    ['POST', `/documents/${id}/fields`, { kind: 'date', value: '2027-01-01' }],
    ['POST', `/documents/${id}/suggestions`, { kind: 'category', value: 'x' }],
    ['POST', `/documents/${id}/suggestions/${suggestion('category').id}/confirm`, undefined],
    ['POST', `/documents/${id}/suggestions/${suggestion('category').id}/reject`, undefined],
  ] as const
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('GET', `/documents/${id}/fields`)).status, 200)
  for (const [method, path, body] of paths) {
    assert.equal((await viewer.call(method, path, body)).status, 403, path)
    assert.equal((await other.admin.call(method, path, body)).status, 404, path)
  }
  const foreign = await documentOf(other, [TEXT])
  assert.equal(
    (await other.admin.call('POST', `/documents/${foreign.id}/suggestions/${suggestion('category').id}/confirm`))
      .status,
    404,
  )
  assert.equal((await put(other.admin, foreign.id, field('date').id, {})).status, 404)
})

test('many who judge, confirm and look through at once leave what one after the other would', async () => {
  const tenant = await newTenant()
  const documents = await Promise.all([1, 2, 3, 4].map((n) => lookedThrough(tenant, `${TEXT} Copia ${n}.`)))
  const answers = await Promise.all(
    documents.flatMap(({ id, sha256, field, suggestion }) => [
      tenant.admin.call('POST', `/documents/${id}/suggestions/${suggestion('category').id}/confirm`),
      tenant.admin.call('POST', `/documents/${id}/suggestions/${suggestion('expiry_date').id}/confirm`),
      put(tenant.admin, id, field('date').id, { role: 'due' }),
      tenant.admin.call('POST', `/documents/${id}/fields`, { kind: 'iban', value: 'IT60X0542811101000000123456' }),
      lookThrough(tenant, sha256).then(() => ({ status: 200, text: '' })),
    ]),
  )
  assert.deepEqual(
    answers.filter(({ status }) => status > 201).map(({ text }) => text),
    [],
  )
  const { rows } = await tenant.admin.read(null, ({ db }) =>
    sql<{ examples: number; times: number }>`
      select (select examples from category_words where tenant_id = ${tenant.id} and category = 'delegation' and word = '') as examples,
             (select times from field_cues where tenant_id = ${tenant.id} and cue = 'scadenza' and role = 'due') as times`.execute(
      db,
    ),
  )
  assert.deepEqual(rows, [{ examples: 4, times: 4 }])
})
