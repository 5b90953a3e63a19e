import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, testApp } from '#test/harness.ts'
import { Shape } from '../http/shapes.ts'
import { enqueue, enqueueFor } from './enqueue.ts'
import { job, jobKind, type JobKind } from './job-kind.ts'
import { jobRefusals } from './job-refusals.ts'
import { custodyRun, kindName, leaveTrace, rowsOf, settled, traces, until, withWorker } from './jobs.fixture.ts'
import { Ended, runJob } from './run-job.ts'

const Input = Shape({ n: Type.Integer() })
const kindOf = (limits = {}): JobKind<{ n: number }> =>
  jobKind({ name: kindName(), input: Input, limits: { wait: 0.05, ...limits } })

test('a job is there when the change is committed, and not when it is rolled back', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  await assert.rejects(
    tenant.admin.write(null, async (work) => {
      await enqueue(work, kind, { n: 1 })
      throw new Error('the change fails')
    }),
  )
  assert.deepEqual(await rowsOf(kind.name), [])
  const id = await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 2 }))
  const [row] = await rowsOf(kind.name)
  assert.deepEqual([row?.id, row?.tenant_id, row?.enqueued_by], [id, tenant.id, tenant.admin.userId])
})

test('its effect and the mark that it is done are one transaction', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const done = job(kind, {
    run: async (work, { n }, { id, attempt }) => {
      leaveTrace(work, id)
      await Promise.resolve()
      if (n === 1 && attempt < 3) throw jobRefusals.refuse('jobs.worker_lost')
    },
  })
  const ids = await tenant.admin.write(null, async (work) => [
    (await enqueue(work, kind, { n: 0 }))!,
    (await enqueue(work, kind, { n: 1 }))!,
  ])
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual((await traces(tenant.id, tenant.schema)).toSorted(), ids.toSorted())
  const rows = await rowsOf(kind.name)
  assert.deepEqual(
    rows.map(({ state, attempts, delivery, last_error }) => ({ state, attempts, delivery, last_error })),
    [1, 3].map((attempts) => ({ state: 'completed', attempts, delivery: null, last_error: null })),
  )
})

test('a handler that ends with a change that could be a Work of its own stays in its transaction', async () => {
  const tenant = await newTenant()
  const kind = kindOf({ attempts: 1 })
  const done = job(kind, {
    run: async (work, { n }, { id }) => {
      const change = { sql: 'select 1 as one', parameters: [] }
      await work.finish(change, { action: 'test.effect', resource: 'job', resource_id: id })
      if (n === 1) throw new Error('after the change')
    },
  })
  const good = await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }))
  await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 1 }))
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual(await traces(tenant.id, tenant.schema), [good])
  assert.deepEqual(
    (await rowsOf(kind.name)).map((row) => row.state),
    ['completed', 'failed'],
  )
})

test('of one key there is one unfinished job in a tenant; another tenant has its own', async () => {
  const [a, b] = [await newTenant(), await newTenant()]
  const kind = kindOf()
  const ask = (tenant: typeof a) => tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }, { key: 'one' }))
  assert.notEqual(await ask(a), null)
  assert.equal(await ask(a), null)
  assert.notEqual(await ask(b), null)
  const done = job(kind, { run: async () => Promise.resolve() })
  await withWorker([done], () => settled(kind.name))
  assert.notEqual(await ask(a), null, 'once it is done, the key is free')
})

test('what can be tried again is tried so many times and then is dead; what cannot help is dead at once', async () => {
  const tenant = await newTenant()
  const kind = kindOf({ attempts: 3 })
  let calls = 0
  const done = job(kind, {
    run: async (_work, { n }) => {
      await Promise.resolve()
      calls += 1
      if (n === 0) throw new Error('a bug whose words are nobody’s business')
      throw jobRefusals.refuse('jobs.done')
    },
  })
  await tenant.admin.write(null, async (work) => {
    await enqueue(work, kind, { n: 0 })
    await enqueue(work, kind, { n: 1 })
  })
  await withWorker([done], () => settled(kind.name))
  const rows = await rowsOf(kind.name)
  assert.deepEqual(
    rows.map(({ state, attempts, last_error }) => [state, attempts, last_error]),
    [
      ['failed', 3, 'internal: Something broke.'],
      ['failed', 1, 'jobs.done: This job is done.'],
    ],
  )
  assert.equal(calls, 4)
})

