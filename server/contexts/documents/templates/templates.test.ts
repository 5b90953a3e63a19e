/** Templates and what is made of them, over HTTP and on real rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, testApp, type TestUser } from '#test/harness.ts'
import { sendUpload, settleScan } from '../library/upload.fixture.ts'
import { templatesSubscribers } from './reactions.ts'
import { shippedFile, textOfDocx, textOfPdf, wordFile } from './templates.fixture.ts'

const done = async (answer: ReturnType<TestUser['call']>, status = 200) => {
  const { status: got, text, body } = await answer
  assert.equal(got, status, text)
  return body
}
const refused = async (answer: ReturnType<TestUser['call']>, status: number, code: string) => {
  const { status: got, body, text } = await answer
  assert.deepEqual([got, body?.error?.code], [status, code], text)
  return (body.error.details ?? []) as { field: string; message: string }[]
}

/** The bytes of a document, as if it had been scanned. */
async function contentOf(user: TestUser, document: { id: string; sha256: string }): Promise<Buffer> {
  await settleScan(user, document)
  const { http } = await testApp()
  const headers = { authorization: `Bearer ${user.token}` }
  const answer = await http.inject({ method: 'GET', url: `/api/v1/documents/${document.id}/content`, headers })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.rawPayload
}

async function plant(user: TestUser, name = 'Carpi Nord', more: object = {}): Promise<string> {
  const body = {
    name,
    code: name,
    type: 'Photovoltaic',
    status: 'In Operation',
    power_kw: 998.4,
    municipality: 'Carpi',
    province: 'MO',
  }
  const { id } = await done(user.call('POST', '/plants', { ...body, ...more }), 201)
  await done(user.call('PUT', `/plants/${id}/registry`, { pod: 'IT001E12345678', gaudi_code: 'IM_0123456' }))
  return id as string
}

test('a maintenance report is made of the stoppages on record, filed as a document, and remembers of what', async () => {
  const { admin } = await newTenant({ name: 'Energia Città S.r.l.' })
  const plant_id = await plant(admin)
  const stoppage = (body: object) => done(admin.call('POST', `/plants/${plant_id}/stoppages`, body), 201)
  await stoppage({
    category: 'planned_maintenance',
    starts_at: '2026-10-04T07:00:00Z',
    ends_at: '2026-10-04T10:30:00Z',
    cause: 'Verifica annuale',
  })
  // It began before the period: only its hours in it count, from midnight in Rome.
  await stoppage({
    category: 'grid',
    starts_at: '2026-09-30T20:00:00Z',
    ends_at: '2026-10-01T00:00:00Z',
    cause: 'Rete assente',
    note: 'guasto in cabina',
  })
  await stoppage({
    category: 'own_failure',
    starts_at: '2026-08-01T00:00:00Z',
    ends_at: '2026-08-02T00:00:00Z',
    cause: 'Altro mese',
  })
  const order = {
    template: 'maintenance-report',
    format: 'pdf',
    language: 'it',
    plant_id,
    period: { from: '2026-10-01', to: '2026-10-31' },
  }
  const details = await refused(admin.call('POST', '/documents/generate', order), 422, 'templates.values_missing')
  assert.deepEqual(details.map(({ field }) => field).toSorted(), ['technician', 'works'])

  const values = { technician: 'Elettro Più S.n.c.', works: [] }
  const plan = await done(admin.call('POST', '/documents/generate?dry_run=true', { ...order, values: { works: [] } }))
  const from = Object.fromEntries(plan.fields.map((one: { name: string; from: string }) => [one.name, one.from]))
  assert.deepEqual(
    [from['plant.pod'], from['maintenance.hours'], from['technician'], from['place']],
    ['plant', 'maintenance', null, 'plant'],
  )
  assert.deepEqual(
    plan.missing.map((one: { field: string }) => one.field),
    ['technician'],
  )

  const document = await done(admin.call('POST', '/documents/generate', { ...order, values }), 201)
  assert.deepEqual(
    [document.source, document.type, document.plant_id, document.category, document.status],
    ['generated', 'pdf', plant_id, 'maintenance', 'scanning'],
  )
  assert.match(document.name, /^Rapporto di manutenzione Carpi Nord \d{4}-\d\d-\d\d\.pdf$/)
  const { text } = await textOfPdf(await contentOf(admin, document))
  for (const said of [
    'Energia Città S.r.l.',
    'Elettro Più S.n.c.',
    'IT001E12345678',
    '04/10/2026 09:00',
    '30/09/2026 22:00',
    'Rete assente: guasto in cabina',
    'Nessun intervento eseguito.',
  ])
    assert.ok(text.includes(said), `${said}: ${text}`)
  assert.match(text, /Totale 5,5 2/)
  assert.doesNotMatch(text, /Altro mese/)

  const { generation } = await done(admin.call('GET', `/documents/${document.id}/generation`))
  assert.deepEqual(
    [generation.template, generation.template_version, generation.values.technician],
    ['maintenance-report', 1, 'Elettro Più S.n.c.'],
  )
  assert.ok(
    generation.sources.some((one: { name: string; from: string }) => one.name === 'plant.name' && one.from === 'plant'),
  )
  const { items } = await done(admin.call('GET', `/audit?resource_id=${document.id}`))
  assert.ok(items.some((one: { action: string }) => one.action === 'documents.generated'))

  // What is given wins; English; and a file for Word.
  const english = {
    ...order,
    language: 'en',
    format: 'docx',
    values: { ...values, 'plant.pod': 'IT999E00000000', place: 'Modena' },
  }
  const word = await textOfDocx(
    await contentOf(admin, await done(admin.call('POST', '/documents/generate', english), 201)),
  )
  for (const said of ['MAINTENANCE REPORT', 'IT999E00000000', 'Modena, ', 'No work was carried out.'])
    assert.ok(word.includes(said), word)
})

