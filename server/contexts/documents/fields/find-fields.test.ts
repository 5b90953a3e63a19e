import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { doDue, until } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { uploadDocument } from '../library/upload.fixture.ts'
import { documentOf, fieldsOf, lookThrough } from './fields.fixture.ts'

const LICENCE = `AGENZIA DELLE DOGANE E DEI MONOPOLI
Ufficio delle dogane di Bologna
Prot. n. 12345/RU del 12/03/2026
LICENZA DI ESERCIZIO PER OFFICINA ELETTRICA
Codice ditta: BOE01234X
POD: IT001E12345678
Ditta Serra del Colle S.r.l., P.IVA 00743110157
Diritto annuale di licenza: € 77,47
Rilasciata il 15 marzo 2026. Scadenza: 31/12/2028.`

const inScopeOf = async (tenant: TestTenant, code: string, pod: string, name: string): Promise<string> => {
  const plant = { name, code, type: 'Photovoltaic', status: 'In Operation', power_kw: 100 }
  const { body, text } = await tenant.admin.call('POST', '/plants', plant)
  assert.ok(body?.id, text)
  const put = await tenant.admin.call('PUT', `/plants/${body.id}/registry`, { pod })
  assert.equal(put.status, 200, put.text)
  return body.id as string
}

test('a document that was read is looked through: fields with place and passage, and what they suggest', async () => {
  const tenant = await newTenant()
  const plant = await inScopeOf(tenant, 'COLLE-1', 'IT001E12345678', 'Fotovoltaico del Colle')
  const { id, sha256 } = await documentOf(tenant, [LICENCE])
  assert.deepEqual(await fieldsOf(tenant.admin, id).then(({ fields, suggestions }) => [fields, suggestions]), [[], []])
  await lookThrough(tenant, sha256)
  const { fields, suggestions } = await fieldsOf(tenant.admin, id)
  const found = fields.map(({ kind, role, value }) => [kind, role, value].filter(Boolean).join(' '))
  assert.deepEqual(found.toSorted(), [
    'adm_license_code BOE01234X',
    'amount fee 77.47',
    'authority ADM',
    'date expiry 2028-12-31',
    'date issue 2026-03-15',
    'date protocol 2026-03-12',
    'pod IT001E12345678',
    'protocol_number 12345/RU',
    'vat_number 00743110157',
  ])
  for (const { page, start, length, shown, passage, state, by } of fields) {
    assert.deepEqual([page, LICENCE.slice(start!, start! + length!), state, by], [1, shown, 'found', 'rule'])
    assert.ok(passage!.includes(shown.replace(/\s+/g, ' ')), `${passage} holds ${shown}`)
  }
  assert.deepEqual(
    suggestions.map(({ kind, value, plant_id, state, by }) => [kind, value ?? plant_id, state, by]),
    [
      ['category', 'adm_license', 'open', 'rule'],
      ['expiry_date', '2028-12-31', 'open', 'rule'],
      ['plant', plant, 'open', 'rule'],
    ],
  )
  assert.match(
    suggestions[0]!.explanation_it,
    /^Tipo di documento: Licenza di officina elettrica \(pagina 1: «.*OFFICINA ELETTRICA/,
  )
  assert.match(suggestions[1]!.explanation_en, /^Expiry date: 2028-12-31 \(page 1: “.*Scadenza: 31\/12\/2028/)
})

test('looking through again changes nothing: not the ids, and not what a person has judged', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await documentOf(tenant, [LICENCE])
  await lookThrough(tenant, sha256)
  const first = await fieldsOf(tenant.admin, id)
  const [pod, code] = ['pod', 'adm_license_code'].map((kind) => first.fields.find((one) => one.kind === kind)!)
  assert.equal(
    (await tenant.admin.call('PUT', `/documents/${id}/fields/${pod!.id}`, { value: 'IT002E12345678' })).status,
    200,
  )
  assert.equal((await tenant.admin.call('PUT', `/documents/${id}/fields/${code!.id}`, { rejected: true })).status, 200)
  await lookThrough(tenant, sha256)
  const second = await fieldsOf(tenant.admin, id)
  assert.deepEqual(
    second.fields.map((one) => one.id),
    first.fields.map((one) => one.id),
  )
  assert.deepEqual(
    second.suggestions.map((one) => one.id),
    first.suggestions.map((one) => one.id),
  )
  const after = second.fields.find((one) => one.id === pod!.id)!
  assert.deepEqual([after.value, after.state, after.found_value], ['IT002E12345678', 'corrected', 'IT001E12345678'])
  assert.equal(second.fields.find((one) => one.id === code!.id)!.state, 'rejected')
})

test('the same content in two documents is judged once, and suggests for each', async () => {
  const tenant = await newTenant()
  const plant = await inScopeOf(tenant, 'COLLE-1', 'IT001E12345678', 'Fotovoltaico del Colle')
  const [one, other] = [
    await documentOf(tenant, [LICENCE]),
    await documentOf(tenant, [LICENCE], { plant_id: plant, category: 'mia' }),
  ]
  assert.equal(one.sha256, other.sha256)
  await lookThrough(tenant, one.sha256)
  const kinds = async (id: string) => (await fieldsOf(tenant.admin, id)).suggestions.map(({ kind }) => kind)
  assert.deepEqual(await kinds(one.id), ['category', 'expiry_date', 'plant'])
  assert.deepEqual(await kinds(other.id), ['expiry_date'], 'its plant and category are said already')
})

test('a value that OCR read is as sure as the page', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await documentOf(tenant, ['POD: IT001E12345678'], { method: 'ocr', confidence: 0.5 })
  await lookThrough(tenant, sha256)
  assert.equal((await fieldsOf(tenant.admin, id)).fields[0]!.confidence, 0.485)
})

