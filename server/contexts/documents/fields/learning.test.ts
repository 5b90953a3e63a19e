import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { doDue, until } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, testApp, type TestTenant } from '#test/harness.ts'
import { documentOf, fieldsOf, lookThrough, nightOf } from './fields.fixture.ts'

const PEOPLE = ['Anna Bassi', 'Bruno Corti', 'Carla Dossi', 'Dario Erba', 'Elsa Fabbri', 'Franco Guidi']
const sheet = (n: number): string =>
  `Foglio turno mungitura ${n}: capi munti ${40 + n}, litri in vasca, addetto ${PEOPLE[n]}.`
const KIND = 'foglio mungitura'

async function sheetOf(tenant: TestTenant, n: number): Promise<string> {
  const { id, sha256 } = await documentOf(tenant, [sheet(n)])
  await lookThrough(tenant, sha256)
  return id
}
const say = async (tenant: TestTenant, id: string, value: string) => {
  const { status, body, text } = await tenant.admin.call('POST', `/documents/${id}/suggestions`, {
    kind: 'category',
    value,
  })
  assert.equal(status, 201, text)
  return body as { id: string; state: string }
}
const suggested = async (tenant: TestTenant, id: string) =>
  (await fieldsOf(tenant.admin, id)).suggestions.filter(({ kind, state }) => kind === 'category' && state === 'open')
/** What is counted, without what is back at nought. */
const counts = (tenant: TestTenant): Promise<string[]> =>
  tenant.admin.read(null, async ({ db }) => {
    const { rows } = await sql<{ line: string }>`
      select concat_ws(' ', category, word, examples) as line from category_words where tenant_id = ${tenant.id} and examples > 0 order by 1`.execute(
      db,
    )
    return rows.map(({ line }) => line)
  })
/** The same, counted from the examples themselves. */
const recounted = (tenant: TestTenant): Promise<string[]> =>
  tenant.admin.read(null, async ({ db }) => {
    const { rows } = await sql<{ line: string }>`
      select concat_ws(' ', category, word, count(*)) as line from category_examples e, unnest('{""}' || e.words) as word
       where e.tenant_id = ${tenant.id} group by category, word order by 1`.execute(db)
    return rows.map(({ line }) => line)
  })

test('after five documents of a company’s own kind the sixth is suggested, with evidence, in that company alone', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const ofOther = await sheetOf(other, 5)
  const before = await fieldsOf(other.admin, ofOther)
  for (const n of [0, 1, 2, 3, 4]) {
    const id = await sheetOf(tenant, n)
    if (n === 0) assert.deepEqual(await suggested(tenant, id), [], 'no rule knows it')
    assert.equal((await say(tenant, id, KIND)).state, 'confirmed')
    assert.equal((await tenant.admin.call('GET', `/documents/${id}`)).body.category, KIND)
  }
  const sixth = await sheetOf(tenant, 5)
  const [one, ...more] = await suggested(tenant, sixth)
  assert.deepEqual([one?.value, one?.by, more.length], [KIND, 'learned', 0])
  assert.ok(one!.confidence > 0.7 && one!.confidence < 0.9, `${one!.confidence}`)
  assert.ok(one!.evidence.length >= 3)
  for (const { start, length } of one!.evidence) assert.match(sheet(5).slice(start, start + length), /^\p{L}+$/u)
  assert.match(
    one!.explanation_it,
    /^Tipo di documento: foglio mungitura, come nei documenti già classificati dalla vostra azienda \(pagina 1/,
  )
  assert.deepEqual(await counts(tenant), await recounted(tenant))

  await lookThrough(other, (await fieldsOf(other.admin, ofOther)).sha256)
  assert.deepEqual(await fieldsOf(other.admin, ofOther), before)
  assert.deepEqual(await counts(other), [])
})

test('a correction of a correction leaves what there would be without the first', async () => {
  const tenant = await newTenant()
  const id = await sheetOf(tenant, 0)
  const right = await say(tenant, id, KIND)
  const once = await counts(tenant)
  const wrong = await say(tenant, id, 'turni del personale')
  assert.ok((await counts(tenant)).every((line) => line.startsWith('turni del personale ')))
  const states = async () =>
    Object.fromEntries((await fieldsOf(tenant.admin, id)).suggestions.map((one) => [one.value, one.state]))
  assert.deepEqual(await states(), { [KIND]: 'superseded', 'turni del personale': 'confirmed' })
  await say(tenant, id, KIND)
  assert.deepEqual(await counts(tenant), once)
  assert.deepEqual(await states(), { [KIND]: 'confirmed', 'turni del personale': 'superseded' })

  // Refused, it gives back what the document had before, and is an example of none.
  const refused = await tenant.admin.call('POST', `/documents/${id}/suggestions/${right.id}/reject`)
  assert.deepEqual([refused.status, refused.body.state], [200, 'rejected'])
  assert.equal((await tenant.admin.call('GET', `/documents/${id}`)).body.category, 'turni del personale')
  assert.equal(
    (await tenant.admin.call('POST', `/documents/${id}/suggestions/${wrong.id}/confirm`)).body.state,
    'confirmed',
  )
  assert.equal(
    (await tenant.admin.call('POST', `/documents/${id}/suggestions/${wrong.id}/reject`)).body.state,
    'rejected',
  )
  assert.deepEqual(await counts(tenant), await recounted(tenant))
})

