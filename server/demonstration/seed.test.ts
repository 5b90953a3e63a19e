import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { sql } from 'kysely'
import { contentKey } from '#platform/blob/blob-store.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { request, testApp, type Answer } from '#test/harness.ts'
import { seedDemonstration } from './seed.ts'
import { signIns } from './sign-ins.ts'

const PASSWORD = 'officina-demo'
let demo: string
let pasta: string
let token: string

const inTenant = async <T>(tenantId: string, use: (work: EdgeWork) => Promise<T>): Promise<T> => {
  const { database } = (await testApp()).deps.installation
  return database.write(systemScope(tenantId, 'test'), use)
}

const rowsOf = (tenantId: string, statement: string): Promise<Record<string, unknown>[]> =>
  inTenant(tenantId, async ({ db }) => (await sql<Record<string, unknown>>`${sql.raw(statement)}`.execute(db)).rows)

const signIn = (email: string): Promise<Answer> =>
  request('POST', '/api/v1/auth/login', { body: { email, password: PASSWORD } })

const get = async (path: string, as = token): Promise<Answer> => request('GET', `/api/v1${path}`, { token: as })

const seed = async () => seedDemonstration((await testApp()).deps, PASSWORD)

before(async () => {
  const { installation } = (await testApp()).deps
  await seed()
  const ids = await installation.custody.run(
    async ({ db }) => (await sql<{ slug: string; id: string }>`select slug, id from control.tenants`.execute(db)).rows,
  )
  demo = ids.find((row) => row.slug === 'demo')!.id
  pasta = ids.find((row) => row.slug === 'pasta')!.id
  token = (await signIn('admin@demo.example')).body.access_token
})

test('every role of both demonstration companies signs in', async () => {
  for (const company of ['demo', 'pasta']) {
    for (const name of ['admin', 'manager', 'owner', 'operator', 'viewer']) {
      const { status, body } = await signIn(`${name}@${company}.example`)
      assert.equal(status, 200, `${name}@${company}.example`)
      assert.ok(body.access_token)
    }
  }
})

test('the portfolio has its 61 plants with registries, and a limited user sees the own ones', async () => {
  assert.equal((await get('/plants?limit=200')).body.pagination.total, 61)
  assert.equal((await rowsOf(demo, 'select plant_id from plant_registries')).length, 61)
  assert.equal((await rowsOf(pasta, 'select id from plants')).length, 1)
  const owner = (await signIn('owner@demo.example')).body.access_token
  assert.equal((await get('/plants', owner)).body.pagination.total, 6)
})

test('both companies have documents whose bytes are there, some of which expire soon', async () => {
  const { blobs } = (await testApp()).deps
  for (const [tenantId, count] of [
    [demo, 3],
    [pasta, 2],
  ] as const) {
    const rows = await rowsOf(tenantId, 'select sha256, size, plant_id, expiry_date, version from documents')
    assert.equal(rows.length, count)
    for (const { sha256, size, plant_id } of rows) {
      assert.ok(plant_id)
      assert.equal((await blobs.stat(contentKey(tenantId, String(sha256))))?.size, size)
    }
    const soon = await rowsOf(
      tenantId,
      'select id from documents where expiry_date - expiry_notice_days <= current_date',
    )
    assert.equal(soon.length, 1)
  }
  const { body } = await get('/documents?q=delega')
  assert.deepEqual([body.items.length, body.items[0]?.category], [1, 'delegation'])
})

