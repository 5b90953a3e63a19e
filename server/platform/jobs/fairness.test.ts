import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { newTenant } from '#test/harness.ts'
import { Shape } from '../http/shapes.ts'
import { enqueue } from './enqueue.ts'
import { job, jobKind } from './job-kind.ts'
import { custodyRun, kindName, until, withWorker } from './jobs.fixture.ts'

const BACKLOG = 100_000
const CONCURRENCY = 6
const kind = jobKind({ name: kindName(), input: Shape({}), limits: { concurrency: CONCURRENCY, perTenant: 6 } })
after(() => custodyRun(({ db }) => sql`delete from control.jobs where kind = ${kind.name}`.execute(db)))

/** What one call of the dispatcher's function touches, in pages; rolled back. */
async function pagesOfAdmission(): Promise<number> {
  const told = new Error('rolled back')
  let pages = 0
  await custodyRun(async ({ db }) => {
    type Plan = { 'QUERY PLAN': { Plan: Record<string, number> }[] }
    const { rows } = await sql<Plan>`explain (analyze, buffers, format json)
      select * from control.admit_jobs(array[${kind.name}], array[${sql.lit(CONCURRENCY)}], array[${sql.lit(CONCURRENCY)}])`.execute(
      db,
    )
    const { Plan: plan } = rows[0]!['QUERY PLAN'][0]!
    pages = plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!
    throw told
  }).catch((error: unknown) => assert.equal(error, told))
  return pages
}

test('a hundred thousand jobs of one company delay another’s by no more jobs than its kind does at once', async () => {
  const [big, small, third] = [await newTenant(), await newTenant(), await newTenant()]
  // What jobs of the tests before it have left in the table is read, too.
  const before = await pagesOfAdmission()
  await custodyRun(({ db }) =>
    sql`insert into control.jobs (id, tenant_id, kind, payload, priority, state, run_at)
      select gen_random_uuid(), ${big.id}, ${kind.name}, '{}', 100, 'waiting', now() - interval '1 hour'
        from generate_series(1, ${BACKLOG})`.execute(db),
  )
  const pages = await pagesOfAdmission()
  assert.ok(pages > 0 && pages - before < 1_000, `the backlog is not read: ${pages} pages, ${before} without it`)

  const order: string[] = []
  const done = job(kind, { run: async (work) => void (await Promise.resolve(order.push(work.tenantId))) })
  await withWorker(
    [done],
    async () => {
      await until(() => order.length >= 20, 60_000)
      for (const { admin } of [small, third]) await admin.write(null, (work) => enqueue(work, kind, {}))
      const committed = order.length
      // Three windows: what was under way, what a dispatcher admitted that could not see them yet, and their own.
      await until(() => [small, third].every(({ id }) => order.includes(id)), 60_000)
      for (const { id } of [small, third]) {
        const foreign = order.slice(committed, order.indexOf(id)).filter((other) => other !== id).length
        assert.ok(foreign <= 3 * CONCURRENCY, `${foreign} jobs of others came first`)
      }
    },
    { slots: 2 * CONCURRENCY },
  )
  assert.ok(order.filter((id) => id === big.id).length >= 20)
})

test('companies that wait take turns', async () => {
  const own = jobKind({ name: kindName(), input: Shape({}), limits: { concurrency: 1 } })
  const tenants = [await newTenant(), await newTenant(), await newTenant()]
  for (const { admin } of tenants) {
    await admin.write(null, async (work) => {
      for (let i = 0; i < 3; i++) await enqueue(work, own, {})
    })
  }
  const order: string[] = []
  const done = job(own, { run: async (work) => void (await Promise.resolve(order.push(work.tenantId))) })
  await withWorker([done], () => until(() => order.length === 9))
  for (let round = 0; round < 9; round += 3) assert.equal(new Set(order.slice(round, round + 3)).size, 3, String(order))
})
