import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as xlsx from '@e965/xlsx'
import { zip } from '#platform/files/zip.fixture.ts'
import { newTenant, testApp, type TestUser } from '#test/harness.ts'
import { COLUMNS } from './plant-table.ts'

type Report = { created: number; updated: number; errors: { row: number; field: string; message: string }[] }

async function send(user: TestUser, file: string | Buffer, { query = '', field = 'file', name = 'plants.csv' } = {}) {
  const { http } = await testApp()
  const boundary = 'boundary-of-a-test'
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n`
  const payload = Buffer.concat([Buffer.from(head), Buffer.from(file), Buffer.from(`\r\n--${boundary}--\r\n`)])
  const headers = { authorization: `Bearer ${user.token}`, 'content-type': `multipart/form-data; boundary=${boundary}` }
  const answer = await http.inject({ method: 'POST', url: `/api/v1/plants/import${query}`, headers, payload })
  return { status: answer.statusCode, body: answer.json() }
}
async function report(user: TestUser, file: string | Buffer, query = ''): Promise<Report> {
  const answer = await send(user, file, { query })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}
async function download(user: TestUser, query = ''): Promise<Buffer> {
  const { http } = await testApp()
  const headers = { authorization: `Bearer ${user.token}` }
  const answer = await http.inject({ method: 'GET', url: `/api/v1/plants/export${query}`, headers })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.rawPayload
}
const list = async (user: TestUser) => (await user.call('GET', '/plants?sort=id&limit=200')).body
const csv = (rows: string[]) => ['name,code,type,status,power_kw', ...rows].join('\n')
const line = (index: number, type = 'Wind') =>
  `Plant ${index},C-${String(index).padStart(4, '0')},${type},In Operation,${index}`

test('a file of an Italian spreadsheet is understood: BOM, semicolons, Italian headings, decimal commas', async () => {
  const { admin } = await newTenant()
  const file =
    '\uFEFFNome;Codice;Tipo;Stato;Potenza kW;Comune;Provincia;Regione;Latitudine;Longitudine\r\n"Carpì; Nord";PV-1;Fotovoltaico;In esercizio;1.998,4;Carpi;MO;Emilia Romagna;44,78;10,88\r\n\r\n'
  assert.deepEqual(await report(admin, file, '?dry_run=true'), { created: 1, updated: 0, errors: [] })
  assert.equal((await list(admin)).pagination.total, 0)
  assert.deepEqual(await report(admin, file), { created: 1, updated: 0, errors: [] })
  const [plant] = (await list(admin)).items
  assert.deepEqual(
    [plant.name, plant.type, plant.power_kw, plant.power, plant.region, plant.latitude],
    ['Carpì; Nord', 'Photovoltaic', 1998.4, '1.9984 MWp', 'Emilia-Romagna', 44.78],
  )
})

test('one bad row of a hundred keeps all out, and every error is named by row and field', async () => {
  const { admin } = await newTenant({ max_plants: 500 })
  const rows = Array.from({ length: 100 }, (_, index) => line(index))
  rows[41] = 'Plant 41,C-0041,Nuclear,In Operation,many'
  rows[60] = line(7)
  for (const query of ['?dry_run=true', '']) {
    const { created, updated, errors } = await report(admin, csv(rows), query)
    assert.deepEqual([created, updated], [0, 0])
    assert.deepEqual(errors.map(({ row, field }) => `${row} ${field}`).toSorted(), [
      '43 power_kw',
      '43 type',
      '62 code',
    ])
  }
  assert.equal((await list(admin)).pagination.total, 0)
})

test('a known code updates its plant, whatever the case; columns that are not there stay', async () => {
  const { admin } = await newTenant({ max_plants: 500 })
  await report(admin, csv([line(1), line(2)]))
  const before = (await list(admin)).items
  assert.deepEqual(await report(admin, 'code,power_kw,notes\nc-0001,77,new\n'), { created: 0, updated: 1, errors: [] })
  const [one, two] = (await list(admin)).items
  assert.deepEqual(
    [one.id, one.code, one.power_kw, one.notes, one.name],
    [before[0].id, 'c-0001', 77, 'new', 'Plant 1'],
  )
  assert.deepEqual([one.revision, two.revision], [2, 1])
  const { errors } = await report(admin, 'code,power_kw\nc-0001,1\nNEW,2\n')
  assert.deepEqual(
    errors.map(({ row, field }) => `${row} ${field}`),
    ['3 name', '3 type', '3 status'],
  )
})

test('headings that mean nothing, stand twice or lack the code are refused before any row is read', async () => {
  const { admin } = await newTenant()
  const fields = async (file: string) => (await report(admin, file)).errors.map(({ row, field }) => `${row} ${field}`)
  assert.deepEqual(await fields('name,nome,colour\nA,B,C'), ['1 colour', '1 name', '1 code'])
  assert.deepEqual(await fields(''), ['1 code'])
  assert.deepEqual(await fields('code,tenant_id\nA,x'), ['1 tenant_id'])
  // A decimal comma in a file parted by commas.
  assert.deepEqual(await fields('code,name,type,status,power_kw\nA,A,Wind,In Operation,998,4'), ['2 '])
})

test("an import takes no more places than the plan has, and never past somebody's who creates meanwhile", async () => {
  const { admin } = await newTenant({ max_plants: 5 })
  const { errors } = await report(admin, csv([1, 2, 3, 4, 5, 6, 7].map((index) => line(index))))
  assert.deepEqual(
    errors.map(({ row }) => row),
    [7, 8],
  )
  const creating = Array.from({ length: 6 }, (_, index) =>
    admin.call('POST', '/plants', { name: 'X', code: `X${index}`, type: 'Wind', status: 'In Operation' }),
  )
  await Promise.all([
    send(admin, csv([1, 2, 3].map((index) => line(index)))),
    send(admin, csv([4, 5, 6].map((index) => line(index)))),
    ...creating,
  ])
  const { total } = (await list(admin)).pagination
  assert.equal(total, 5)
})

test('what is exported is imported again as it was, in both formats', async () => {
  const [from, to] = [await newTenant(), await newTenant()]
  const body = {
    ...{ name: '=HYPERLINK("x")', code: '+1', type: 'Photovoltaic', status: 'In Operation', power_kw: 1234.567 },
    ...{
      municipality: 'Nardò',
      latitude: -40.5,
      longitude: 18,
      notes: 'a "b", c;\nd',
      tags: ['x', "'=y"],
      address: "'=z",
    },
  }
  assert.equal((await from.admin.call('POST', '/plants', body)).status, 201)
  await from.admin.call('POST', '/plants', {
    name: '007',
    code: '007',
    type: 'Food',
    status: 'In Authorization',
    country: 'FR',
  })
  // What a person wrote; ids and stamps are each company's own.
  const fields = async (user: TestUser) =>
    (await list(user)).items.map((plant: Record<string, unknown>) => COLUMNS.map((column) => plant[column]))
  const wanted = await fields(from.admin)
  for (const format of ['csv', 'xlsx']) {
    const file = await download(from.admin, `?format=${format}`)
    assert.deepEqual(await report(format === 'csv' ? to.admin : (await newTenant()).admin, file), {
      created: 2,
      updated: 0,
      errors: [],
    })
    const other = await newTenant()
    await report(other.admin, file)
    assert.deepEqual(await fields(other.admin), wanted, format)
    assert.deepEqual(await report(from.admin, file), { created: 0, updated: 2, errors: [] })
    assert.ok((await list(from.admin)).items.every((plant: { revision: number }) => plant.revision === 1))
  }
})

test('no cell of an export is a formula, but a negative number stays one', async () => {
  const { admin } = await newTenant()
  for (const [index, name] of ['=1+1', '+1', '-1', '@x', '\u2028x'].entries()) {
    await admin.call('POST', '/plants', {
      name,
      code: `N${index}`,
      type: 'Wind',
      status: 'In Operation',
      latitude: -1,
      longitude: -2,
    })
  }
  const text = (await download(admin)).toString()
  const names = text
    .split('\r\n')
    .slice(1, -1)
    .map((row) => row.split(',')[0])
  assert.deepEqual(new Set(names), new Set(["'+1", "'-1", "'=1+1", "'@x"]))
  assert.equal(names.length, 4)
  assert.match(text, /,-1,-2,/)
  const book = xlsx.read(await download(admin, '?format=xlsx'))
  const [first] = xlsx.utils.sheet_to_json<Record<string, unknown>>(book.Sheets['plants']!)
  assert.equal(first!['latitude'], -1)
})

test('an export is filtered, complete beyond a page, of the plants in scope, and left to a company that has gone', async () => {
  const tenant = await newTenant({ max_plants: 3_000 })
  const rows = Array.from({ length: 2_100 }, (_, index) => line(index, index < 50 ? 'Food' : 'Wind'))
  assert.deepEqual(await report(tenant.admin, csv(rows)), { created: 2_100, updated: 0, errors: [] })
  const count = async (user: TestUser, query = '') => (await download(user, query)).toString().split('\r\n').length - 2
  assert.equal(await count(tenant.admin), 2_100)
  assert.equal(await count(tenant.admin, '?type=Food'), 50)
  const limited = await tenant.user('Plant Owner', [(await list(tenant.admin)).items[0].id])
  assert.equal(await count(limited), 1)
  const gone = await newTenant({ status: 'Cancelled' })
  assert.equal(await count(gone.admin), 0)
  assert.equal((await gone.admin.call('GET', '/plants')).status, 403)
})

test('files are known by their content: others, broken ones and bombs are refused', async () => {
  const { admin } = await newTenant()
  const code = async (file: string | Buffer, more = {}) => {
    const { status, body } = await send(admin, file, more)
    return `${status} ${body.error?.code}`
  }
  assert.equal(await code(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2])), '415 plants.file_type')
  assert.equal(await code(Buffer.from('nome;città', 'latin1')), '415 plants.file_type')
  assert.equal(await code('code,name\n"open,quote'), '422 plants.file_unreadable')
  assert.equal(await code('code\nx', { field: 'other' }), '422 plants.no_file')
  assert.equal(await code(csv(Array.from({ length: 5_001 }, (_, index) => line(index)))), '413 plants.file_too_large')
  assert.equal(await code(zip('xl/workbook.xml', Buffer.alloc(60 * 1024 * 1024))), '413 plants.file_too_large')
  assert.equal(await code(zip('word/document.xml', Buffer.from('<a/>'))), '415 plants.file_type')
  // A workbook without its list of types is none: the reader would look for another ZIP in it.
  assert.equal(await code(zip('xl/workbook.xml', Buffer.from('<a/>'))), '415 plants.file_type')
  assert.equal((await admin.call('POST', '/plants/import', { file: 'x' })).status, 415)
  const viewer = await (await newTenant()).user('Viewer')
  assert.equal((await send(viewer, 'code\nx')).status, 403)
})

test('a workbook of the widest claimed size is read for what it holds, and formulas only for their result', async () => {
  const { admin } = await newTenant()
  const sheet = xlsx.utils.aoa_to_sheet([
    ['code', 'name', 'type', 'status'],
    ['A', 'x', 'Wind', 'In Operation'],
  ])
  sheet['B2'] = { t: 's', v: 'kept', f: 'HYPERLINK("http://x")' }
  sheet['!ref'] = 'A1:XFD60'
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, sheet, 'first')
  const file = xlsx.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer
  assert.deepEqual(await report(admin, file), { created: 1, updated: 0, errors: [] })
  assert.equal((await list(admin)).items[0].name, 'kept')
})

test('who sees some plants only updates those and is told, row by row, that others cannot be', async () => {
  const tenant = await newTenant()
  await report(tenant.admin, csv([line(1), line(2)]))
  const limited = await tenant.user('Asset Manager', [(await list(tenant.admin)).items[0].id])
  assert.deepEqual(await report(limited, csv([line(1)])), { created: 0, updated: 1, errors: [] })
  const { errors } = await report(limited, csv([line(1), line(2), line(3)]))
  // A code of a plant out of scope is answered as one that nobody has.
  assert.deepEqual(
    errors.map(({ row, field }) => `${row} ${field}`),
    ['3 code', '4 code'],
  )
  assert.equal(errors[0]!.message, errors[1]!.message)
})

test('a form that is cut off or bent is malformed, and writes nothing', async () => {
  const { admin } = await newTenant()
  const { http } = await testApp()
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="p.csv"\r\n\r\n'
  const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'multipart/form-data; boundary=b' }
  for (const payload of [
    '',
    '--b',
    head,
    head + csv([line(1)]),
    `${head}${csv([line(1)])}\r\n--b\r\n`,
    '--b\r\n\r\n',
  ]) {
    const answer = await http.inject({ method: 'POST', url: '/api/v1/plants/import', headers, payload })
    assert.ok(['request.malformed', 'plants.no_file'].includes(answer.json().error.code), `${payload}: ${answer.body}`)
  }
  assert.equal((await list(admin)).pagination.total, 0)
})
