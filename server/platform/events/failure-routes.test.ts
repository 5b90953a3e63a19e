import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { newTenant, testApp, type TestTenant } from '#test/harness.ts'
import { make, newWorld } from '#test/specimens.ts'
import { forgetSubscriber, positionAt, readEventsState, replayFrom, replayOf } from './subscriber-state.ts'

const FAILURES = '/api/v1/events/failures/{id}'
const failureOf = async (tenant: TestTenant): Promise<string> => (await make(FAILURES, await newWorld(tenant))).id

test('what a subscriber could not deal with is listed with its reason, and tried again when asked for', async () => {
  const tenant = await newTenant()
  const id = await failureOf(tenant)
  const { body } = await tenant.admin.call('GET', '/events/failures?state=failed')
  assert.equal(body.items.length, 1)
  const { created_at, retry_at, sequence, ...seen } = body.items[0]
  assert.ok(created_at && retry_at && sequence > 0)
  assert.deepEqual(seen, {
    ...{ id, subscriber: 'test.specimen', type: 'PlantCreated', subject: 'plants/1', state: 'failed', attempts: 6 },
    error: 'internal: Something broke.',
  })
  const retried = await tenant.admin.call('POST', `/events/failures/${id}/retry`)
  assert.deepEqual([retried.status, retried.body.state, retried.body.attempts], [200, 'retrying', 0])
  const trail = await tenant.admin.call('GET', `/audit?resource_id=${id}&action=events.failure_retried`)
  assert.equal(trail.body.items.length, 1)
})

test('what is let go is gone, and the trail says of what', async () => {
  const tenant = await newTenant()
  const id = await failureOf(tenant)
  assert.equal((await tenant.admin.call('DELETE', `/events/failures/${id}`)).status, 204)
  for (const [method, path] of [
    ['GET', `/events/failures/${id}`],
    ['POST', `/events/failures/${id}/retry`],
    ['DELETE', `/events/failures/${id}`],
  ] as const) {
    const { status, body } = await tenant.admin.call(method, path)
    assert.deepEqual([status, body.error.code], [404, 'events.failure_not_found'])
  }
  const trail = await tenant.admin.call('GET', `/audit?resource_id=${id}&action=events.failure_dismissed`)
  assert.equal(trail.body.items[0].before.subscriber, 'test.specimen')
})

test('a page says where the next one begins; only who may manage events sees them', async () => {
  const tenant = await newTenant()
  const world = await newWorld(tenant)
  for (let n = 0; n < 5; n++) await make(FAILURES, world)
  const seen = new Set<string>()
  for (let cursor = ''; ;) {
    const { body } = await tenant.admin.call('GET', `/events/failures?limit=2${cursor}`)
    for (const { id } of body.items) seen.add(id as string)
    if (body.next_cursor === null) break
    cursor = `&cursor=${body.next_cursor}`
  }
  assert.equal(seen.size, 5)
  assert.equal((await (await tenant.user('Asset Manager')).call('GET', '/events/failures')).status, 403)
  for (const query of ['state=ill', 'limit=0', 'cursor=x', 'more=1']) {
    assert.equal((await tenant.admin.call('GET', `/events/failures?${query}`)).status, 422)
  }
})

test('a subscriber is sent back for all tenants, or one tenant’s events are given to it once more', async () => {
  const tenant = await newTenant()
  await tenant.admin.call('POST', '/plants', { name: 'One', code: 'ONE', type: 'Wind', status: 'In Operation' })
  const { custody } = (await testApp()).deps.installation
  const name = 'test.replayed'
  const state = () =>
    custody.run(async (work) => (await readEventsState(work)).subscribers.find((one) => one.name === name)!)
  await custody.run(async ({ db }) => {
    await sql`insert into control.event_subscribers (name, position) values (${name}, 1000000000)`.execute(db)
  })
  for (let waited = 0; waited < 100; waited++) {
    const sent = await custody.run((work) => replayOf(work, { name, types: 'all', tenantId: tenant.id, sequence: 1 }))
    if (sent > 0) break
    await sleep(20)
  }
  assert.ok((await state()).retrying > 0)
  await custody.run(async (work) => replayFrom(work, name, await positionAt(work, '2000-01-01T00:00:00Z')))
  assert.deepEqual([(await state()).position, (await state()).behind > 0], [0, true])
  await custody.run((work) => forgetSubscriber(work, name))
  for (const use of [replayFrom, forgetSubscriber] as const) {
    await assert.rejects(
      custody.run((work) => use(work, name, 1)),
      /No subscriber has this name/,
    )
  }
  await assert.rejects(
    custody.run((work) => replayOf(work, { name, types: 'all', tenantId: tenant.id, sequence: 1 })),
    /No subscriber has this name/,
  )
})
