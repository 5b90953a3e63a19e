import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { newTenant, request, testApp, type TestTenant } from '#test/harness.ts'
import { Shape } from '../http/shapes.ts'
import { retryDead } from './change-job.ts'
import { enqueue } from './enqueue.ts'
import { job, jobKind, type JobKind } from './job-kind.ts'
import { jobRefusals } from './job-refusals.ts'
import { custodyRun, kindName, leaveTrace, rowsOf, settled, traces, until, withWorker } from './jobs.fixture.ts'
import { sweepJobs } from './sweep-jobs.ts'

type Input = { n: number }
const kindOf = (limits = {}): JobKind<Input> =>
  jobKind({ name: kindName(), input: Shape({ n: Type.Integer() }), limits: { wait: 0.05, ...limits } })
const ask = (tenant: TestTenant, kind: JobKind<Input>, options = {}, n = 0): Promise<string> =>
  tenant.admin.write(null, async (work) => (await enqueue(work, kind, { n }, options))!)
const hopeless = (kind: JobKind<Input>) => job(kind, { run: () => Promise.reject(jobRefusals.refuse('jobs.done')) })

test('dead jobs are listed with their reason, and tried anew with all their attempts', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const id = await ask(tenant, kind)
  await withWorker([hopeless(kind)], () => settled(kind.name))
  const { body } = await tenant.admin.call('GET', `/jobs?state=failed&kind=${kind.name}`)
  assert.equal(body.items.length, 1)
  const { created_at, run_at, finished_at, ...seen } = body.items[0]
  assert.deepEqual(seen, {
    ...{ id, kind: kind.name, state: 'failed', priority: 0, key: null, attempts: 1 },
    ...{ last_error: 'jobs.done: This job is done.', enqueued_by: tenant.admin.userId },
  })
  assert.ok(created_at && run_at && finished_at)
  const retried = await tenant.admin.call('POST', `/jobs/${id}/retry`)
  assert.deepEqual([retried.status, retried.body.state, retried.body.attempts], [200, 'waiting', 0])
  const good = job(kind, { run: async (work) => Promise.resolve(leaveTrace(work, id)) })
  await withWorker([good], () => settled(kind.name))
  assert.equal((await tenant.admin.call('GET', `/jobs/${id}`)).body.state, 'completed')
  assert.deepEqual(await traces(tenant.id, tenant.schema), [id])
  const trail = await tenant.admin.call('GET', `/audit?resource_id=${id}&action=jobs.retried`)
  assert.equal(trail.body.items.length, 1)
})

test('what a job was asked with is not shown', async () => {
  const tenant = await newTenant()
  const id = await ask(tenant, kindOf(), {}, 4242)
  for (const path of ['/jobs', `/jobs/${id}`]) {
    const { status, text } = await tenant.admin.call('GET', path)
    assert.ok(status === 200 && text.includes(id) && !text.includes('4242'))
  }
})

test('a page says where the next one begins', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.unshift(await ask(tenant, kind))
  const seen: string[] = []
  for (let cursor = ''; ;) {
    const { body } = await tenant.admin.call('GET', `/jobs?limit=2${cursor}`)
    seen.push(...body.items.map((item: { id: string }) => item.id))
    if (body.next_cursor === null) break
    cursor = `&cursor=${body.next_cursor}`
  }
  assert.deepEqual(seen, ids)
  assert.deepEqual(
    (
      await Promise.all(
        ['state=ill', 'limit=0', 'cursor=x', 'more=1'].map((query) => tenant.admin.call('GET', `/jobs?${query}`)),
      )
    ).map(({ status, body }) => [status, body.error.code]),
    Array.from({ length: 4 }, () => [422, 'jobs.invalid']),
  )
})

test('each state refuses what makes no sense, by its own code', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const post = async (id: string, what: string): Promise<unknown[]> => {
    const { status, body } = await tenant.admin.call('POST', `/jobs/${id}/${what}`)
    return [status, body.error?.code ?? body.state]
  }
  const waiting = await ask(tenant, kind)
  const delayed = await ask(tenant, kind, { runAt: new Date(Date.now() + 60_000) })
  assert.deepEqual(await post(waiting, 'retry'), [409, 'jobs.unfinished'])
  assert.deepEqual(await post(delayed, 'cancel'), [200, 'cancelled'])
  assert.deepEqual(await post(delayed, 'cancel'), [409, 'jobs.ended'])
  const done = job(kind, { run: () => Promise.resolve() })
  await withWorker([done], () => settled(kind.name))
  assert.deepEqual(await post(waiting, 'retry'), [409, 'jobs.done'])
  assert.deepEqual(await post(waiting, 'cancel'), [409, 'jobs.ended'])
  assert.deepEqual(await post(delayed, 'retry'), [200, 'waiting'])
  const dead = await ask(tenant, kind, { key: 'k' })
  await withWorker([hopeless(kind)], () => settled(kind.name))
  await ask(tenant, kind, { key: 'k' })
  assert.deepEqual(await post(dead, 'retry'), [409, 'jobs.key_taken'])
})