test("this year's duties are tracked, and the next deadline is the earliest that is open", async () => {
  const year = new Date().getUTCFullYear()
  const { body } = await get(`/obligations?obligation=ADM-LIC&from=${year}-12-01&to=${year}-12-31&limit=200`)
  assert.ok(body.pagination.total > 20)
  assert.deepEqual([...new Set(body.items.map((row: { status: string }) => row.status))], ['open'])
  const wrong = await rowsOf(
    demo,
    `select p.code from plants p
      where p.next_deadline is distinct from (select min(o.due_date) from obligations o
                                               where o.tenant_id = p.tenant_id and o.plant_id = p.id and o.status = 'open')`,
  )
  assert.deepEqual(wrong, [])
  const past = await rowsOf(
    demo,
    `select status, count(*)::int as duties from obligations where due_date < current_date - 1 group by status order by status`,
  )
  // In the first days of a year nothing was due yet.
  if (past.length > 0) {
    assert.deepEqual(
      past.map((row) => row['status']),
      ['completed', 'open'],
    )
    assert.ok(Number(past[0]!['duties']) > 8 * Number(past[1]!['duties']), JSON.stringify(past))
  }
  const [{ plants } = {}] = await rowsOf(
    demo,
    'select count(*)::int as plants from plants where next_deadline is not null',
  )
  assert.ok(Number(plants) > 40, `${String(plants)} plants have a deadline`)
})

type Day = { energy_kwh: number; expected_kwh: number; expected_stc_kwh: number }

/** The daily sums of the measured series by a plain loop over its lines: 6 kWp, −0.4 %/°C, quarter-hours. */
function countedByHand(): Map<string, Day> {
  const text = readFileSync(new URL('data/serf_west_15min.csv', import.meta.url), 'utf8')
  const days = new Map<string, Day>()
  for (const line of text.trim().split('\n').slice(1)) {
    const cells = line.split(',')
    const [stamp, watts, irradiance] = [cells[0]!, Number(cells[2]), Math.max(0, Number(cells[15]))]
    const module = (Number(cells[12]) + Number(cells[13]) + Number(cells[14])) / 3
    const day = days.get(stamp.slice(0, 10)) ?? { energy_kwh: 0, expected_kwh: 0, expected_stc_kwh: 0 }
    day.energy_kwh += watts / 1000 / 4
    day.expected_kwh += (6 * irradiance) / 1000 / 4
    day.expected_stc_kwh += ((1 - 0.004 * (module - 25)) * 6 * irradiance) / 1000 / 4
    days.set(stamp.slice(0, 10), day)
  }
  return days
}