test('a batch record is made of the rows of its batch', async () => {
  const { admin } = await newTenant()
  const plant_id = await plant(admin, 'Pastificio', { type: 'Food' })
  const line = await done(admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Linea corta 1', code: 'L1' }), 201)
  const recipe = {
    ingredients: [{ material: 'Semola', quantity: 1, unit: 'kg' }],
    control_points: [{ code: 'CCP1', description: 'Temperatura al cuore', kind: 'CCP', unit: '°C', min: 72, max: 85 }],
  }
  await done(
    admin.call('POST', '/plant-ops/products', { code: 'PENNE-500', name: 'Penne rigate 500 g', unit: 'kg', recipe }),
    201,
  )
  const lot = { plant_id, code: 'SEM-0911', material: 'Semola', quantity: 2000, unit: 'kg', supplier: 'Molino Però' }
  const { id: from_lot_id } = await done(admin.call('POST', '/plant-ops/lots', lot), 201)
  const body = {
    line_id: line.id,
    batch_number: 'L-0417',
    product_code: 'PENNE-500',
    planned_quantity: 1200,
    unit: 'kg',
  }
  const { id: batch_id } = await done(admin.call('POST', '/plant-ops/batches', body), 201)
  const batch = `/plant-ops/batches/${batch_id}`
  const order = { template: 'batch-record', format: 'pdf', batch_id }
  const values = { decision: 'released', production_name: 'Marta Orsi', quality_name: 'Luca Neri' }
  // Nothing came out yet: what has no value yet is named, not left empty.
  const details = await refused(
    admin.call('POST', '/documents/generate', { ...order, values }),
    422,
    'templates.values_missing',
  )
  assert.ok(
    ['batch.started_at', 'batch.ended_at', 'batch.good_quantity'].every((name) =>
      details.some(({ field }) => field === name),
    ),
  )

  await done(admin.call('POST', `${batch}/start`, {}))
  await done(
    admin.call('POST', `/plant-ops/lots/${from_lot_id}/movements`, { kind: 'consume', batch_id, quantity: 1250.5 }),
  )
  await done(
    admin.call('POST', `${batch}/measurements`, {
      control_point: 'CCP1',
      value: 70.5,
      corrective_action: 'Essiccato di nuovo',
    }),
    201,
  )
  await done(admin.call('POST', `${batch}/measurements`, { control_point: 'CCP1', value: 74 }), 201)
  const result = { good_quantity: 1180.5, scrap_quantity: 19.5, scrap_reasons: [{ reason: 'rottura', quantity: 19.5 }] }
  await done(
    admin.call('POST', `${batch}/complete`, { ...result, labor_cost: 300, material_cost: 900, currency: 'EUR' }),
  )

  const document = await done(admin.call('POST', '/documents/generate', { ...order, values }), 201)
  assert.equal(document.plant_id, plant_id)
  assert.deepEqual(
    document.links.map((one: { kind: string; target_id: string }) => [one.kind, one.target_id]),
    [['batch', batch_id]],
  )
  const { text } = await textOfPdf(await contentOf(admin, document))
  const told = [
    'L-0417',
    'PENNE-500 – Penne rigate 500 g',
    'Linea corta 1',
    'SEM-0911',
    'Molino Però',
    '1.250,5 kg',
    '72 … 85',
    '70,5 °C',
    'fuori limite',
  ]
  for (const said of [...told, 'Essiccato di nuovo', '1.180,5 kg', 'rottura', '98,4 %', '☒ rilasciato', 'Marta Orsi'])
    assert.ok(text.replaceAll('\u00a0', ' ').includes(said), `${said}: ${text}`)
})

test('a plant or batch out of scope, of a stranger, or of nobody is one and the same', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const [mine, other] = [await plant(tenant.admin, 'Uno'), await plant(tenant.admin, 'Due')]
  const limited = await tenant.user('Asset Manager', [other])
  const order = (plant_id: string) => ({ template: 'self-declaration', format: 'pdf', plant_id })
  const said = new Set<string>()
  for (const [user, id] of [
    [limited, mine],
    [stranger.admin, mine],
    [tenant.admin, '01890000-0000-7000-8000-000000000000'],
  ] as const) {
    for (const query of ['', '?dry_run=true']) {
      const { status, body } = await user.call('POST', `/documents/generate${query}`, order(id))
      said.add(JSON.stringify([status, body.error.code, body.error.message, body.error.details]))
    }
  }
  assert.equal(said.size, 1, [...said].join('\n'))
  const batches = { template: 'batch-record', format: 'pdf', batch_id: '01890000-0000-7000-8000-000000000000' }
  await refused(tenant.admin.call('POST', '/documents/generate', batches), 404, 'templates.no_subject')
})