test('only who may manage jobs does, and nobody another company’s', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const id = await ask(tenant, kindOf())
  const manager = await tenant.user('Asset Manager')
  for (const [method, path] of [
    ['GET', '/jobs'],
    ['GET', `/jobs/${id}`],
    ['POST', `/jobs/${id}/cancel`],
  ] as const) {
    assert.equal((await manager.call(method, path)).status, 403)
  }
  for (const what of ['retry', 'cancel']) {
    const { status, body } = await other.admin.call('POST', `/jobs/${id}/${what}`)
    assert.deepEqual([status, body.error.code], [404, 'jobs.not_found'])
  }
  assert.deepEqual((await other.admin.call('GET', '/jobs')).body.items, [])
})

test('a job that is cancelled while it runs is ended, and what it was about to write is not there', async () => {
  const tenant = await newTenant()
  const kind = kindOf({ seconds: 60 })
  let [started, ended] = [0, 0]
  const slow = job(kind, {
    run: async (work, _input, { id, signal }) => {
      leaveTrace(work, id)
      started += 1
      signal.addEventListener('abort', () => (ended += 1))
      await sleep(30_000, undefined, { signal }).catch(() => undefined)
    },
  })
  const id = await ask(tenant, kind)
  await withWorker([slow], async () => {
    await until(() => started === 1)
    assert.equal((await tenant.admin.call('POST', `/jobs/${id}/cancel`)).status, 200)
    await until(() => ended === 1)
    await sleep(700)
  })
  assert.deepEqual(
    (await rowsOf(kind.name)).map(({ state, attempts }) => [state, attempts]),
    [['cancelled', 0]],
  )
  assert.deepEqual(await traces(tenant.id, tenant.schema), [])
})

test('all dead ones are tried anew at once; of one key one, and none whose key is taken', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  for (const key of [undefined, undefined, 'a', 'b']) {
    await ask(tenant, kind, key === undefined ? {} : { key })
  }
  await withWorker([hopeless(kind)], () => settled(kind.name))
  await ask(tenant, kind, { key: 'a' })
  await withWorker([hopeless(kind)], () => settled(kind.name))
  await ask(tenant, kind, { key: 'b' })
  assert.equal(await custodyRun((custody) => retryDead(custody, kind.name)), 3)
  const states = (await rowsOf(kind.name)).map((row) => `${row.key} ${row.state}`)
  assert.deepEqual(states.toSorted(), [
    'a failed',
    'a waiting',
    'b failed',
    'b waiting',
    'null waiting',
    'null waiting',
  ])
})

test('what is done is kept a week, what is dead three months', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  const put = (state: string, days: number) =>
    custodyRun(({ db }) =>
      db
        .insertInto('control.jobs')
        .values({
          ...{ id: crypto.randomUUID(), tenant_id: tenant.id, kind: kind.name, payload: '{}', priority: days, state },
          ...{ run_at: new Date().toISOString(), finished_at: new Date(Date.now() - days * 86_400_000).toISOString() },
        })
        .execute(),
    )
  for (const days of [6, 8, 89, 91]) for (const state of ['completed', 'failed', 'cancelled']) await put(state, days)
  await custodyRun(sweepJobs)
  const kept = (await rowsOf(kind.name)).map(({ state, priority }) => `${state} ${priority}`)
  assert.deepEqual(kept.toSorted(), [
    ...['cancelled 6', 'cancelled 8', 'cancelled 89', 'completed 6', 'failed 6', 'failed 8', 'failed 89'],
  ])
})

test('metrics tell how many jobs of a kind wait and for how long, and no tenant', async () => {
  const tenant = await newTenant()
  const kind = kindOf()
  await ask(tenant, kind, { runAt: new Date(Date.now() - 90_000) })
  await ask(tenant, kind)
  const { text } = await request('GET', '/metrics')
  assert.match(text, new RegExp(`jobs_unfinished\\{kind="${kind.name}",state="waiting"\\} 2`))
  const age = new RegExp(`jobs_oldest_waiting_seconds\\{kind="${kind.name}"\\} (\\d+)`).exec(text)?.[1]
  assert.ok(Number(age) >= 89 && Number(age) < 200, age)
  assert.ok(!text.includes(tenant.id))
  assert.equal((await testApp()).jobs.filter((one) => one.kind.name === 'jobs.sweep').length, 1)
})
