import assert from 'node:assert/strict'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { newTenant, plantOf, request } from '#test/harness.ts'
import {
  eventsOf,
  listeningApp,
  liveServer,
  makePlant,
  openSocket,
  subscribed,
  tellMany,
  typesOf,
} from './live.fixture.ts'

const isEvent = ({ type }: { type: string }): boolean => type === 'event'
const ofType =
  (wanted: string) =>
  ({ type, event }: { type: string; event?: { type: string } }): boolean =>
    type === 'event' && event?.type === wanted

for (const isolation of ['shared', 'schema'] as const) {
  test(`${isolation}: what is written through one application arrives at the clients of another, and at no stranger’s`, async () => {
    await using server = await listeningApp()
    const [tenant, stranger] = [await newTenant({ isolation }), await newTenant({ isolation })]
    const mine = await subscribed(server.port, tenant.admin, { topics: ['plants'] })
    const theirs = await subscribed(server.port, stranger.admin)
    // By the application of the whole run, which is not the one that listens.
    const id = await makePlant(tenant.admin)
    const { event } = await mine.saw(isEvent)
    assert.deepEqual(
      [event.type, event.subject, event.sequence, event.tenantid],
      ['PlantCreated', `plants/${id}`, 1, tenant.id],
    )
    const { body } = await tenant.admin.call('GET', '/events')
    assert.deepEqual(event, body.items[0], 'live and history say the same')
    await makePlant(stranger.admin)
    await theirs.saw(isEvent)
    await sleep(100)
    assert.deepEqual(
      eventsOf(theirs).map(({ tenantid }) => tenantid),
      [stranger.id],
    )
    assert.deepEqual(eventsOf(mine).length, 1)
  })
}

test('the messages are those of the contract', async () => {
  await using server = await listeningApp()
  const { id, admin } = await newTenant()
  const client = await openSocket(server.port)
  client.send({ type: 'auth', token: admin.token })
  const { expires_at, ...hello } = await client.saw(({ type }) => type === 'authenticated')
  assert.deepEqual(hello, { type: 'authenticated', tenant_id: id })
  assert.ok(Date.parse(expires_at) > Date.now())
  client.send({ type: 'ping' })
  assert.deepEqual(await client.saw(({ type }) => type === 'pong'), { type: 'pong' })
  client.send({ type: 'subscribe', topics: ['plants', 'workflows'] })
  assert.deepEqual(await client.saw(({ type }) => type === 'subscribed'), {
    ...{ type: 'subscribed', topics: ['plants', 'workflows'], after: 0 },
  })
  await makePlant(admin)
  assert.deepEqual(Object.keys(await client.saw(isEvent)), ['type', 'event'])
  client.close()
  assert.equal((await client.closed).code, 1005)
})

test('resumed while events keep coming: none is lost, none comes twice, all in their order', async () => {
  await using server = await listeningApp()
  const { admin } = await newTenant()
  await tellMany(admin, 350, 10)
  let writing = true
  const writer = (async () => {
    for (let n = 0; n < 60 && writing; n += 1) await tellMany(admin, 7, 10)
  })()
  const sequences: number[] = []
  for (let turn = 0; turn < 5; turn += 1) {
    const client = await subscribed(server.port, admin, { after: sequences.at(-1) ?? 0 })
    await client.saw((message) => isEvent(message) && message.event.sequence >= (sequences.at(-1) ?? 0) + 80)
    client.close()
    await client.closed
    sequences.push(...eventsOf(client).map(({ sequence }) => sequence))
  }
  await writer
  writing = false
  const last = await subscribed(server.port, admin, { after: sequences.at(-1)! })
  await tellMany(admin, 1, 10)
  await last.saw((message) => isEvent(message) && message.event.sequence === 350 + 420 + 1)
  sequences.push(...eventsOf(last).map(({ sequence }) => sequence))
  assert.deepEqual(
    sequences,
    Array.from({ length: 771 }, (_, at) => at + 1),
  )
})

test('by topic, and another subscription replaces the first; without topics everything', async () => {
  await using server = await listeningApp()
  const { admin } = await newTenant()
  const client = await subscribed(server.port, admin, { topics: ['identity'] })
  await makePlant(admin)
  await admin.call('POST', '/roles', { name: 'A', permissions: [] })
  await client.saw(ofType('RoleCreated'))
  assert.deepEqual(typesOf(client), ['RoleCreated'])
  client.send({ type: 'subscribe', after: 0 })
  await client.saw(ofType('PlantCreated'))
  await client.saw((message) => message.type === 'event' && eventsOf(client).length === 3)
  assert.deepEqual(typesOf(client), ['RoleCreated', 'PlantCreated', 'RoleCreated'])
})

