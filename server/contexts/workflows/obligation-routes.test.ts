import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, type TestTenant } from '#test/harness.ts'
import { completeObligations } from './complete-obligations.ts'
import { asSystem, plantOf, reconcile } from './obligations.fixture.ts'

const nextDeadline = (tenant: TestTenant, id: string): Promise<unknown> =>
  asSystem(tenant, async ({ db }) => {
    const { rows } = await sql`select next_deadline, next_deadline_type from plants where id = ${id}`.execute(db)
    return rows[0]
  })

const change = (tenant: TestTenant, id: string, set: string): Promise<unknown> =>
  asSystem(tenant, (work) => sql`update plants set ${sql.raw(set)} where id = ${id}`.execute(work.db))

test('the duties of a plant are listed by date, with names, portal, ground, source and how sure', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  await reconcile(tenant, id)
  const { status, body } = await tenant.admin.call('GET', `/obligations?plant_id=${id}`)
  assert.equal(status, 200)
  assert.deepEqual(
    body.items.map((item: { due_date: string; obligation: string; status: string }) => [
      item.due_date,
      item.obligation,
      item.status,
    ]),
    [
      ['2026-03-31', 'GSE-FM', 'untracked'],
      ['2026-09-30', 'ADM-DICH-S', 'untracked'],
      ['2026-12-16', 'ADM-LIC', 'open'],
      ['2027-03-01', 'ADM-TAR', 'open'],
      ['2027-03-31', 'ADM-DICH-S', 'open'],
      ['2027-03-31', 'GSE-FM', 'open'],
      ['2027-09-30', 'ADM-DICH-S', 'open'],
      ['2027-12-16', 'ADM-LIC', 'open'],
    ],
  )
  assert.deepEqual(body.pagination, { total: 8, limit: 50, offset: 0, has_more: false })
  const { id: one, created_at, updated_at, ...fee } = body.items[2]
  assert.ok(one && created_at && updated_at)
  assert.deepEqual(fee, {
    obligation: 'ADM-LIC',
    name_it: 'Diritto annuale di licenza',
    name_en: 'Yearly licence fee',
    plant_id: id,
    plant_name: 'Plant',
    plant_code: id.slice(-8),
    period: '2027',
    due_date: '2026-12-16',
    base_date: '2026-12-16',
    safe_date: '2026-12-16',
    status: 'open',
    late: false,
    responsible_entity: 'Customs',
    portal: 'F24 accise, tax code 2813',
    legal_basis: 'TUA (D.Lgs. 504/1995) art. 63',
    source: 'assolombarda.it (fee for 2026); confindustriamacerata.it',
    source_year: 2026,
    confidence: 'high',
    doubts: ['The amount (23.24 or 77.47 EUR in 2026) is the one written on the licence.'],
    unverified: [],
    workflow_id: null,
    revision: 1,
    created_by: null,
    updated_by: null,
  })
  const single = await tenant.admin.call('GET', `/obligations/${one}`)
  assert.equal(single.body.period, '2027')
  assert.equal(single.headers['etag'], '"1"')
  assert.deepEqual(await nextDeadline(tenant, id), { next_deadline: '2026-12-16', next_deadline_type: 'ADM-LIC' })
})

test('filters, order and pages of the list', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  await reconcile(tenant, id)
  const periods = async (query: string): Promise<string[]> => {
    const { body } = await tenant.admin.call('GET', `/obligations?${query}`)
    return body.items.map((item: { obligation: string; period: string }) => `${item.obligation} ${item.period}`)
  }
  assert.deepEqual(await periods('obligation=ADM-DICH-S&status=open'), ['ADM-DICH-S 2026-H2', 'ADM-DICH-S 2027-H1'])
  assert.deepEqual(await periods('responsible_entity=GSE&sort=-due_date'), ['GSE-FM 2026', 'GSE-FM 2025'])
  assert.deepEqual(await periods('period=2027-H1'), ['ADM-DICH-S 2027-H1'])
  assert.deepEqual(await periods('q=FUEL%20mix&sort=-due_date'), ['GSE-FM 2026', 'GSE-FM 2025'])
  assert.deepEqual(await periods('q=nothing%20like%20it'), [])
  const [all, late, inTime] = [await periods(''), await periods('late=true'), await periods('late=false')]
  assert.deepEqual([...late, ...inTime].toSorted(), all.toSorted())
  const sure = await Promise.all(['high', 'medium', 'low'].map((one) => periods(`confidence=${one}`)))
  assert.deepEqual(sure.flat().toSorted(), all.toSorted())
  assert.ok(sure.filter((found) => found.length > 0).length > 1)
  assert.deepEqual(await periods('from=2027-03-31&to=2027-03-31'), ['ADM-DICH-S 2026-H2', 'GSE-FM 2026'])
  assert.deepEqual(await periods('status=withdrawn'), [])
  assert.deepEqual(await periods(`plant_id=${uuidv7()}`), [])
  const beyond = await tenant.admin.call('GET', '/obligations?offset=100')
  assert.deepEqual([beyond.body.items, beyond.body.pagination.total], [[], 8])
  for (const wrong of ['sort=plant_name', 'status=late', 'from=2026-02-30', 'year=2026']) {
    assert.equal((await tenant.admin.call('GET', `/obligations?${wrong}`)).status, 422, wrong)
  }
})

