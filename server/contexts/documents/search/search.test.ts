import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { doDue } from '#platform/jobs/jobs.fixture.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { indexOrder } from '../text/orders.ts'
import { contentOf, documentOf, idsOf, search, written } from './search.fixture.ts'
import { searchJobs } from './jobs.ts'
import { writePassages } from './write-passages.ts'

const found = async (tenant: TestTenant, q: string, more: Record<string, string | number> = {}) => {
  const answer = await search(tenant.admin, q, more)
  assert.equal(answer.status, 200, answer.text)
  return idsOf(answer)
}
const change = (tenant: TestTenant, id: string, set: string) =>
  tenant.admin.write('documents.write', ({ db }) =>
    // security-ok: a test's own words
    sql`update documents set ${sql.raw(set)} where tenant_id = ${tenant.id} and id = ${id}`.execute(db),
  )

test('a passage is found with its page, its place and marks that are offsets', async () => {
  const tenant = await newTenant()
  const pages = ['Indice generale.', 'La <b>polizza</b> assicurativa dell’impianto scade il 31 dicembre 2026.']
  const { id } = await written(tenant, { pages, name: 'Polizza.pdf', category: 'insurance' })
  const { body } = await search(tenant.admin, 'polizze impianti')
  assert.equal(body.mode, 'keyword')
  assert.equal(body.degraded, false)
  const [item] = body.items
  assert.deepEqual(
    [item.document_id, item.name, item.version, item.page, item.start, item.category, item.found_by],
    [id, 'Polizza.pdf', 1, 2, 0, 'insurance', ['keyword']],
  )
  assert.equal(item.passage, pages[1], 'as it stands, not as markup')
  const marked = item.highlights.map((one: { start: number; length: number }) =>
    item.passage.slice(one.start, one.start + one.length),
  )
  assert.deepEqual(marked, ['polizza', 'impianto'])
})

test('inflections, accents, capitals, half words and typing errors are overlooked, in Italian and English', async () => {
  const tenant = await newTenant()
  const italian = await written(tenant, {
    text: 'La manutenzione straordinaria degli inverter è stata effettuata e la periodicità delle verifiche è stata ridotta per ogni stringa.',
  })
  const english = await written(tenant, {
    text: 'The bearings of the turbine were replaced by the contractor, and the vibration was measured at each of the four points.',
  })
  await written(tenant, { text: 'Tutt’altro: la ricetta del pane con la semola e il lievito di casa per il forno.' })
  for (const q of [
    'manutenzioni',
    'PERIODICITA',
    'periodicità',
    'manut',
    'verifica stringhe',
    'manutenzoine',
    'invreter',
  ])
    assert.deepEqual(await found(tenant, q), [italian.id], q)
  for (const q of ['bearing', 'replacing', 'vibrations', 'turb', 'contarctor', 'measurement of vibration'])
    assert.deepEqual(await found(tenant, q), [english.id], q)
  assert.deepEqual(await found(tenant, 'xyzzyqwerty'), [])
})

test('a phrase stands as it is asked, and what must not be there is not', async () => {
  const tenant = await newTenant()
  const one = await written(tenant, { text: 'Il quadro elettrico di bassa tensione va verificato ogni anno.' })
  const other = await written(tenant, { text: 'La tensione è bassa e il quadro va sostituito da un tecnico.' })
  assert.deepEqual(new Set(await found(tenant, 'bassa tensione')), new Set([one.id, other.id]))
  assert.deepEqual(await found(tenant, '"bassa tensione"'), [one.id])
  assert.deepEqual(await found(tenant, 'quadro -verificato'), [other.id])
  assert.deepEqual(await found(tenant, 'quadro -"bassa tensione"'), [other.id])
  assert.deepEqual(await found(tenant, '-quadro'), [], 'nothing is asked for')
})

test('the database’s operators in a query are letters like any other; what is too long or nothing is refused', async () => {
  const tenant = await newTenant()
  const { id } = await written(tenant, { text: 'Verbale di collaudo dell’impianto.' })
  for (const q of [
    ...[
      "collaudo' & !",
      'collaudo | <-> )',
      "'); drop table passages; --",
      'collaudo:*A',
      'collaudo\\',
      '\\',
      "''",
      '%_%',
    ],
    ...['"', '""', '-', '- -', '!!', '<2>', 'collaudo\u0300', '🙂', '-"', '*', ':*', '\u202e'],
  ]) {
    const { status, body, text } = await search(tenant.admin, q)
    assert.equal(status, 200, `${q}: ${text}`)
    assert.ok(body.items.every((one: { document_id: string }) => one.document_id === id))
  }
  assert.deepEqual(await found(tenant, "collaudo' & !"), [id])
  for (const q of ['', 'x'.repeat(10_240), 'a\nb'])
    assert.equal((await search(tenant.admin, q)).status, 422, JSON.stringify(q.slice(0, 9)))
  assert.equal((await search(tenant.admin, 'x', { mode: 'magic' })).status, 422)
  assert.equal((await search(tenant.admin, 'x', { limit: 51 })).status, 422)
  const alone = await search(tenant.admin, 'collaudo', { mode: 'vector' })
  assert.deepEqual([alone.status, alone.body.error.code], [422, 'documents.no_embedder'])
})

