import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, request, type TestUser } from '#test/harness.ts'

const carpi = {
  ...{ name: 'Carpì Nord', code: 'PV-MO-001', type: 'Photovoltaic', status: 'In Operation', power_kw: 998.4 },
  ...{ municipality: 'Carpi', province: 'mo', region: 'Emilia Romagna', latitude: 44.78, longitude: 10.88 },
  tags: ['roof'],
}
const plant = (code: string, more: object = {}) => ({
  ...{ name: `Plant ${code}`, code, type: 'Wind', status: 'In Operation' },
  ...more,
})

async function make(user: TestUser, body: object) {
  const answer = await user.call('POST', '/plants', body)
  assert.equal(answer.status, 201, answer.text)
  return answer.body
}
const codes = async (user: TestUser, query: string): Promise<string[]> => {
  const answer = await user.call('GET', `/plants?${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.body.items.map((one: { code: string }) => one.code)
}
const details = (body: { error: { details: { field: string }[] } }) => body.error.details.map(({ field }) => field)

test('a plant is created in its official spelling, with its power in words, and read back the same', async () => {
  const { admin } = await newTenant()
  const made = await make(admin, carpi)
  assert.deepEqual(
    [made.province, made.region, made.power, made.country, made.revision],
    ['MO', 'Emilia-Romagna', '998.4 kWp', 'IT', 1],
  )
  assert.deepEqual([made.created_by, made.updated_by], [admin.userId, admin.userId])
  assert.match(made.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  const read = await admin.call('GET', `/plants/${made.id}`)
  assert.deepEqual(read.body, made)
  assert.equal(read.headers['etag'], '"1"')
  const unchanged = await admin.call('GET', `/plants/${made.id}`, undefined, { 'if-none-match': '"1"' })
  assert.equal(unchanged.status, 304)
})

test('each wrong field is named and nothing is made', async () => {
  const { admin } = await newTenant()
  const refused = async (body: object, fields: string[]) => {
    const answer = await admin.call('POST', '/plants', body)
    assert.equal(answer.status, 422, answer.text)
    assert.equal(answer.body.error.code, 'plants.invalid')
    assert.deepEqual(details(answer.body).toSorted(), fields)
  }
  await refused({}, ['code', 'name', 'status', 'type'])
  await refused({ ...carpi, type: 'Nuclear', status: 'in operation' }, ['status', 'type'])
  await refused({ ...carpi, latitude: null }, ['latitude'])
  await refused({ ...carpi, province: 'ZZ', region: 'Atlantide', time_zone: 'Mars/Base' }, [
    'province',
    'region',
    'time_zone',
  ])
  await refused({ ...carpi, province: 'LE' }, ['region'])
  await refused({ ...carpi, next_deadline: '2026-01-01', tenant_id: uuidv7() }, ['next_deadline', 'tenant_id'])
  await refused({ ...carpi, name: '   ', power_kw: -1, tags: ['a', 'a'] }, ['name', 'power_kw', 'tags'])
  await refused({ ...carpi, name: 'two\nlines', code: 'x'.repeat(51) }, ['code', 'name'])
  assert.deepEqual(await codes(admin, ''), [])
})

test('hostile text is text', async () => {
  const { admin } = await newTenant()
  const name = `'; drop table plants; -- {{7*7}} \${process.env} <script>alert(1)</script> %_\\`
  const made = await make(admin, plant('X-1', { name, notes: 'a\nb' }))
  assert.equal(made.name, name)
  for (const q of [name, "' or 1=1 --", '%', '_', '\\', '%%%', '{{7*7}}', '())(']) {
    const found = await admin.call('GET', `/plants?q=${encodeURIComponent(q)}`)
    assert.equal(found.status, 200)
    assert.equal(found.body.pagination.total, q === name || q === '{{7*7}}' ? 1 : 0, q)
  }
  for (const filter of ['name', 'code', 'municipality', 'tag', 'region']) {
    assert.deepEqual(await codes(admin, `${filter}=${encodeURIComponent("' or 1=1 --")}`), [])
  }
  for (const sort of ['tenant_id', 'search_text', 'name;drop', 'name desc', 'constructor']) {
    const answer = await admin.call('GET', `/plants?sort=${encodeURIComponent(sort)}`)
    assert.equal(answer.status, 422, sort)
    assert.deepEqual(details(answer.body), ['sort'])
  }
})

