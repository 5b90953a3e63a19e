import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newTenant, plantOf, request, type TestUser } from '#test/harness.ts'
import { makePlant, tellMany } from './live.fixture.ts'

type Event = {
  type: string
  sequence: number
  id: string
  data: Record<string, unknown>
  subject: string
  time: string
}

/** The history once it holds so many events: they get their places a moment after the answer. */
async function history(user: TestUser, count: number, query = ''): Promise<Event[]> {
  let items: Event[] = []
  for (let turn = 0; turn < 100; turn += 1) {
    const { status, body } = await user.call('GET', `/events?limit=200${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    items = body.items
    if (items.length >= count) break
    await sleep(20)
  }
  return items
}
const types = (events: Event[]): string[] => events.map(({ type }) => type)

for (const isolation of ['shared', 'schema'] as const) {
  test(`${isolation}: what happened is told in its order, as CloudEvents, and to no stranger`, async () => {
    const [tenant, stranger] = [await newTenant({ isolation }), await newTenant({ isolation })]
    const { admin } = tenant
    const id = await makePlant(admin)
    await admin.call('PATCH', `/plants/${id}`, { name: 'Serra Alta', notes: 'da vedere' })
    await admin.call('DELETE', `/plants/${id}`)
    const events = await history(admin, 3)
    assert.deepEqual(types(events), ['PlantCreated', 'PlantUpdated', 'PlantDeleted'])
    const [, updated] = events
    assert.deepEqual(updated, {
      ...{ specversion: '1.0', id: `${tenant.id}:2`, source: `urn:uuid:${tenant.id}`, type: 'PlantUpdated' },
      ...{ subject: `plants/${id}`, time: updated!.time, datacontenttype: 'application/json', tenantid: tenant.id },
      ...{ sequence: 2, data: { plant_id: id, changed: ['name', 'notes'] } },
    })
    assert.ok(Math.abs(Date.now() - Date.parse(updated.time)) < 60_000)
    assert.deepEqual(await history(stranger.admin, 0), [])
  })
}

test('page by page without a gap or a repetition, and on from the last one that one has', async () => {
  const { admin } = await newTenant()
  await tellMany(admin, 5, 1)
  await history(admin, 5)
  const seen: number[] = []
  for (let cursor: string | null = '0'; cursor !== null;) {
    const { body }: { body: { items: Event[]; next_cursor: string | null } } = await admin.call(
      'GET',
      `/events?limit=2&cursor=${cursor}`,
    )
    seen.push(...body.items.map(({ sequence }) => sequence))
    cursor = body.next_cursor
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5])
  const none = await admin.call('GET', '/events?cursor=5')
  assert.deepEqual(none.body, { items: [], next_cursor: null })
  await makePlant(admin)
  assert.deepEqual(types(await history(admin, 1, '&cursor=5')), ['PlantCreated'])
})

test('by type and by topic; a filter that leaves out the last events ends all the same', async () => {
  const { admin } = await newTenant()
  await makePlant(admin)
  await admin.call('POST', '/roles', { name: 'Lettore', permissions: ['plants.read'] })
  await history(admin, 2)
  assert.deepEqual(types(await history(admin, 1, '&type=RoleCreated')), ['RoleCreated'])
  assert.deepEqual(types(await history(admin, 1, '&topic=plants')), ['PlantCreated'])
  assert.deepEqual(await history(admin, 0, '&topic=plants&type=RoleCreated'), [])
  const { body } = await admin.call('GET', '/events?limit=1&type=PlantCreated')
  assert.deepEqual([body.items.length, body.next_cursor], [1, '1'])
  assert.deepEqual((await admin.call('GET', '/events?type=PlantCreated&cursor=1')).body, {
    items: [],
    next_cursor: null,
  })
})

test('a kind is told to who may see it now: a changed role or key acts with the next call', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const viewer = await tenant.user('Viewer')
  await makePlant(admin)
  const role = (await admin.call('POST', '/roles', { name: 'Lettore', permissions: ['events.read', 'roles.read'] }))
    .body
  await history(admin, 2)
  assert.deepEqual(types(await history(viewer, 1)), ['PlantCreated'])
  await admin.call('PATCH', `/users/${viewer.userId}`, { role: 'Lettore' })
  assert.deepEqual(types(await history(viewer, 1)), ['RoleCreated'])
  await admin.call('PATCH', `/roles/${role.id}`, { permissions: ['plants.read'] })
  assert.equal((await viewer.call('GET', '/events')).status, 403)

  const wanted = { name: 'SCADA', permissions: ['events.read', 'plants.read', 'api_keys.read'] }
  const made = (await admin.call('POST', '/api-keys', wanted)).body
  const byKey = () => request('GET', '/api/v1/events', { token: made.key })
  await history(admin, 5)
  assert.deepEqual(types((await byKey()).body.items), ['PlantCreated', 'ApiKeyCreated'])
  await admin.call('DELETE', `/api-keys/${made.id}`)
  assert.equal((await byKey()).status, 401)
})

test('who sees some plants only is told of those, and of what belongs to no plant', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  const [mine, hers] = [await plantOf(tenant), await plantOf(tenant)]
  await tellMany(admin, 1, 1)
  for (const id of [mine, hers]) await admin.call('PATCH', `/plants/${id}`, { name: 'Altra' })
  const events = await history(admin, 3)
  const limited = await tenant.user('Asset Manager', [mine])
  const seen = await history(limited, 2)
  assert.deepEqual(
    seen.map(({ sequence }) => sequence),
    events.filter(({ subject }) => !subject.includes(hers)).map(({ sequence }) => sequence),
  )
  assert.equal(seen.length, events.length - 1)
})

test('what a person is called stands in no event', async () => {
  const { admin } = await newTenant()
  const person = { email: 'giulia.segreta@example.it', name: 'Giulia', surname: 'Segreta', role: 'Viewer' }
  const { id } = (await admin.call('POST', '/users', person)).body
  await admin.call('PATCH', `/users/${id}`, { surname: 'Nascosta' })
  await admin.call('DELETE', `/users/${id}`)
  const events = await history(admin, 3)
  assert.deepEqual(types(events), ['UserCreated', 'UserUpdated', 'UserDeleted'])
  assert.doesNotMatch(JSON.stringify(events), /giulia|segreta|nascosta/i)
})

for (const [query, field] of [
  ['cursor=x', 'cursor'],
  ['cursor=-1', 'cursor'],
  ['cursor=1.5', 'cursor'],
  ['cursor=9999999999999999', 'cursor'],
  ["cursor=1' or 1=1", 'cursor'],
  ['type=Nothing', 'type'],
  ['type=plantcreated', 'type'],
  ['topic=Plants', 'topic'],
  ['topic=', 'topic'],
  ['limit=0', 'limit'],
  ['limit=201', 'limit'],
  ['since=1', 'since'],
] as const) {
  test(`GET /events?${query}: 422, and the field is named`, async () => {
    const { admin } = await newTenant()
    const { status, body } = await admin.call('GET', `/events?${encodeURI(query)}`)
    assert.deepEqual([status, body.error.code, body.error.details[0].field], [422, 'events.invalid', field])
  })
}

test('nobody, and a role without events.read, are told nothing', async () => {
  const tenant = await newTenant()
  await tenant.admin.call('POST', '/roles', { name: 'Muto', permissions: ['plants.read'] })
  const mute = await tenant.user('Muto')
  assert.equal((await request('GET', '/api/v1/events')).status, 401)
  assert.equal((await mute.call('GET', '/events')).status, 403)
})