test('a payload that fits no longer after an update is dead with its reason, and its handler never sees it', async () => {
  const tenant = await newTenant()
  const old = kindOf()
  await tenant.admin.write(null, (work) => enqueue(work, old, { n: 7 }))
  const newer = jobKind({ name: old.name, input: Shape({ text: Type.String() }) })
  const done = job(newer, { run: () => assert.fail('it does not fit') })
  await withWorker([done], () => settled(old.name))
  const [row] = await rowsOf(old.name)
  assert.deepEqual([row?.state, row?.attempts], ['failed', 1])
  assert.match(row?.last_error ?? '', /^jobs\.misfit: .*input must have required property 'text'/)
})

test('what does not fit is not even enqueued', async () => {
  const tenant = await newTenant()
  const wrong = { n: 'one' } as unknown as { n: number }
  await assert.rejects(
    tenant.admin.write(null, (work) => enqueue(work, kindOf(), wrong)),
    /cannot be enqueued: input\/n must be integer/,
  )
})

test('a job that takes longer than it may is ended, undone and tried again', async () => {
  const tenant = await newTenant()
  const kind = kindOf({ seconds: 0.2, attempts: 2 })
  let signalled = 0
  const done = job(kind, {
    run: async (work, _input, { id, signal }) => {
      leaveTrace(work, id)
      signal.addEventListener('abort', () => (signalled += 1))
      await sleep(1_000)
    },
  })
  await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }))
  await withWorker([done], () => settled(kind.name))
  const [row] = await rowsOf(kind.name)
  assert.deepEqual([row?.state, row?.attempts], ['failed', 2])
  assert.match(row?.last_error ?? '', /^jobs\.time_limit/)
  assert.equal(signalled, 2)
  assert.deepEqual(await traces(tenant.id, tenant.schema), [])
})

test('a job that is ended before its handler begins is not begun', async () => {
  const { installation, log } = (await testApp()).deps
  const kind = kindOf()
  let begun = 0
  const one = job(kind, { reach: async () => void (await Promise.resolve((begun += 1))) })
  const row = {
    ...{ id: uuidv7(), tenant_id: null, kind: kind.name, payload: { n: 0 } },
    attempts: 0,
    enqueued_by: null,
    delivery: uuidv7(),
  }
  const ended = AbortSignal.abort(new Ended({ as: 'done' }))
  assert.deepEqual(await runJob({ ...installation, log }, one, row, ended), { as: 'done' })
  assert.equal(begun, 0)
})

test('a delayed job waits for its time; higher goes before lower', async () => {
  const tenant = await newTenant()
  const kind = kindOf({ concurrency: 1 })
  const order: number[] = []
  const done = job(kind, { run: async (_work, { n }) => void (await Promise.resolve(order.push(n))) })
  const start = Date.now()
  await tenant.admin.write(null, async (work) => {
    await enqueue(work, kind, { n: 3 }, { runAt: new Date(Date.now() + 1_500), priority: 100 })
    await enqueue(work, kind, { n: 2 })
    await enqueue(work, kind, { n: 1 }, { priority: 5 })
  })
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual(order, [1, 2, 3])
  assert.ok(Date.now() - start >= 1_500)
})

test('no more at once than a kind allows, nor of one tenant than its share', async () => {
  const tenants = await Promise.all([newTenant(), newTenant(), newTenant()])
  const kind = kindOf({ concurrency: 4, perTenant: 2 })
  const now = new Map<string, number>()
  let [most, mostOfOne] = [0, 0]
  const done = job(kind, {
    run: async (work) => {
      now.set(work.tenantId, (now.get(work.tenantId) ?? 0) + 1)
      most = Math.max(
        most,
        [...now.values()].reduce((sum, n) => sum + n, 0),
      )
      mostOfOne = Math.max(mostOfOne, ...now.values())
      await sleep(60)
      now.set(work.tenantId, now.get(work.tenantId)! - 1)
    },
  })
  for (const tenant of tenants) {
    await tenant.admin.write(null, async (work) => {
      for (let n = 0; n < 6; n++) await enqueue(work, kind, { n })
    })
  }
  const second = () => settled(kind.name)
  await withWorker([done], () => withWorker([done], second, { slots: 20 }), { slots: 20 })
  assert.deepEqual([most, mostOfOne], [4, 2])
})

