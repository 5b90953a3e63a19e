import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { newTenant, plantOf, testApp } from '#test/harness.ts'
import { fits } from './broker.ts'
import { claimBrokers, noteBrokers, releaseBrokers } from './claim-brokers.ts'
import { findNodes } from './find-nodes.ts'
import { sendRebirths } from './send-rebirths.ts'
import { arrivalOf } from './take-messages.ts'

const BROKER = {
  name: 'Gateway',
  url: 'mqtts://broker.example.test:8883',
  topics: [{ filter: 'a/+/temperature', format: 'plain' }],
}

test('a broker is entered, changed and removed; its password is never shown, and stands sealed', async () => {
  const { admin, id: tenantId } = await newTenant()
  const made = await admin.call('POST', '/plant-ops/brokers', { ...BROKER, username: 'u', password: 'hunter2 hunter2' })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(
    [made.body.version, made.body.rebirth, made.body.enabled, made.body.has_password],
    ['5', true, true, true],
  )
  assert.doesNotMatch(made.text, /hunter2/)
  const { id } = made.body as { id: string }
  const { installation } = (await testApp()).deps
  const stored = await installation.custody.run(({ db }: Custody<AllTables>) =>
    db.selectFrom('control.brokers').select('password').where('id', '=', id).executeTakeFirstOrThrow(),
  )
  assert.match(stored.password ?? '', /^v1\./)
  const path = `/plant-ops/brokers/${id}`
  const changed = await admin.call('PATCH', path, { version: '3.1.1', topics: [{ filter: '#', format: 'sparkplug' }] })
  assert.deepEqual(
    [changed.status, changed.body.version, changed.body.has_password, changed.body.revision],
    [200, '3.1.1', true, 2],
  )
  const stale = await admin.call('PATCH', path, { name: 'x' }, { 'if-match': '"1"' })
  assert.equal(stale.status, 412)
  assert.equal((await admin.call('PATCH', path, { password: null })).body.has_password, false)
  const trail = await admin.call('GET', '/audit?limit=10')
  assert.doesNotMatch(trail.text, /hunter2/)
  assert.match(trail.text, /brokers\.updated/)
  assert.equal((await admin.call('GET', '/plant-ops/brokers')).body.items.length, 1)
  assert.equal((await admin.call('DELETE', path)).status, 204)
  assert.equal((await admin.call('GET', path)).status, 404)
  const left = await installation.custody.run(({ db }: Custody<AllTables>) =>
    db.selectFrom('control.broker_states').selectAll().where('tenant_id', '=', tenantId).execute(),
  )
  assert.deepEqual(left, [])
})

test('what is no broker is refused by field', async () => {
  const { admin } = await newTenant()
  const refused = async (change: object) => {
    const answer = await admin.call('POST', '/plant-ops/brokers', { ...BROKER, ...change })
    return [answer.status, answer.body.error.code, answer.body.error.details?.[0]?.field]
  }
  assert.deepEqual(await refused({ url: 'http://x' }), [422, 'plant_ops.invalid', 'url'])
  assert.deepEqual(await refused({ url: 'mqtt://user:secret@x' }), [422, 'plant_ops.invalid', 'url'])
  assert.deepEqual(await refused({ url: 'mqtt://x:99999' }), [422, 'brokers.invalid', 'url'])
  for (const filter of ['a/#/b', 'a+', '$SYS/#', 'a#']) {
    assert.deepEqual(
      await refused({ topics: [{ filter, format: 'plain' }] }),
      [422, 'brokers.invalid', 'topics.0.filter'],
      filter,
    )
  }
  assert.deepEqual(await refused({ topics: [] }), [422, 'plant_ops.invalid', 'topics'])
  const plant_id = await plantOf(await newTenant())
  assert.deepEqual((await refused({ plant_id })).slice(0, 2), [404, 'brokers.plant_not_found'])
})

test('another company’s broker does not exist, and a viewer changes none', async () => {
  const one = await newTenant()
  const { body } = await one.admin.call('POST', '/plant-ops/brokers', BROKER)
  const { admin: stranger } = await newTenant()
  assert.equal((await stranger.call('GET', `/plant-ops/brokers/${body.id}`)).status, 404)
  assert.equal((await stranger.call('DELETE', `/plant-ops/brokers/${body.id}`)).status, 404)
  const viewer = await one.user('Viewer')
  assert.equal((await viewer.call('GET', `/plant-ops/brokers/${body.id}`)).status, 200)
  assert.equal((await viewer.call('DELETE', `/plant-ops/brokers/${body.id}`)).status, 403)
})