test('what a plant is called finds its duties, and the calendar is filtered and sorted like the list', async () => {
  const tenant = await newTenant()
  const wind = { name: 'Monte Sèrra', code: 'W1', type: 'Wind', status: 'In Operation', power_kw: 900 }
  const made = await tenant.admin.call('POST', '/plants', wind)
  const registry = { sale_mode: 'partial', self_consumption: true, commissioning_date: '2020-05-04', voltage_kv: 15 }
  await tenant.admin.call('PUT', `/plants/${made.body.id}/registry`, registry)
  await reconcile(tenant, await plantOf(tenant))
  const total = async (query: string): Promise<number> => (await tenant.admin.call('GET', query)).body.pagination.total
  const own = await total(`/obligations?plant_id=${made.body.id}`)
  assert.ok(own > 0 && own < (await total('/obligations')))
  assert.equal(await total('/obligations?q=monte%20serra'), own)
  assert.equal(await total('/deadlines?q=monte%20serra'), await total(`/deadlines?plant_id=${made.body.id}`))
  const { items } = (await tenant.admin.call('GET', '/deadlines?sort=-date&responsible_entity=Customs')).body
  const dates = items.map(({ date }: { date: string }) => date)
  assert.ok(
    dates.length > 1 && items.every((one: { responsible_entity: string }) => one.responsible_entity === 'Customs'),
  )
  assert.deepEqual(dates, dates.toSorted().toReversed())
  assert.equal((await tenant.admin.call('GET', '/deadlines?sort=due_date')).status, 422)
})

test('ids stay, unchanged rows are not written, and a withdrawn duty comes back under its id', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const rows = async (query = ''): Promise<Record<string, { id: string; revision: number }>> => {
    const { body } = await tenant.admin.call('GET', `/obligations?plant_id=${id}${query}`)
    return Object.fromEntries(
      body.items.map((row: { id: string; obligation: string; period: string; revision: number }) => [
        `${row.obligation} ${row.period}`,
        { id: row.id, revision: row.revision },
      ]),
    )
  }
  await reconcile(tenant, id)
  const first = await rows()
  await reconcile(tenant, id)
  assert.deepEqual(await rows(), first)

  await change(tenant, id, 'deleted_at = now()')
  await reconcile(tenant, id)
  assert.deepEqual(await rows(), {})
  assert.deepEqual(Object.keys(await rows('&status=withdrawn')).toSorted(), Object.keys(first).toSorted())
  assert.deepEqual(await nextDeadline(tenant, id), { next_deadline: null, next_deadline_type: null })

  await change(tenant, id, 'deleted_at = null')
  await reconcile(tenant, id)
  const again = await rows()
  assert.deepEqual(
    Object.entries(again).map(([key, row]) => [key, row.id]),
    Object.entries(first).map(([key, row]) => [key, row.id]),
  )
  assert.equal(again['ADM-LIC 2027']?.revision, 3)
  assert.deepEqual(await nextDeadline(tenant, id), { next_deadline: '2026-12-16', next_deadline_type: 'ADM-LIC' })
})

test('the calendar is what is open, by date, and says what is late', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, { created_at: '2026-01-01T00:00:00Z' })
  await plantOf(tenant, { created_at: '2026-01-01T00:00:00Z' })
  await reconcile(tenant, id)
  const { body } = await tenant.admin.call('GET', `/deadlines?plant_id=${id}&to=2026-12-31`)
  assert.deepEqual(
    body.items.map((item: Record<string, unknown>) => [item['date'], item['kind'], item['title'], item['title_en']]),
    [
      ['2026-03-31', 'obligation', 'Fuel Mix Disclosure', 'Fuel mix disclosure'],
      ['2026-09-30', 'obligation', 'Dichiarazione semestrale energia elettrica', 'Half-yearly electricity declaration'],
      ['2026-12-16', 'obligation', 'Diritto annuale di licenza', 'Yearly licence fee'],
    ],
  )
  // Late by whatever day this test runs on: it was written in November 2026.
  assert.deepEqual([body.items[0].late, body.items[1].late], [true, true])
  assert.deepEqual(await nextDeadline(tenant, id), { next_deadline: '2026-03-31', next_deadline_type: 'GSE-FM' })
  assert.equal((await tenant.admin.call('GET', '/deadlines')).body.pagination.total, 8)
})

