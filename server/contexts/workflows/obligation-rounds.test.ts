import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import { newTenant, type TestTenant } from '#test/harness.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import { obligationRound, wholeRound, workflowJobs, workflowSchedules } from './obligation-rounds.ts'
import { asSystem, plantOf, reconcile } from './obligations.fixture.ts'

const ask = (work: EdgeWork): Promise<string | null> => enqueue(work, obligationRound, wholeRound, { key: 'round' })
const stateOf =
  (id: string) =>
  async ({ db }: EdgeWork): Promise<unknown> =>
    (await sql<{ state: string }>`select state from control.jobs where id = ${id}`.execute(db)).rows[0]?.state
const reconciled = (tenant: TestTenant): Promise<number> =>
  asSystem(
    tenant,
    async ({ db }) => (await sql`select id from audit where action = 'obligations.reconciled'`.execute(db)).rows.length,
  )
async function round(tenants: TestTenant[]): Promise<void> {
  const ids = await Promise.all(tenants.map((tenant) => asSystem(tenant, ask)))
  const done = async () => {
    const states = await Promise.all(tenants.map((tenant, i) => asSystem(tenant, stateOf(ids[i]!))))
    return states.every((state) => state === 'completed')
  }
  await withWorker([...workflowJobs], () => until(done))
}

test('a round over a tenant reaches every plant, opens the new year and is repeated without effect', async () => {
  const tenant = await newTenant()
  const ids = await Promise.all(Array.from({ length: 3 }, () => plantOf(tenant)))
  await round([tenant])
  for (const id of ids) {
    assert.ok((await tenant.admin.call('GET', `/obligations?plant_id=${id}&status=open`)).body.pagination.total >= 4)
  }
  const last = async () =>
    (await tenant.admin.call('GET', '/obligations?sort=-due_date&limit=1')).body.items[0].due_date
  await reconcile(tenant, ids[0]!, new Date('2029-12-31T22:59:00Z'))
  assert.equal(await last(), '2030-12-16')
  await reconcile(tenant, ids[0]!, new Date('2029-12-31T23:00:00Z'))
  assert.equal(await last(), '2031-12-16', 'the year begins at midnight in Rome')

  const changes = () =>
    asSystem(
      tenant,
      async ({ db }) => (await sql`select id from audit where action = 'obligations.reconciled'`.execute(db)).rows,
    )
  const before = (await changes()).length
  assert.ok(before >= 4)
  await reconcile(tenant, ids[0]!, new Date('2029-12-31T23:00:00Z'))
  assert.equal((await changes()).length, before)
})

test('a round goes over all plants, a hundred in a transaction, and there is never another one beside it', async () => {
  const tenant = await newTenant()
  await plantOf(tenant)
  await asSystem(tenant, async ({ db }) => {
    await sql`insert into plants (tenant_id, id, name, code, type, status, power_kw, search_text)
        select ${tenant.id}, gen_random_uuid(), 'Plant', 'P' || n, 'Photovoltaic', 'In Operation', 500, ''
          from generate_series(1, 229) n`.execute(db)
    await sql`insert into plant_registries (tenant_id, plant_id, sale_mode, voltage_kv, commissioning_date, adm_license_code,
          regime, spi_tested_on, meters)
        select p.tenant_id, p.id, r.sale_mode, r.voltage_kv, r.commissioning_date, r.adm_license_code, r.regime,
               r.spi_tested_on, r.meters
          from plants p, plant_registries r where p.code like 'P%'`.execute(db)
  })
  const [first, second] = await asSystem(tenant, async (work) => [await ask(work), await ask(work)])
  assert.ok(first !== null && second === null)
  await withWorker([...workflowJobs], () => until(async () => (await asSystem(tenant, stateOf(first))) === 'completed'))
  const counted = await asSystem(tenant, async ({ db }) => {
    const { rows } = await sql<{ plants: number; steps: number }>`
      select count(distinct plant_id)::int as plants, count(distinct at)::int as steps from audit
       where action = 'obligations.reconciled'`.execute(db)
    return rows[0]
  })
  assert.deepEqual(counted, { plants: 230, steps: 3 })
})

test('one tenant’s round that has to wait holds up nobody else’s', async () => {
  const [held, other] = [await newTenant(), await newTenant()]
  for (const tenant of [held, other]) await plantOf(tenant)
  const ids = await Promise.all([held, other].map((tenant) => asSystem(tenant, ask)))
  await withWorker([...workflowJobs], async () => {
    await asSystem(held, async ({ db }) => {
      await sql`select id from plants for update`.execute(db)
      await until(async () => (await asSystem(other, stateOf(ids[1]!))) === 'completed', 4_000)
      assert.equal(await reconciled(held), 0)
    })
    await until(async () => (await asSystem(held, stateOf(ids[0]!))) === 'completed')
  })
  assert.equal(await reconciled(held), 1)
})

test('a new version with another catalogue goes over all plants at once', async () => {
  const tenant = await newTenant()
  await plantOf(tenant)
  await withWorker([...workflowJobs], () => until(async () => (await reconciled(tenant)) > 0), {
    schedules: [...workflowSchedules],
  })
  assert.match(workflowSchedules[0]!.edition ?? '', /^[\w-]{16}$/)
})