test('a step hands on to the next one, each in a transaction of its own, and the job keeps its key', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const seen: number[] = []
  const done = job(kind, {
    run: async (work, { n }, { id }) => {
      leaveTrace(work, id)
      seen.push(n)
      assert.equal(await enqueue(work, kind, { n: 0 }, { key: 'steps' }), null)
      return n < 2 ? { next: { n: n + 1 } } : undefined
    },
  })
  const id = await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }, { key: 'steps' }))
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual(seen, [0, 1, 2])
  assert.deepEqual(await traces(tenant.id, tenant.schema), [id, id, id])
  assert.equal((await rowsOf(kind.name)).length, 1)
})

test('what calls the outside gets the same id at every attempt, and holds no transaction', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const calls: string[] = []
  const done = job(kind, {
    reach: async (_input, { id, attempt, tenantId }) => {
      const { pool } = (await testApp()).deps.installation.database
      const open = await custodyRun(
        async ({ db }) =>
          (
            await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
              where application_name = 'officina' and state = 'idle in transaction' and query like ${`%${kind.name}%`}`.execute(
              db,
            )
          ).rows[0]!.n,
      )
      assert.ok(pool.named !== undefined && open === 0)
      assert.equal(tenantId, tenant.id)
      calls.push(id)
      if (attempt === 1) throw new Error('no answer')
    },
  })
  const id = await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }))
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual(calls, [id, id])
})

test('a worker that goes down lets jobs end, and gives back what is not done in time, uncounted and undone', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  let started = 0
  const done = job(kind, {
    run: async (work, { n }, { id }) => {
      leaveTrace(work, id)
      started += 1
      await sleep(n)
    },
  })
  await tenant.admin.write(null, async (work) => {
    await enqueue(work, kind, { n: 100 })
    await enqueue(work, kind, { n: 5_000 })
  })
  await withWorker([done], async (worker) => {
    await until(() => started === 2)
    await worker.stop(500)
  })
  const rows = await rowsOf(kind.name)
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ['completed', 1],
      ['waiting', 0],
    ],
  )
  assert.equal((await traces(tenant.id, tenant.schema)).length, 1)
})

test('the installation has jobs of its own, which no tenant sees', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  let administered = 0
  const done = job(kind, {
    administer: async ({ db }, { n }) => {
      administered += n
      await sql`select 1 from control.tenants limit 1`.execute(db)
    },
  })
  await custodyRun((custody) => enqueueFor(custody, null, kind, { n: 5 }))
  const seen = await tenant.admin.read(null, async ({ db }) => (await sql`select 1 from control.jobs`.execute(db)).rows)
  assert.deepEqual(seen, [])
  await withWorker([done], () => settled(kind.name))
  assert.equal(administered, 5)
})

test('while somebody signs in a job can be asked for, though no tenant is open, and not be seen', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const { database } = (await testApp()).deps.installation
  const actor = { kind: 'account', id: null, account_id: tenant.admin.accountId, session_id: null } as const
  const scope = { open: { kind: 'account' }, tenantId: '00000000-0000-0000-0000-000000000000', actor } as const
  await database.write({ ...scope, requestId: 'test', ip: null }, async (work) => {
    assert.notEqual(await enqueue(work, kind, { n: 1 }, { key: 'once' }), null)
    assert.equal(await enqueue(work, kind, { n: 1 }, { key: 'once' }), null)
    assert.deepEqual((await sql`select 1 from control.jobs`.execute(work.db)).rows, [])
  })
  assert.deepEqual(
    (await rowsOf(kind.name)).map((row) => row.tenant_id),
    [null],
  )
})

test('jobs of a company that is suspended wait until it works again', async () => {
  const [held, other] = [await newTenant(), await newTenant()]
  const kind = kindOf()
  const done = job(kind, { run: async (work, _input, { id }) => Promise.resolve(leaveTrace(work, id)) })
  const status = (value: string) =>
    custodyRun(({ db }) => db.updateTable('control.tenants').set({ status: value }).where('id', '=', held.id).execute())
  for (const tenant of [held, other]) await tenant.admin.write(null, (work) => enqueue(work, kind, { n: 0 }))
  await status('Suspended')
  await withWorker([done], async () => {
    await until(async () => (await traces(other.id, other.schema)).length === 1)
    assert.deepEqual((await rowsOf(kind.name)).map((row) => row.state).toSorted(), ['completed', 'waiting'])
    await status('Active')
    await settled(kind.name)
  })
  assert.equal((await traces(held.id, held.schema)).length, 1)
})