test('what another plant has is to a user what a stranger finds, and a page is full of what may be seen', async () => {
  const tenant = await newTenant()
  const [mine, other] = [await plantOf(tenant), await plantOf(tenant)]
  const user = await tenant.user('Viewer', [mine])
  const stranger = (await newTenant()).admin
  // All that matches best is out of scope, and more of it than anybody looks at.
  await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      written(tenant, { plant_id: other, text: `tracimazione tracimazione della vasca ${n}, segreto quarzite.` }),
    ),
  )
  const own = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      written(tenant, {
        plant_id: mine,
        text: `Nota lunga sul livello, sulla vasca e sul bacino ${n}: una tracimazione.`,
      }),
    ),
  )
  const company = await written(tenant, { text: 'Procedura aziendale in caso di tracimazione della vasca.' })
  const answer = await search(user, 'tracimazione', { limit: 13 })
  assert.deepEqual(new Set(idsOf(answer)), new Set([...own.map((one) => one.id), company.id]))
  assert.equal(idsOf(answer).length, 13)
  for (const q of ['quarzite', '"segreto quarzite"', 'quarz', 'quarzitte']) {
    const [told, strange] = [await search(user, q), await search(stranger, q)]
    assert.deepEqual([told.status, told.body], [strange.status, strange.body], q)
    assert.equal((await search(tenant.admin, q)).body.items.length > 0, true, q)
  }
  const asked = await search(user, 'tracimazione', { plant_id: other })
  assert.deepEqual(asked.body.items, [])
  const nobody = await tenant.user('Viewer', [])
  assert.deepEqual(idsOf(await search(nobody, 'tracimazione')), [company.id])
})

test('a word that stands out of scope only is taken for a mistyped one, as if it stood nowhere', async () => {
  const tenant = await newTenant()
  const [mine, other] = [await plantOf(tenant), await plantOf(tenant)]
  const user = await tenant.user('Viewer', [mine])
  const { id } = await written(tenant, { plant_id: mine, text: 'Il trasformatore è stato collaudato dal tecnico.' })
  const before = await search(user, 'trasformatura')
  assert.deepEqual(idsOf(before), [id])
  await written(tenant, { plant_id: other, text: 'La trasformatura del reparto segreto.' })
  assert.deepEqual((await search(user, 'trasformatura')).body, before.body)
})

test('another company’s documents do not exist, with the same words and even the same content', async () => {
  const [one, two] = [await newTenant(), await newTenant()]
  await written(one, { text: 'Contratto di fornitura con la società Ortensia.' })
  assert.deepEqual(await found(two, 'ortensia'), [])
  const { id } = await written(two, { text: 'Contratto di fornitura con la società Ortensia.' })
  assert.deepEqual(await found(two, 'ortensia'), [id])
})

test('hidden, infected, unscanned, failed and purged contents and old versions are not found', async () => {
  const tenant = await newTenant()
  const text = 'Registro delle letture del contatore fiscale.'
  for (const scan of ['waiting', 'infected', 'failed'] as const) await written(tenant, { text, scan })
  assert.deepEqual(await found(tenant, 'contatore fiscale'), [])
  const fine = await written(tenant, { text, scan: 'not_scanned' })
  assert.deepEqual(await found(tenant, 'contatore fiscale'), [fine.id])
  await change(tenant, fine.id, 'deleted_at = now()')
  assert.deepEqual(await found(tenant, 'contatore fiscale'), [], 'hidden')
  await change(tenant, fine.id, 'deleted_at = null')
  const newer = await contentOf(tenant, ['Una versione nuova che parla di tutt’altro.'])
  await tenant.admin.write('documents.write', async (work) => {
    await sql`insert into document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
      values (${tenant.id}, ${fine.id}, 2, ${newer}, 'x.pdf', 'pdf', 'application/pdf', 1, now())`.execute(work.db)
    await writePassages(work, newer)
  })
  await change(tenant, fine.id, `sha256 = '${newer}', version = 2`)
  assert.deepEqual(await found(tenant, 'contatore fiscale'), [], 'an old version')
  assert.deepEqual(await found(tenant, 'versione nuova'), [fine.id])
})