const near = (actual: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual} is not ${expected}`)

test('the daily performance ratio of the measured plant is what the lines of the file give', async () => {
  const [plant] = await rowsOf(demo, "select id from plants where code = 'PV-NREL-SERF-W'")
  const { status, body } = await get(
    `/plants/${String(plant!['id'])}/performance?from=2022-01-02&to=2022-01-06&step=1d`,
  )
  assert.equal(status, 200)
  const days = [...countedByHand().entries()]
  assert.equal(body.items.length, 5)
  const known = [0.6576, 0.8295, 0.9195, 0.8818, -0.0031]
  for (const [index, [date, day]] of days.entries()) {
    const item = body.items[index]
    assert.equal(item.from, `${date}T07:00:00.000Z`)
    near(item.performance_ratio, day.energy_kwh / day.expected_kwh, 1e-9, `${date} ratio`)
    near(item.performance_ratio, known[index]!, 5e-5, `${date} known ratio`)
    near(item.performance_ratio_stc, day.energy_kwh / day.expected_stc_kwh, 1e-9, `${date} corrected ratio`)
    near(item.energy_kwh, day.energy_kwh, 1e-9, `${date} energy`)
    near(item.specific_yield, day.energy_kwh / 6, 1e-9, `${date} yield`)
    near(item.capacity_factor, day.energy_kwh / 6 / 24, 1e-9, `${date} capacity factor`)
    near(item.completeness, 1, 1e-9, `${date} completeness`)
  }
  // Counted in the lines: from 50 W/m² on, 6 of 36 quarter-hours of the first day and all 34 of the last below a twentieth.
  // Fewer than thirty days tell nothing of what it would have given.
  const stood = body.items.map(({ hours }: { hours: { outage: number } }) => hours.outage)
  assert.deepEqual(stood, [1.5, 0, 0, 0, 8.5])
  near(body.items[0].availability, 30 / 36, 1e-9, 'snow in the morning')
  assert.deepEqual([body.items[1].availability, body.items[4].availability], [1, 0])
  assert.deepEqual([body.items[1].lost_energy_kwh, body.items[4].lost_energy_kwh], [0, null])
  const sum = days.reduce((total, [, day]) => total + day.energy_kwh, 0)
  const expected = days.reduce((total, [, day]) => total + day.expected_kwh, 0)
  near(body.totals.performance_ratio, sum / expected, 1e-9, 'total ratio')
  near(body.totals.energy_kwh, sum, 1e-9, 'total energy')
  const { version, inputs, notes } = body.formula
  assert.equal(version, 'pr-3')
  assert.deepEqual(inputs, {
    ...{ p0_kw: 6, p0_from: 'registry.dc_power_kw', gamma_per_c: -0.004, ac_nominal_kw: 6 },
    ...{ time_zone: 'America/Denver', interval_s: 900, counter: null },
    ...{ irradiance_threshold_w_m2: 50, standstill_share: 0.05, shortest_outage_s: 900 },
    references: [{ month: '2022-01', days: null, performance_ratio: null, performance_ratio_stc: null }],
  })
  assert.ok(notes.some((note: string) => note.includes('fewer than 30 days to compare with')))
})

test('by default the performance is that of the last thirty days with readings', async () => {
  const [plant] = await rowsOf(demo, "select id from plants where code = 'PV-NREL-SERF-W'")
  const { body } = await get(`/plants/${String(plant!['id'])}/performance`)
  assert.equal(body.items.length, 30)
  assert.equal(body.totals.to, '2022-01-07T07:00:00.000Z')
  assert.deepEqual([body.items[0].performance_ratio, body.items[0].completeness], [null, 0])
})

test('a second start changes nothing, not even what people changed', async () => {
  const counts = (): Promise<unknown> =>
    rowsOf(
      demo,
      `select (select count(*) from plants) as plants, (select count(*) from obligations) as obligations,
              (select count(*) from reading_blocks) as readings, (select count(*) from audit) as audit,
              (select count(*) from control.users where tenant_id = '${demo}') as users`,
    )
  await rowsOf(demo, "update plants set name = 'Renamed' where code = 'PV-LE-001' returning id")
  const first = await counts()
  await seed()
  assert.deepEqual(await counts(), first)
  const [plant] = await rowsOf(demo, "select name from plants where code = 'PV-LE-001'")
  assert.equal(plant?.['name'], 'Renamed')
})

test('the line that tells how to sign in prints no password that somebody chose, and none that does not hold', async () => {
  const { deps } = await testApp()
  const line = async (password: string) => signIns(password, await seedDemonstration(deps, password))
  const sign = 'sign in as admin@demo.example or admin@pasta.example, '
  assert.equal(await line(PASSWORD), `${sign}password officina-demo`)
  assert.equal(await line('set after the first start'), `${sign}password as it was set before`)
  assert.equal(signIns('chosen by somebody', { passwordHolds: true }), `${sign}password from OFFICINA_DEMO_PASSWORD`)
})

test('killed before the plants were there, it is finished by the next start', async () => {
  const { custody } = (await testApp()).deps.installation
  // As after a kill between the two transactions: company and people are there, the rest is not.
  await custody.run(async ({ db }) => {
    await sql.raw('set local search_path = shared, ext').execute(db)
    const ofDocuments = ['document_versions', 'documents', 'files']
    for (const table of ['obligations', 'plant_registries', ...ofDocuments, 'plants', 'audit']) {
      await sql`delete from ${sql.table(table)} where tenant_id = ${pasta}`.execute(db)
    }
  })
  assert.equal((await rowsOf(pasta, 'select id from plants')).length, 0)
  await seed()
  assert.deepEqual(await rowsOf(pasta, 'select code, name from plants'), [
    { code: 'FD-NA-001', name: 'Pastificio Demo di Gragnano' },
  ])
})