test('one process holds a broker at a time; what is released or not renewed is taken by another', async () => {
  const { admin } = await newTenant()
  const { body } = await admin.call('POST', '/plant-ops/brokers', BROKER)
  const { custody } = (await testApp()).deps.installation
  const [one, two] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']
  const claimed = (holder: string) =>
    custody.run(async (work) => (await claimBrokers(work, holder)).some(({ id }) => id === body.id))
  assert.deepEqual([await claimed(one), await claimed(two), await claimed(one)], [true, false, true])
  await custody.run(({ db }: Custody<AllTables>) =>
    db
      .updateTable('control.broker_states')
      .set({ held_until: new Date(0).toISOString() })
      .where('broker_id', '=', body.id)
      .execute(),
  )
  assert.deepEqual([await claimed(two), await claimed(one)], [true, false])
  await custody.run(({ db }: Custody<AllTables>) =>
    db
      .updateTable('control.broker_states')
      .set({ held_until: new Date(Date.now() + 3_600_000).toISOString(), holder: one })
      .where('broker_id', '=', body.id)
      .execute(),
  )
  assert.equal(await claimed(two), true, 'a claim of an hour was made by a clock that was set back since')
  const feed = { tenant_id: admin.tenantId, id: body.id as string, plant_id: null, topics: [] }
  const tally = { messages: 3, readings: 2, rejected: 0, garbage: 1, error: 'a/b: nonsense' }
  await custody.run((work) => noteBrokers(work, one, [{ broker: feed, connected: true, tally }]))
  assert.equal(
    (await admin.call('GET', `/plant-ops/brokers/${body.id}`)).body.state.messages,
    0,
    'who lost it says nothing more',
  )
  await custody.run((work) => noteBrokers(work, two, [{ broker: feed, connected: true, tally }]))
  const { state } = (await admin.call('GET', `/plant-ops/brokers/${body.id}`)).body
  assert.deepEqual([state.connected, state.messages, state.garbage, state.last_error], [true, 3, 1, 'a/b: nonsense'])
  await custody.run((work) => releaseBrokers(work, two))
  assert.equal(await claimed(one), true)
  await admin.call('PATCH', `/plant-ops/brokers/${body.id}`, { enabled: false })
  assert.equal(await claimed(one), false)
  await custody.run((work) => releaseBrokers(work, one))
})

test('topics fit filters as MQTT says', () => {
  const table: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['+/b', 'a/b', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['a/b', 'a', false],
    ['a', 'a/b', false],
  ]
  for (const [filter, topic, fit] of table) assert.equal(fits(filter, topic), fit, `${filter} ${topic}`)
})

test('the time of a message that brings none is after the one before, and what a clock says that was set back', () => {
  const T = Date.now()
  assert.deepEqual(
    [arrivalOf(T, 0), arrivalOf(T, T), arrivalOf(T, T + 7), arrivalOf(T, T + 3_600_000)],
    [T, T + 1, T + 8, T],
  )
})

test('nodes are asked for their births one after the other, not twice in 30 s, and not those that told them meanwhile', async () => {
  const [sent, born] = [[] as string[], new Set<string>()]
  let now = 1_000_000
  const rebirths = sendRebirths({
    send: (node) => void sent.push(node),
    isBorn: (node) => born.has(node),
    clock: () => now,
  })
  const settled = async (count: number): Promise<void> => {
    for (const end = Date.now() + 10_000; sent.length < count && Date.now() < end;) await sleep(5)
  }
  const begin = performance.now()
  rebirths.askUnborn(['g/a', 'g/b', 'g/c', 'g/d'])
  rebirths.ask(['g/d', 'g/d'])
  born.add('g/b').add('g/d')
  await settled(3)
  assert.deepEqual(sent, ['g/a', 'g/c', 'g/d'], 'what has a gap is asked though it was born')
  assert.ok(performance.now() - begin >= 90, 'paced')
  rebirths.ask(['g/a'])
  now += 30_000
  rebirths.ask(['g/a'])
  await settled(4)
  assert.deepEqual(sent.slice(3), ['g/a'])
  rebirths.ask(['g/e'])
  rebirths.stop()
  await sleep(100)
  assert.equal(sent.length, 4)
})

test('the nodes that are asked are those that feed sensors and that the broker may have', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const sources = [
    String.raw`g/node\ 1/device a/b\ c`,
    ...[
      'g/n2 temp',
      'g/n2/d2 temp',
      'other/n temp',
      'site/3/temperature value',
      'boiler,area=3 temp',
      'a/b/c/d x',
      'plain x',
    ],
  ]
  for (const source of sources) {
    const made = await tenant.admin.call('POST', '/plant-ops/sensors', { plant_id, name: 'T', unit: 'Cel', source })
    assert.equal(made.status, 201, made.text)
  }
  const { database } = (await testApp()).deps.installation
  const nodes = async (...topics: [string, 'plain' | 'sparkplug'][]) =>
    (
      await findNodes(database, {
        ...{ tenant_id: tenant.id, id: plant_id, plant_id: null },
        topics: topics.map(([filter, format]) => ({ filter, format })),
      })
    ).toSorted()
  assert.deepEqual(await nodes(['spBv1.0/g/#', 'sparkplug']), ['g/n2', 'g/node 1'])
  assert.deepEqual(await nodes(['spBv1.0/#', 'sparkplug'], ['site/#', 'plain']), ['g/n2', 'g/node 1', 'other/n'])
  assert.deepEqual(await nodes(['site/#', 'plain']), [])
  const { id } = await newTenant()
  assert.deepEqual(
    await findNodes(database, { tenant_id: id, id, plant_id: null, topics: [{ filter: '#', format: 'sparkplug' }] }),
    [],
  )
})