test('who sees some plants only is told of those; a scope changed while connected acts at once', async () => {
  await using server = await listeningApp()
  const tenant = await newTenant()
  const [mine, hers] = [await plantOf(tenant), await plantOf(tenant)]
  const limited = await tenant.user('Asset Manager', [mine])
  const client = await subscribed(server.port, limited)
  const change = (id: string, name: string) => tenant.admin.call('PATCH', `/plants/${id}`, { name })
  await change(hers, 'A')
  await change(mine, 'B')
  await client.saw(isEvent)
  await tenant.admin.call('PATCH', `/users/${limited.userId}`, { plant_scope: [hers] })
  await change(mine, 'C')
  await change(hers, 'D')
  await client.saw(({ event }) => event?.data.plant_id === hers)
  assert.deepEqual(
    eventsOf(client).map(({ data }) => data.plant_id),
    [mine, hers],
  )
})

test('a permission that is taken away while connected ends what it showed, and then the connection', async () => {
  await using server = await listeningApp()
  const tenant = await newTenant()
  const { admin } = tenant
  const role = (
    await admin.call('POST', '/roles', { name: 'Lettore', permissions: ['events.read', 'plants.read', 'roles.read'] })
  ).body
  // From the beginning: the role's own event may get its place before the subscription or after it.
  const client = await subscribed(server.port, await tenant.user('Lettore'), { after: 0 })
  await makePlant(admin)
  await client.saw(ofType('PlantCreated'))
  await admin.call('PATCH', `/roles/${role.id}`, { permissions: ['events.read', 'roles.read'] })
  await makePlant(admin)
  await admin.call('POST', '/roles', { name: 'Altro', permissions: [] })
  await client.saw(({ event }) => event?.data.name === 'Altro')
  assert.deepEqual(typesOf(client), ['RoleCreated', 'PlantCreated', 'RoleUpdated', 'RoleCreated'])
  await admin.call('PATCH', `/roles/${role.id}`, { permissions: ['roles.read'] })
  const { error } = await client.saw(({ type }) => type === 'error')
  assert.equal(error.code, 'auth.forbidden')
  assert.deepEqual(await client.closed, { code: 4403, reason: 'auth.forbidden' })
})

test('a session that ends ends its connections at once; a revoked key likewise', async () => {
  await using server = await listeningApp()
  const tenant = await newTenant()
  const { admin } = tenant
  const viewer = await tenant.user('Viewer')
  const key = (await admin.call('POST', '/api-keys', { name: 'SCADA', permissions: ['events.read', 'plants.read'] }))
    .body
  const [byUser, byKey] = [await subscribed(server.port, viewer), await subscribed(server.port, { token: key.key })]
  await makePlant(admin)
  await Promise.all([byUser.saw(isEvent), byKey.saw(isEvent)])
  await viewer.call('POST', '/auth/logout')
  assert.deepEqual(await byUser.closed, { code: 4401, reason: 'auth.not_signed_in' })
  await admin.call('DELETE', `/api-keys/${key.id}`)
  assert.deepEqual(await byKey.closed, { code: 4401, reason: 'auth.not_signed_in' })
  assert.deepEqual(typesOf(byKey), ['PlantCreated'])
})

test('another token of the same user goes on; one of somebody else is refused', async () => {
  await using server = await listeningApp()
  const tenant = await newTenant()
  const client = await subscribed(server.port, tenant.admin)
  client.send({ type: 'auth', token: tenant.admin.token })
  await client.saw(
    (message) =>
      message.type === 'authenticated' && client.messages.filter(({ type }) => type === 'authenticated').length === 2,
  )
  client.send({ type: 'auth', token: (await tenant.user('Viewer')).token })
  const { error } = await client.saw(({ type }) => type === 'error')
  assert.deepEqual([error.code, error.details[0].field], ['events.message_invalid', 'token'])
  await makePlant(tenant.admin)
  await client.saw(isEvent)
})