test('a company’s template: its tags are checked, it has versions, and is used once it was scanned', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const { admin } = tenant
  const plant_id = await plant(admin)
  const bytes = await wordFile([
    'Impianto {plant.name}, POD {plant.pod | or —}',
    'Oggetto: {subject}',
    '{#rows}',
    '{code}: {kwh | number 1}',
    '{/rows}',
  ])
  const fields = {
    name: 'Lettera',
    language: 'it',
    fields: JSON.stringify([{ name: 'subject', label: 'Oggetto', type: 'text' }]),
  }
  const upload = (more: object = {}) =>
    sendUpload(admin, { path: '/document-templates', name: 'lettera.docx', bytes, fields, ...more })
  const broken = await upload({ bytes: await wordFile(['{plant.name | shout} {#x}']) })
  assert.deepEqual([broken.status, broken.body.error.code], [422, 'templates.tags_invalid'])
  const idle = await upload({ fields: { ...fields, fields: '[{"name": "nobody"}]' } })
  assert.deepEqual([idle.status, idle.body.error.code], [422, 'templates.fields_invalid'])
  const { status, body: template } = await upload()
  assert.equal(status, 201, JSON.stringify(template))
  const named = Object.fromEntries(template.fields.map((one: { name: string }) => [one.name, one]))
  assert.deepEqual(Object.keys(named).toSorted(), ['plant.name', 'plant.pod', 'rows', 'subject'])
  assert.deepEqual(
    [named['plant.pod'].required, named['rows'].items.map((one: { name: string }) => one.name)],
    [false, ['code', 'kwh']],
  )
  assert.equal((await upload()).body.error.code, 'templates.name_taken')

  const path = `/document-templates/${template.id}`
  const order = {
    template: template.id,
    format: 'pdf',
    plant_id,
    values: { subject: 'Letture', rows: [{ code: 'A', kwh: '1234.5' }] },
  }
  await refused(admin.call('POST', '/documents/generate', order), 409, 'documents.scanning')
  await refused(admin.call('GET', `${path}/content`), 409, 'documents.scanning')
  const file = await done(admin.call('GET', `/documents/${template.document_id}`))
  await settleScan(admin, file)
  await refused(admin.call('POST', '/documents/generate', { ...order, language: 'en' }), 422, 'templates.no_language')
  const typo = await refused(
    admin.call('POST', '/documents/generate', { ...order, values: { ...order.values, subjct: 'x' } }),
    422,
    'templates.values_invalid',
  )
  assert.deepEqual(
    typo.map(({ field }) => field),
    ['subjct'],
  )
  const one = await done(admin.call('POST', '/documents/generate', order), 201)
  const { text } = await textOfPdf(await contentOf(admin, one))
  assert.equal(text, 'Impianto Carpi Nord, POD IT001E12345678 Oggetto: Letture A: 1.234,5')

  const next = await sendUpload(admin, {
    path: `${path}/versions`,
    name: 'lettera.docx',
    bytes: await wordFile(['Nuova {subject}']),
  })
  assert.deepEqual([next.status, next.body.version], [201, 2], JSON.stringify(next.body))
  const { generation } = await done(admin.call('GET', `/documents/${one.id}/generation`))
  assert.deepEqual([generation.template, generation.template_version], [template.id, 1])
  const listed = await done(admin.call('GET', '/document-templates?limit=200'))
  assert.equal(listed.items.filter((item: { origin: string }) => item.origin === 'shipped').length, 6)
  assert.equal(listed.items.find((item: { id: string }) => item.id === template.id).version, 2)

  for (const [method, of] of [
    ['GET', path],
    ['GET', `${path}/content`],
    ['DELETE', path],
  ] as const) {
    await refused(stranger.admin.call(method, of), 404, 'templates.not_found')
  }
  await done(admin.call('DELETE', path), 204)
  await refused(admin.call('GET', path), 404, 'templates.not_found')
})