test('search forgives accents, case and typing errors, and puts the best first', async () => {
  const { admin } = await newTenant()
  await make(admin, carpi)
  await make(admin, plant('PV-LE-001', { name: 'Galatina Fontanelle' }))
  await make(admin, plant('PV-NA-001', { name: 'Capracotta' }))
  for (const q of ['carpì', 'carpi', 'CARPI', 'caprii', 'karpi', 'carpi nord', 'PV-MO']) {
    assert.ok((await codes(admin, `q=${encodeURIComponent(q)}`)).includes('PV-MO-001'), q)
  }
  // «capri» is «carpi» with two letters exchanged, so it comes too, but after.
  assert.deepEqual(await codes(admin, 'q=carpi'), ['PV-MO-001', 'PV-NA-001'])
  assert.deepEqual(await codes(admin, 'q=galatna'), ['PV-LE-001'])
  assert.deepEqual(await codes(admin, 'q=fontanele+galatina'), ['PV-LE-001'])
  assert.deepEqual(await codes(admin, 'q=zzzzz'), [])
  assert.deepEqual(await codes(admin, 'q=pv&sort=-code'), ['PV-NA-001', 'PV-MO-001', 'PV-LE-001'])
})

test('a list is filtered by its columns, sorted with the unknown last, and paged with a stable order', async () => {
  const { admin } = await newTenant()
  await make(admin, carpi)
  await make(admin, plant('B', { power_kw: 5, country: 'ES', region: 'Extremadura', latitude: -10, longitude: 179 }))
  await make(admin, plant('A', { status: 'Decommissioned', tags: ['roof', 'old'], notes: 'To be repowered' }))
  const own = (await admin.call('GET', '/auth/me')).body.id
  const cases: [string, string[]][] = [
    ['', ['PV-MO-001', 'A', 'B']],
    ['type=Wind', ['A', 'B']],
    ['type=Wind&type=Photovoltaic&status=In%20Operation', ['PV-MO-001', 'B']],
    ['region=emilia-romagna', ['PV-MO-001']],
    ['province=mo&municipality=CARPI', ['PV-MO-001']],
    ['country=ES', ['B']],
    ['code=a', ['A']],
    ['tag=roof', ['PV-MO-001', 'A']],
    ['notes=TO%20BE', ['A']],
    ['power=5%20KW', ['B']],
    ['power_kw=5', ['B']],
    ['latitude=-10&longitude=179', ['B']],
    ['latitude=-10&longitude=178', []],
    [`created_by=${own}&updated_by=${own}`, ['PV-MO-001', 'A', 'B']],
    ['created_by=00000000-0000-7000-8000-000000000000', []],
    ['updated_by=00000000-0000-7000-8000-000000000000', []],
    ['next_deadline=2000-01-01', []],
    ['power_kw_min=5&power_kw_max=900', ['B']],
    ['bbox=6.6,35.4,18.6,47.1', ['PV-MO-001']],
    ['bbox=170,-20,-170,0', ['B']],
    ['has_deadline=true&type=Food', []],
    ['next_deadline_from=2000-01-01&next_deadline_to=2000-01-02', []],
    ['created_from=2000-01-01T00:00:00Z', ['PV-MO-001', 'A', 'B']],
    ['created_to=2000-01-01T00:00:00Z', []],
    ['sort=power_kw', ['B', 'PV-MO-001', 'A']],
    ['sort=-power_kw', ['PV-MO-001', 'B', 'A']],
    ['sort=status,-code', ['A', 'PV-MO-001', 'B']],
    ['limit=1&offset=1&sort=code', ['B']],
    ['deleted=true', []],
  ]
  for (const [query, expected] of cases) assert.deepEqual(await codes(admin, query), expected, query)
  const beyond = await admin.call('GET', '/plants?limit=2&offset=10')
  assert.deepEqual(beyond.body, { items: [], pagination: { total: 3, limit: 2, offset: 10, has_more: false } })
  const first = await admin.call('GET', '/plants?limit=2')
  assert.deepEqual(first.body.pagination, { total: 3, limit: 2, offset: 0, has_more: true })
  for (const bad of [
    'type=Nuclear',
    'bbox=1,2,3',
    'power_kw_min=x',
    'created_from=yesterday',
    'colour=red',
    'limit=201',
  ]) {
    assert.equal((await admin.call('GET', `/plants?${bad}`)).status, 422, bad)
  }
})