test('what is completed is no deadline any more, stays completed, and stands in the trail', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  await reconcile(tenant, id)
  const fee = (await tenant.admin.call('GET', '/obligations?obligation=ADM-LIC&to=2026-12-31')).body.items[0]
  const complete = () => asSystem(tenant, (work) => completeObligations(work, [fee.id, uuidv7()]))
  await complete()
  const after = (await tenant.admin.call('GET', `/obligations/${fee.id}`)).body
  assert.deepEqual([after.status, after.late, after.revision], ['completed', false, 2])
  assert.deepEqual(await nextDeadline(tenant, id), {
    next_deadline: '2027-03-01',
    next_deadline_type: 'ADM-TAR',
  })
  await complete()
  await reconcile(tenant, id, new Date('2027-02-01T00:00:00Z'))
  assert.equal((await tenant.admin.call('GET', `/obligations/${fee.id}`)).body.revision, 2)
  const trail = await asSystem(
    tenant,
    async ({ db }) =>
      (await sql`select resource_id, plant_id from audit where action = 'obligations.completed'`.execute(db)).rows,
  )
  assert.deepEqual(trail, [{ resource_id: fee.id, plant_id: id }])
})

test('what cannot be known is asked for, field by field', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, { registry: false, type: 'Wind', power_kw: 900 })
  const { status, body } = await tenant.admin.call('GET', `/obligations/missing?plant_id=${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body.items[0], {
    obligation: 'ADM-DICH-S',
    name_it: 'Dichiarazione semestrale energia elettrica',
    name_en: 'Half-yearly electricity declaration',
    fields: ['registry.self_consumption'],
    blocks: true,
  })
  assert.equal(body.items.length, 5)
  const whole = await plantOf(tenant)
  assert.deepEqual((await tenant.admin.call('GET', `/obligations/missing?plant_id=${whole}`)).body.items, [])
  assert.equal((await tenant.admin.call('GET', '/obligations/missing')).status, 422)
})

test('duties follow every change of the plant and its registry, in the same answer', async () => {
  const { admin } = await newTenant()
  const body = { name: 'Carpi', code: 'PV-1', type: 'Photovoltaic', status: 'In Operation', power_kw: 500 }
  const id = (await admin.call('POST', '/plants', body)).body.id
  const open = async (): Promise<string[]> => {
    const { items } = (await admin.call('GET', `/deadlines?plant_id=${id}&limit=200`)).body
    const plant = (await admin.call('GET', `/plants/${id}`)).body
    assert.equal(plant?.next_deadline ?? null, items[0]?.date ?? null, 'the plant has the date of its first deadline')
    assert.equal(plant?.next_deadline_type ?? null, items[0]?.obligation ?? null)
    return [...new Set<string>(items.map((item: { obligation: string }) => item.obligation))].toSorted()
  }
  const registry = {
    sale_mode: 'partial',
    regime: 'RID',
    adm_license_code: 'MOE01234X',
    commissioning_date: '2020-05-04',
  }
  assert.deepEqual(await open(), [])
  assert.equal((await admin.call('PUT', `/plants/${id}/registry`, registry)).status, 200)
  assert.deepEqual(await open(), ['ADM-DICH-S', 'ADM-LIC', 'GSE-FM'])
  await admin.call('PUT', `/plants/${id}/registry`, { ...registry, adm_periodicity: 'annual' })
  assert.deepEqual(await open(), ['ADM-DICH-A', 'ADM-LIC', 'GSE-FM'])
  await admin.call('PATCH', `/plants/${id}`, { status: 'Decommissioned' })
  assert.deepEqual(await open(), [])
  await admin.call('PATCH', `/plants/${id}`, { status: 'In Operation' })
  assert.equal((await open()).length, 3)
  assert.equal((await admin.call('DELETE', `/plants/${id}`)).status, 204)
  assert.deepEqual((await admin.call('GET', `/deadlines?plant_id=${id}`)).body.items, [])
  assert.equal((await admin.call('POST', `/plants/${id}/restore`)).status, 200)
  assert.equal((await open()).length, 3)
})

test("another tenant's obligation, and one of a plant out of scope, do not exist", async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const [mine, theirs] = [await plantOf(tenant), await plantOf(tenant)]
  await reconcile(tenant, mine)
  await reconcile(tenant, theirs)
  const limited = await tenant.user('Viewer', [mine])
  const list = (await limited.call('GET', '/obligations')).body
  assert.equal(list.pagination.total, 8)
  assert.ok(list.items.every((item: { plant_id: string }) => item.plant_id === mine))
  const hidden = (await tenant.admin.call('GET', `/obligations?plant_id=${theirs}`)).body.items[0].id
  const same = ({ body, status }: { body: { error: { code: string; message: string } }; status: number }) => [
    status,
    body.error.code,
    body.error.message,
  ]
  for (const [user, paths] of [
    [limited, [`/obligations/${hidden}`, `/obligations/${uuidv7()}`]],
    [other.admin, [`/obligations/${hidden}`, `/obligations/${uuidv7()}`]],
    [limited, [`/obligations/missing?plant_id=${theirs}`, `/obligations/missing?plant_id=${uuidv7()}`]],
  ] as const) {
    const [real, random] = await Promise.all(paths.map((path) => user.call('GET', path)))
    assert.equal(real?.status, 404)
    assert.deepEqual(same(real as never), same(random as never))
  }
  assert.equal((await other.admin.call('GET', '/obligations')).body.pagination.total, 0)
})