test('filters hold for what is found: plant, category, type, tag, dates, documents', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const text = 'Dichiarazione di conformità dell’impianto elettrico.'
  const plain = await written(tenant, { text, created_at: '2025-01-10T00:00:00Z' })
  const told = { plant_id, category: 'certificate', type: 'docx', tags: ['dm37'], created_at: '2026-03-01T12:00:00Z' }
  const special = await written(tenant, { text, ...told })
  assert.deepEqual(new Set(await found(tenant, 'conformità')), new Set([plain.id, special.id]))
  const filters = [
    ...[{ plant_id }, { category: 'certificate' }, { type: 'docx' }, { tag: 'dm37' }, { document_id: special.id }],
    { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z' },
  ]
  for (const filter of filters)
    assert.deepEqual(
      await found(tenant, 'conformità', filter as Record<string, string>),
      [special.id],
      JSON.stringify(filter),
    )
  assert.deepEqual(await found(tenant, 'conformità', { to: '2026-01-01T00:00:00Z' }), [plain.id])
  assert.deepEqual(await found(tenant, 'conformità', { category: 'other' }), [])
})

test('one document does not fill the page, unless that is asked for; the same file in two documents is told once', async () => {
  const tenant = await newTenant()
  const pages = Array.from({ length: 8 }, (_, n) => `Pagina ${n}: la taratura dello strumento.`)
  const long = await written(tenant, { pages, created_at: '2026-01-01T00:00:00Z' })
  const short = await written(tenant, { text: 'Anche qui si parla di taratura, una volta sola e alla fine.' })
  const usual = await found(tenant, 'taratura')
  assert.equal(usual.filter((id) => id === long.id).length, 3)
  assert.ok(usual.includes(short.id))
  assert.equal((await found(tenant, 'taratura', { per_document: 8 })).length, 9)
  const copy = await documentOf(tenant, short.sha256, { name: 'Copia.pdf', created_at: '2025-01-01T00:00:00Z' })
  const { body } = await search(tenant.admin, 'volta sola')
  assert.deepEqual([body.items[0].document_id, body.items[0].also_in], [short.id, [copy.id]])
})

test('cutting twice changes nothing; other pages are cut anew, and their words with them', async () => {
  const tenant = await newTenant()
  const { id, sha256 } = await written(tenant, { pages: ['Il bacino idroelettrico.', 'La diga e la condotta.'] })
  const rows = () =>
    tenant.admin.write('documents.write', async ({ db }) => {
      const words = await sql<{ word: string; passages: number }>`
        select word, passages from passage_words where tenant_id = ${tenant.id} order by word, stem`.execute(db)
      const sets = await sql`select passages, made_at from passage_sets where tenant_id = ${tenant.id}`.execute(db)
      return { words: words.rows, sets: sets.rows }
    })
  const before = await rows()
  await tenant.admin.write('documents.write', (work) => writePassages(work, sha256))
  assert.deepEqual(await rows(), before)
  await tenant.admin.write('documents.write', ({ db }) =>
    sql`update file_pages set text = 'Il parco eolico.' where tenant_id = ${tenant.id} and page = 1`.execute(db),
  )
  // As the reader does it, and as the worker takes it up.
  await tenant.admin.write('documents.write', (work) => enqueue(work, indexOrder, { sha256 }, { key: sha256 }))
  await doDue([...searchJobs((await testApp()).deps as never)])
  assert.deepEqual(await found(tenant, 'bacino'), [])
  assert.deepEqual(await found(tenant, 'eolico'), [id])
  const words = new Set((await rows()).words.map(({ word }) => word))
  assert.ok(words.has('eolico') && words.has('diga') && !words.has('bacino'))
})

test('the functions behind the search ask for a scope, and who may not read documents finds none', async () => {
  const tenant = await newTenant()
  const { database } = (await testApp()).deps.installation
  await assert.rejects(
    database.pool.pg.query(
      'select * from shared.find_passages($1, false, null, null, null, null, null, null, null, null, null, 3, 10)',
      [['x']],
    ),
    /app\.tenant_id|uuid: ""/,
  )
  const user = await tenant.user('Operator')
  const { status } = await search(user, 'x')
  assert.ok(status === 200 || status === 403)
})