test('categories that were said at the upload are learned from when the document is looked through', async () => {
  const tenant = await newTenant()
  for (const n of [0, 1, 2, 3, 4]) {
    const { sha256 } = await documentOf(tenant, [sheet(n)], { category: KIND })
    await lookThrough(tenant, sha256)
    await lookThrough(tenant, sha256)
  }
  assert.deepEqual(await counts(tenant), await recounted(tenant))
  assert.equal((await suggested(tenant, await sheetOf(tenant, 5)))[0]?.value, KIND)
})

test('a category that the rules suggest wrongly and that is refused again and again is no longer suggested', async () => {
  const tenant = await newTenant()
  const text = (n: number) => `FATTURA N. ${n} bolletta del consorzio irriguo, quota del socio ${PEOPLE[n]}`
  const suggestions: (string | null)[] = []
  for (const n of [0, 1, 2, 3, 4, 5]) {
    const { id, sha256 } = await documentOf(tenant, [text(n)])
    await lookThrough(tenant, sha256)
    const [one] = await suggested(tenant, id)
    suggestions.push(one?.value ?? null)
    if (one) await tenant.admin.call('POST', `/documents/${id}/suggestions/${one.id}/reject`)
  }
  assert.equal(suggestions[0], 'invoice')
  assert.equal(suggestions[5], null, suggestions.join())
})

test('the words before a date are learned from, and unlearned when the judgement is taken back', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const look = async (at: TestTenant, text: string) => {
    const { id, sha256 } = await documentOf(at, [text])
    await lookThrough(at, sha256)
    const { fields, suggestions } = await fieldsOf(at.admin, id)
    return { id, sha256, field: fields[0]!, suggestions }
  }
  const first = await look(tenant, 'Bollino verde, garantito per tutta la stagione 12/03/2027')
  assert.deepEqual([first.field.role, first.suggestions], [null, []])
  const path = `/documents/${first.id}/fields/${first.field.id}`
  const { status, body, text } = await tenant.admin.call('PUT', path, { role: 'expiry' })
  assert.deepEqual([status, body.state, body.value], [200, 'corrected', '2027-03-12'], text)
  // The correction has ordered that its content is looked through again, and suggests.
  await doDue((await testApp()).jobs.filter(({ kind }) => kind.name === 'documents.find_fields'))
  assert.deepEqual(
    (await fieldsOf(tenant.admin, first.id)).suggestions.map(({ kind, value, confidence }) => [
      kind,
      value,
      confidence,
    ]),
    [['expiry_date', '2027-03-12', 1]],
  )
  const second = await look(tenant, 'Caldaia: vale per tutta la stagione 30/09/2028, poi si vedrà')
  assert.deepEqual([second.field.role, second.field.by], ['expiry', 'learned'])
  assert.equal(second.suggestions[0]?.value, '2028-09-30')
  assert.equal((await look(other, 'Caldaia: vale per tutta la stagione 30/09/2028')).field.role, null)

  const back = await tenant.admin.call('PUT', path, { rejected: false })
  assert.deepEqual([back.body.state, back.body.role, back.body.judged_at], ['found', null, null])
  const third = await look(tenant, 'Stufa: per tutta la stagione 01/10/2028')
  assert.deepEqual([third.field.role, third.field.by], [null, 'rule'])
})

/** Until what the events of a change have ordered is done. */
const learnedOf = (tenant: TestTenant, line: string): Promise<void> =>
  until(async () => {
    await doDue((await testApp()).jobs.filter(({ kind }) => kind.name === 'documents.find_fields'))
    return (await counts(tenant)).includes(line)
  })

test('a category that is changed elsewhere is learned from too, and what is purged is forgotten', async () => {
  const tenant = await newTenant()
  const ids: string[] = []
  for (const n of [0, 1, 2, 3, 4]) ids.push(await sheetOf(tenant, n))
  for (const id of ids)
    assert.equal((await tenant.admin.call('PATCH', `/documents/${id}`, { category: KIND })).status, 200)
  await learnedOf(tenant, `${KIND} mungitura 5`)
  assert.equal((await suggested(tenant, await sheetOf(tenant, 5)))[0]?.value, KIND)
  assert.equal((await tenant.admin.call('PATCH', `/documents/${ids[0]}`, { category: null })).status, 200)
  await learnedOf(tenant, `${KIND} mungitura 4`)

  // As the trash does when it is emptied.
  await tenant.admin.write('documents.delete', async ({ db, now }) => {
    await sql`update documents set deleted_at = ${now}, purged_at = ${now} where tenant_id = ${tenant.id}`.execute(db)
    await sql`update files set purged_at = ${now} where tenant_id = ${tenant.id}`.execute(db)
  })
  await nightOf(tenant, 'documents.erase_fields')
  assert.deepEqual(await counts(tenant), [])
  const left = await tenant.admin.read(null, async ({ db }) => {
    const { rows } = await sql<{ rows: number }>`
      select (select count(*) from file_fields where tenant_id = ${tenant.id})::int + (select count(*) from category_examples where tenant_id = ${tenant.id})::int
             + (select count(*) from document_suggestions where tenant_id = ${tenant.id})::int as rows`.execute(db)
    return rows[0]!.rows
  })
  assert.equal(left, 0)
})