test('a suggestion never names a plant that its reader does not see, nor can he confirm it', async () => {
  const tenant = await newTenant()
  const [mine, his] = [
    await inScopeOf(tenant, 'NORD-1', 'IT001E11111111', 'Fotovoltaico Nord'),
    await inScopeOf(tenant, 'SUD-22', 'IT001E22222222', 'Fotovoltaico Sud'),
  ]
  const reader = await tenant.user('Operator', [mine])
  const editor = await tenant.user('Admin', [mine])
  const { id, sha256 } = await documentOf(tenant, [
    'Delega per IT001E11111111, NORD-1, e per il Fotovoltaico Sud, POD IT001E22222222.',
  ])
  await lookThrough(tenant, sha256)
  const links = async (user: typeof reader) =>
    (await fieldsOf(user, id)).suggestions.flatMap(({ kind, plant_id }) =>
      kind === 'link' && plant_id !== null ? [plant_id] : [],
    )
  assert.deepEqual((await links(tenant.admin)).toSorted(), [mine, his].toSorted())
  assert.deepEqual(await links(reader), [mine])
  const { suggestions } = await fieldsOf(tenant.admin, id)
  const hidden = suggestions.find(({ plant_id }) => plant_id === his)!
  for (const decision of ['confirm', 'reject']) {
    const { status, body } = await editor.call('POST', `/documents/${id}/suggestions/${hidden.id}/${decision}`)
    assert.deepEqual([status, body.error.code], [404, 'document_suggestions.not_found'])
  }
  const seen = suggestions.find(({ plant_id }) => plant_id === mine)!
  assert.equal((await editor.call('POST', `/documents/${id}/suggestions/${seen.id}/confirm`)).status, 200)
  const { body } = await tenant.admin.call('GET', `/documents/${id}`)
  assert.deepEqual(
    body.links.map((link: { kind: string; target_id: string }) => [link.kind, link.target_id]),
    [['plant', mine]],
  )
  const ofHis = await documentOf(tenant, ['altro'], { plant_id: his })
  assert.equal((await reader.call('GET', `/documents/${ofHis.id}/fields`)).status, 404)
})

test('names of plants are found as they are written, single common words are not', async () => {
  const tenant = await newTenant()
  const plain = await plantOf(tenant)
  const named = await inScopeOf(tenant, 'IDRO-07', 'IT001E33333333', 'Centrale di Ponte Alto')
  const { id, sha256 } = await documentOf(tenant, ['Sopralluogo alla centrale di\nPonte Alto, in serra e altrove.'])
  await lookThrough(tenant, sha256)
  const plants = (await fieldsOf(tenant.admin, id)).suggestions.map(({ plant_id }) => plant_id)
  assert.deepEqual(plants, [], 'begins in lower case')
  const other = await documentOf(tenant, ['Sopralluogo: Centrale di Ponte\nAlto.'])
  await lookThrough(tenant, other.sha256)
  const { suggestions } = await fieldsOf(tenant.admin, other.id)
  assert.deepEqual(
    suggestions.map(({ kind, plant_id, confidence }) => [kind, plant_id, confidence]),
    [['plant', named, 0.75]],
  )
  assert.notEqual(plain, named)
})

test('a document that is given a content which was read before gets its suggestions too', async () => {
  const tenant = await newTenant()
  const { sha256 } = await uploadDocument(tenant.admin, { name: 'a.txt', bytes: LICENCE })
  await tenant.admin.write('documents.write', async ({ db, tenantId }) => {
    await sql`insert into file_texts (tenant_id, sha256, state, pages, pages_done, language) values (${tenantId}, ${sha256}, 'read', 1, 1, 'it')`.execute(
      db,
    )
    await sql`insert into file_pages (tenant_id, sha256, page, text, method) values (${tenantId}, ${sha256}, 1, ${LICENCE}, 'text')`.execute(
      db,
    )
  })
  const again = await uploadDocument(tenant.admin, { name: 'b.txt', bytes: LICENCE })
  assert.equal(again.sha256, sha256)
  await until(async () => {
    await doDue((await testApp()).jobs.filter(({ kind }) => kind.name === 'documents.find_fields'))
    return (await fieldsOf(tenant.admin, again.id)).suggestions.length > 0
  })
  assert.equal((await fieldsOf(tenant.admin, again.id)).suggestions[0]?.value, 'adm_license')
})