test('a subscription that cannot be followed is refused by field, and the next one holds', async () => {
  await using server = await listeningApp()
  const { admin } = await newTenant()
  const client = await openSocket(server.port)
  client.send({ type: 'auth', token: admin.token })
  const wrong: [object, string][] = [
    [{ type: 'subscribe', topics: ['plants', 'nothing'] }, 'topics'],
    [{ type: 'subscribe', topics: [] }, 'topics'],
    [{ type: 'subscribe', topics: 'plants' }, 'topics'],
    [{ type: 'subscribe', after: -1 }, 'after'],
    [{ type: 'subscribe', after: '1' }, 'after'],
    [{ type: 'subscribe', since: 1 }, 'since'],
    [{ type: 'shout' }, 'type'],
    [{}, 'type'],
  ]
  for (const [message] of wrong) client.send(message)
  client.send({ type: 'subscribe', topics: ['plants'] })
  await client.saw(({ type }) => type === 'subscribed')
  assert.deepEqual(
    client.messages.filter(({ type }) => type === 'error').map(({ error }) => [error.code, error.details[0].field]),
    wrong.map(([, field]) => ['events.message_invalid', field]),
  )
})

test('from beyond the end of history is refused: what comes in between would be missed', async () => {
  await using server = await listeningApp()
  const client = await subscribed(server.port, (await newTenant()).admin, { after: 1_000 })
  assert.deepEqual(await client.closed, { code: 1008, reason: 'events.message_invalid' })
})

test('an ordinary request to /ws, and an upgrade elsewhere, are answered as requests', async () => {
  await using server = await listeningApp()
  const plain = await fetch(`http://127.0.0.1:${server.port}/api/v1/ws`)
  assert.deepEqual(
    [plain.status, ((await plain.json()) as { error: { code: string } }).error.code],
    [400, 'events.upgrade_needed'],
  )
  const elsewhere = await new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    get({ port: server.port, path: '/api/v1/plants', headers }, (answer) => resolve(answer.resume().statusCode)).on(
      'error',
      reject,
    )
  })
  assert.equal(elsewhere, 401)
  assert.equal((await request('GET', '/api/v1/ws')).status, 400)
})

test('going down: clients are told, and nothing holds the end up', async () => {
  const server = await listeningApp()
  const { admin } = await newTenant()
  const [client, stranger] = [await subscribed(server.port, admin), await openSocket(server.port)]
  const before = performance.now()
  await server.app.close()
  assert.deepEqual(await client.closed, { code: 1001, reason: 'events.going_down' })
  assert.equal((await stranger.closed).code, 1001)
  assert.ok(performance.now() - before < 5_000)
})

test('no more connections than a company may have', async () => {
  await using server = await liveServer({ ofTenant: 2 })
  const [{ admin }, other] = [await newTenant(), await newTenant()]
  const clients = [await subscribed(server.port, admin), await subscribed(server.port, admin)]
  const third = await subscribed(server.port, admin)
  assert.deepEqual(await third.closed, { code: 1008, reason: 'events.too_many_followers' })
  await subscribed(server.port, other.admin)
  clients[0]!.close()
  await clients[0]!.closed
  await sleep(50)
  const fourth = await subscribed(server.port, admin)
  assert.equal(fourth.messages.at(-1).type, 'subscribed')
})

test('no more connections than a process keeps of those who do not say who they are', async () => {
  await using server = await liveServer({ strangers: 2 })
  const [first] = [await openSocket(server.port), await openSocket(server.port)]
  assert.deepEqual(await (await openSocket(server.port)).closed, { code: 1008, reason: 'events.too_many_followers' })
  first.close()
  await first.closed
  await sleep(50)
  await subscribed(server.port, (await newTenant()).admin)
  await subscribed(server.port, (await newTenant()).admin)
})

test('a token that expires ends the connection, unless a newer one came before; a session that is over is not let in', async () => {
  await using server = await liveServer({}, { tokenMs: 600 })
  const tenant = await newTenant()
  const [client, renewing] = [await subscribed(server.port, tenant.admin), await subscribed(server.port, tenant.admin)]
  await sleep(300)
  renewing.send({ type: 'auth', token: tenant.admin.token })
  assert.deepEqual(await client.closed, { code: 4401, reason: 'events.token_expired' })
  await sleep(50)
  renewing.send({ type: 'ping' })
  await renewing.saw(({ type }) => type === 'pong')
  assert.deepEqual(await renewing.closed, { code: 4401, reason: 'events.token_expired' })

  const gone = await tenant.user('Viewer')
  await gone.call('POST', '/auth/logout')
  const late = await openSocket(server.port)
  late.send({ type: 'auth', token: gone.token })
  assert.deepEqual(await late.closed, { code: 4401, reason: 'auth.not_signed_in' })
})