test('a map is GeoJSON of what has coordinates', async () => {
  const { admin } = await newTenant()
  const made = await make(admin, carpi)
  await make(admin, plant('B'))
  const map = await admin.call('GET', '/plants/geojson?type=Photovoltaic&type=Wind')
  assert.match(String(map.headers['content-type']), /^application\/geo\+json/)
  const [feature, ...more] = map.body.features
  assert.deepEqual([feature.id, feature.geometry.coordinates, more], [made.id, [10.88, 44.78], []])
  assert.deepEqual((await admin.call('GET', '/plants/geojson?type=Food')).body.features, [])
})

test('a change touches what it names, raises the revision and is recorded with before and after', async () => {
  const { admin } = await newTenant()
  const made = await make(admin, carpi)
  const changed = await admin.call(
    'PATCH',
    `/plants/${made.id}`,
    { power_kw: 500, notes: 'x', tags: [] },
    { 'if-match': '"1"' },
  )
  assert.equal(changed.status, 200, changed.text)
  assert.deepEqual(
    [changed.body.power, changed.body.notes, changed.body.tags, changed.body.revision],
    ['500 kWp', 'x', [], 2],
  )
  assert.equal(changed.body.name, carpi.name)
  assert.equal(changed.headers['etag'], '"2"')
  assert.equal((await admin.call('PATCH', `/plants/${made.id}`, { notes: 'y' }, { 'if-match': '"1"' })).status, 412)
  const same = await admin.call('PATCH', `/plants/${made.id}`, { notes: 'x' })
  assert.equal(same.body.revision, 2)
  assert.equal((await admin.call('PATCH', `/plants/${made.id}`, { latitude: null })).status, 422)
  assert.equal((await admin.call('PATCH', `/plants/${made.id}`, { id: uuidv7() })).status, 422)
  const trail = await admin.read('audit.read', (work) =>
    work.db
      .selectFrom('audit')
      .selectAll()
      .where('resource_id', '=', made.id)
      .where('action', 'like', 'plants.%')
      .orderBy('id')
      .execute(),
  )
  assert.deepEqual(
    trail.map((entry) => entry['action']),
    ['plants.created', 'plants.updated'],
  )
  assert.deepEqual(trail[1]!['before'], { power: '998.4 kWp', power_kw: 998.4, tags: ['roof'], notes: null })
  assert.deepEqual(trail[1]!['after'], { power: '500 kWp', power_kw: 500, tags: [], notes: 'x' })
})

test('a code is unique among live plants whatever its case, and free while its plant is hidden', async () => {
  const { admin } = await newTenant()
  const first = await make(admin, plant('Same'))
  const taken = await admin.call('POST', '/plants', plant('sAME'))
  assert.deepEqual([taken.status, taken.body.error.code], [409, 'plants.code_taken'])
  const other = await make(admin, plant('Other'))
  assert.equal(
    (await admin.call('PATCH', `/plants/${other.id}`, { code: 'SAME' })).body.error.code,
    'plants.code_taken',
  )
  assert.equal((await admin.call('DELETE', `/plants/${first.id}`, undefined, { 'if-match': '"9"' })).status, 412)
  const gone = await admin.call('DELETE', `/plants/${first.id}`)
  assert.deepEqual([gone.status, gone.text], [204, ''])
  for (const [method, path, body] of [
    ['GET', ''],
    ['PATCH', '', { notes: 'x' }],
    ['DELETE', ''],
    ['GET', '/registry'],
  ] as const) {
    assert.equal((await admin.call(method, `/plants/${first.id}${path}`, body)).status, 404, method)
  }
  assert.deepEqual(await codes(admin, 'deleted=true'), ['Same'])
  assert.deepEqual(await codes(admin, 'q=same'), [])
  const second = await make(admin, plant('same'))
  const conflict = await admin.call('POST', `/plants/${first.id}/restore`)
  assert.deepEqual([conflict.status, conflict.body.error.code], [409, 'plants.code_taken'])
  await admin.call('DELETE', `/plants/${second.id}`)
  const back = await admin.call('POST', `/plants/${first.id}/restore`)
  assert.deepEqual([back.status, back.body.id, back.body.deleted_at], [200, first.id, null])
  assert.equal((await admin.call('POST', `/plants/${first.id}/restore`)).body.revision, back.body.revision)
  assert.deepEqual(await codes(admin, 'sort=code'), ['Other', 'Same'])
})