test('those that ship can be downloaded, tell their fields, sources and rules, and their sample makes them', async () => {
  const { admin } = await newTenant()
  const plant_id = await plant(admin)
  const answer = await (
    await testApp()
  ).http.inject({
    ...{ method: 'GET', url: '/api/v1/document-templates/delegation/content?language=en' },
    headers: { authorization: `Bearer ${admin.token}` },
  })
  assert.equal(answer.statusCode, 200)
  assert.ok(answer.rawPayload.equals(shippedFile('delegation', 'en')))
  const template = await done(admin.call('GET', '/document-templates/self-declaration'))
  assert.ok(
    template.basis.every(
      (one: { year: number; confidence: string }) => one.year === 2000 && one.confidence === 'certain',
    ),
  )
  const sheet = await done(admin.call('GET', '/document-templates/field-sheet'))
  assert.ok(sheet.basis.some((one: { confidence: string }) => one.confidence === 'unverified'))
  const document = await done(admin.call('POST', '/documents/generate', { ...template.sample, plant_id }), 201)
  assert.equal(document.type, 'pdf')
  await refused(admin.call('GET', '/document-templates/nobody'), 404, 'templates.not_found')
})

test('who may not see what a source reads has nothing printed of it; the same call again makes one document', async () => {
  const tenant = await newTenant()
  const plant_id = await plant(tenant.admin)
  const role = { name: 'Scrivano', permissions: ['documents.read', 'documents.write'] }
  await done(tenant.admin.call('POST', '/roles', role), 201)
  const clerk = await tenant.user('Scrivano')
  const { sample } = await done(tenant.admin.call('GET', '/document-templates/cover-letter'))
  await refused(clerk.call('POST', '/documents/generate', { ...sample, plant_id }), 403, 'auth.forbidden')
  const { plant_id: _none, ...letter } = { ...sample, values: { ...sample.values, place: 'Carpi' } }
  const again = { 'idempotency-key': 'letter-1' }
  const one = await done(clerk.call('POST', '/documents/generate', letter, again), 201)
  const two = await done(clerk.call('POST', '/documents/generate', letter, again), 201)
  assert.equal(one.id, two.id)
})

test('of a document that is purged the values that were printed go too', async () => {
  const { admin } = await newTenant()
  const { sample } = await done(admin.call('GET', '/document-templates/cover-letter'))
  const { plant_id: _none, ...order } = { ...sample, values: { ...sample.values, place: 'Carpi' } }
  const { id } = await done(admin.call('POST', '/documents/generate', order), 201)
  const [erase] = templatesSubscribers
  const event = { type: 'DocumentPurged', data: { document_id: id, plant_id: null } }
  await admin.write('documents.write', (work) => erase!.handle(work, event as never))
  const { generation } = await done(admin.call('GET', `/documents/${id}/generation`))
  assert.deepEqual([generation.values, generation.template], [{}, 'cover-letter'])
})
