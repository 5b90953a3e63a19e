import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, type TestTenant } from '#test/harness.ts'
import { Shape } from '../http/shapes.ts'
import { Type } from 'typebox'
import { job, jobKind, type JobKind } from './job-kind.ts'
import { custodyRun, kindName, rowsOf, settled, withWorker } from './jobs.fixture.ts'
import { keepSchedules, runSchedules } from './run-schedules.ts'
import { schedule, type CatchUp, type Schedule } from './schedule.ts'

const at = (text: string): Date => new Date(`2026-11-${text}:00Z`)
type Due = { due: string }
const kindOf = (): JobKind<Due> => jobKind({ name: kindName(), input: Shape({ due: Type.String() }) })
const every10 = (kind: JobKind<Due>, catchUp: CatchUp, more: Partial<Schedule<Due>> = {}): Schedule =>
  schedule({
    ...{ name: kind.name, cron: '*/10 * * * *', zone: 'Europe/Rome', per: 'tenant', catchUp, kind },
    ...{ input: (due) => ({ due: due.toISOString() }), ...more },
  })

/** As the dispatcher does it, with a clock of the test's own; each look a transaction. */
async function look(one: Schedule, ...clock: Date[]): Promise<void> {
  for (const now of clock) {
    // The tenants of all tests of this run have it: more than one transaction deals with.
    for (let due = true; due; due = await isDue(one, now)) {
      await custodyRun(async (custody) => {
        await keepSchedules(custody, [one], now)
        await runSchedules(custody, [one], now)
      })
    }
  }
}
const isDue = ({ name }: Schedule, now: Date): Promise<boolean> =>
  custodyRun(async ({ db }) => {
    const due = db.selectFrom('control.schedules').select('name').where('name', '=', name)
    return (await due.where('look_at', '<=', now.toISOString()).limit(1).execute()).length > 0
  })
/** Of one tenant: every working tenant of this run has the schedule. */
const duesOf = async (tenant: TestTenant, kind: JobKind<Due>): Promise<string[]> =>
  (await rowsOf(kind.name)).filter((row) => row.tenant_id === tenant.id).map((row) => (row.payload as Due).due)
const finish = (kind: JobKind<Due>) =>
  custodyRun(({ db }) =>
    db
      .updateTable('control.jobs')
      .set({ state: 'completed', finished_at: sql`now()` })
      .where('kind', '=', kind.name)
      .where('finished_at', 'is', null)
      .execute(),
  )

test('each working tenant gets its job when it is due, and a new one from then on', async () => {
  const [tenant, kind] = [await newTenant(), kindOf()]
  const one = every10(kind, 'one')
  await look(one, at('21T09:05'), at('21T09:09'))
  assert.deepEqual(await duesOf(tenant, kind), [], 'nothing was due since it is known')
  await look(one, at('21T09:10'))
  assert.deepEqual(await duesOf(tenant, kind), ['2026-11-21T09:10:00.000Z'])
  const late = await newTenant()
  await finish(kind)
  await look(one, at('21T09:15'), at('21T09:20'))
  assert.deepEqual(await duesOf(late, kind), ['2026-11-21T09:20:00.000Z'])
})

test('two that look at the same time make one job', async () => {
  const [tenant, kind] = [await newTenant(), kindOf()]
  const one = every10(kind, 'all')
  await look(one, at('21T09:05'))
  await look(one, at('21T09:10'))
  await look(one, at('21T09:10'))
  assert.equal((await duesOf(tenant, kind)).length, 1)
})

for (const [catchUp, wanted] of [
  ['skip', []],
  ['one', ['2026-11-21T05:00:00.000Z']],
  ['all', ['2026-11-19T05:00:00.000Z', '2026-11-20T05:00:00.000Z', '2026-11-21T05:00:00.000Z']],
] as const) {
  test(`after three days down, ${catchUp}: ${wanted.length} jobs, never two at once`, async () => {
    const [tenant, kind] = [await newTenant(), kindOf()]
    const one = every10(kind, catchUp, { cron: '0 6 * * *' })
    await look(one, at('18T05:30'))
    for (const minute of ['00', '01', '02', '03', '04']) {
      await look(one, at(`21T09:${minute}`))
      const open = (await rowsOf(kind.name)).filter((row) => row.tenant_id === tenant.id && row.finished_at === null)
      assert.ok(open.length <= 1)
      await finish(kind)
    }
    assert.deepEqual(await duesOf(tenant, kind), wanted)
  })
}

test('the tenant’s own zone decides when its day begins, also after it was changed', async () => {
  const [tenant, kind] = [await newTenant(), kindOf()]
  const zone = (name: string) =>
    custodyRun(({ db }) =>
      db
        .updateTable('control.tenants')
        .set({ configuration: JSON.stringify({ time_zone: name }) })
        .where('id', '=', tenant.id)
        .execute(),
    )
  const one = every10(kind, 'one', { cron: '0 6 * * *', zone: 'tenant' })
  await zone('Asia/Tokyo')
  await look(one, at('20T12:00'), at('20T21:00'))
  assert.deepEqual(await duesOf(tenant, kind), ['2026-11-20T21:00:00.000Z'])
  await finish(kind)
  await zone('Europe/Rome')
  await look(one, at('20T22:00'), at('21T05:00'))
  assert.deepEqual((await duesOf(tenant, kind)).at(-1), '2026-11-21T05:00:00.000Z')
})

test('a new edition is done at once, and only once', async () => {
  const [tenant, kind] = [await newTenant(), kindOf()]
  const edition = (text: string) => every10(kind, 'one', { cron: '0 6 * * *', edition: text })
  await look(edition('a'), at('21T09:00'), at('21T09:01'))
  assert.equal((await duesOf(tenant, kind)).length, 1, 'a tenant that is new to it')
  await look(edition('b'), at('21T09:02'))
  assert.equal((await duesOf(tenant, kind)).length, 1, 'not while one is under way')
  await finish(kind)
  await look(edition('b'), at('21T09:03'), at('21T09:04'))
  assert.equal((await duesOf(tenant, kind)).length, 2)
})

test('a clock that was a year ahead does not silence a schedule for a year', async () => {
  const [tenant, kind] = [await newTenant(), kindOf()]
  const one = every10(kind, 'one')
  await look(one, at('21T09:05'), new Date('2027-11-21T09:11:00Z'))
  await finish(kind)
  await look(one, at('21T09:15'), at('21T09:20'))
  assert.deepEqual(await duesOf(tenant, kind), ['2027-11-21T09:10:00.000Z', '2026-11-21T09:20:00.000Z'])
})

test('a worker does what its schedules ask for', async () => {
  const kind = kindOf()
  let done = 0
  const handled = job(kind, { administer: async () => void (await Promise.resolve((done += 1))) })
  const one = every10(kind, 'one', { per: 'installation', zone: 'Etc/UTC', edition: 'now' })
  await withWorker(
    [handled],
    async () => {
      while (done === 0) await settled(kind.name)
    },
    { schedules: [one] },
  )
  assert.equal(done, 1)
})