test("the plan's limit holds against all who come at once, and a hidden plant gives its place back", async () => {
  const tenant = await newTenant({ max_plants: 3 })
  const { admin } = tenant
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => admin.call('POST', '/plants', plant(`L${index}`))),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 3)
  assert.ok(
    answers.every(
      ({ status, body }) => status === 201 || (status === 409 && body.error.code === 'plants.limit_reached'),
    ),
  )
  const { items } = (await admin.call('GET', '/plants')).body
  assert.equal(items.length, 3)
  await admin.call('DELETE', `/plants/${items[0].id}`)
  await make(admin, plant('New'))
  const full = await admin.call('POST', `/plants/${items[0].id}/restore`)
  assert.deepEqual([full.status, full.body.error.code], [409, 'plants.limit_reached'])
  // A code that is taken takes no place.
  await admin.call('DELETE', `/plants/${items[1].id}`)
  assert.equal((await admin.call('POST', '/plants', plant('New'))).body.error.code, 'plants.code_taken')
  await make(admin, plant('Last'))
})

test('a plant out of scope, of another company or of nobody is answered alike', async () => {
  const tenant = await newTenant()
  const [mine, other] = [await make(tenant.admin, plant('Mine')), await make(tenant.admin, plant('Other'))]
  const limited = await tenant.user('Asset Manager', [mine.id])
  const stranger = (await newTenant()).admin
  assert.deepEqual(await codes(limited, ''), ['Mine'])
  assert.deepEqual(await codes(limited, 'q=other'), [])
  assert.deepEqual(await codes(stranger, 'q=mine'), [])
  assert.equal((await limited.call('GET', `/plants/${mine.id}`)).status, 200)
  const requests = [
    ['GET', ''],
    ['PATCH', '', { notes: 'x' }],
    ['DELETE', ''],
    ['POST', '/restore'],
    ['GET', '/registry'],
    ['PUT', '/registry', {}],
  ] as const
  for (const user of [limited, stranger]) {
    for (const [method, path, body] of requests) {
      const shown = async (id: string) => {
        const {
          status,
          body: answer,
          headers,
        } = await user.call(method, `/plants/${id}${path}`, body, { 'x-request-id': 'same' })
        return { status, answer, headers: { ...headers, 'x-process-time': '', date: '' } }
      }
      assert.deepEqual(await shown(other.id), await shown(uuidv7()), `${method} ${path}`)
    }
  }
  assert.equal((await tenant.admin.call('GET', `/plants/${other.id}`)).body.revision, 1)
  assert.equal((await limited.call('GET', '/plants/geojson')).body.features.length, 0)
})

test('who sees some plants only may change those but create none', async () => {
  const tenant = await newTenant()
  const mine = await make(tenant.admin, plant('Mine'))
  const limited = await tenant.user('Asset Manager', [mine.id])
  const refused = await limited.call('POST', '/plants', plant('New'))
  assert.deepEqual([refused.status, refused.body.error.code], [403, 'plants.outside_scope'])
  assert.equal((await limited.call('PATCH', `/plants/${mine.id}`, { notes: 'x' })).status, 200)
  assert.equal((await limited.call('DELETE', `/plants/${mine.id}`)).status, 204)
  assert.equal((await limited.call('POST', `/plants/${mine.id}/restore`)).status, 200)
})

test('each call needs its permission', async () => {
  const tenant = await newTenant()
  const made = await make(tenant.admin, plant('P'))
  const viewer = await tenant.user('Viewer')
  const refused = async (method: 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'GET', path: string, body?: object) =>
    assert.equal((await viewer.call(method, path, body)).status, 403, `${method} ${path}`)
  await refused('POST', '/plants', plant('Q'))
  await refused('PATCH', `/plants/${made.id}`, { notes: 'x' })
  await refused('DELETE', `/plants/${made.id}`)
  await refused('POST', `/plants/${made.id}/restore`)
  await refused('PUT', `/plants/${made.id}/registry`, {})
  await refused('GET', '/plants/export')
  assert.equal((await viewer.call('GET', `/plants/${made.id}`)).status, 200)
  assert.equal((await request('GET', `/api/v1/plants/${made.id}`)).status, 401)
})
