import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { Registry } from 'prom-client'
import type { FastifyRequest } from 'fastify'
import { appWith, newTenant, request, testApp, type TestUser } from '#test/harness.ts'
import { openDenials } from './denials.ts'

const list = async (user: TestUser, query = '') => (await user.call('GET', `/audit?${query}`)).body

const makeRole = (user: TestUser, name: string) => user.call('POST', '/roles', { name, permissions: [] })

test('the trail is newest first, page by page, without a gap and without a repetition', async () => {
  const { admin } = await newTenant()
  for (const name of ['a', 'b', 'c', 'd', 'e']) await makeRole(admin, name)
  const names: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: { after: { name: string } }[]; next_cursor: string | null } = await list(
      admin,
      `limit=2${cursor && `&cursor=${cursor}`}`,
    )
    names.push(...page.items.map(({ after }) => after.name))
    cursor = page.next_cursor
    if (names.length === 2) await makeRole(admin, 'later')
  }
  assert.deepEqual(names, ['e', 'd', 'c', 'b', 'a'])
})

test('an entry says who, what, when, from where and by which request', async () => {
  const { admin } = await newTenant()
  const made = await admin.call(
    'POST',
    '/roles',
    { name: 'A', permissions: [] },
    { 'x-request-id': 'from-the-console-7' },
  )
  const [entry] = (await list(admin)).items
  assert.deepEqual(entry, {
    ...{ id: entry.id, at: entry.at, actor: { kind: 'user', id: admin.userId, name: 'Admin Test' } },
    ...{ action: 'roles.created', resource: 'role', resource_id: made.body.id, before: null },
    ...{ after: { name: 'A', description: null, permissions: [] }, request_id: 'from-the-console-7' },
    ...{ outcome: 'done', ip: '127.0.0.1', repeats: 1, erased: false },
  })
  assert.ok(Math.abs(Date.now() - Date.parse(entry.at)) < 60_000)
})

test('the trail is filtered by action, resource, actor, outcome and time', async () => {
  const tenant = await newTenant()
  const other = await tenant.user('Admin')
  const { body } = await makeRole(tenant.admin, 'A')
  await makeRole(other, 'B')
  await tenant.admin.call('DELETE', `/roles/${body.id}`)
  const count = async (query: string) => (await list(tenant.admin, query)).items.length
  assert.equal(await count('action=roles.created'), 2)
  assert.equal(await count(`resource=role&resource_id=${body.id}`), 2)
  assert.equal(await count(`actor_id=${other.userId}`), 1)
  assert.equal(await count('outcome=denied'), 0)
  const [newest] = (await list(tenant.admin)).items
  assert.equal(await count(`from=${newest.at}`), 1)
  assert.equal(await count(`to=${newest.at}`), 2)
})

test('a cursor of somebody’s own making is refused, and the field is named', async () => {
  const { admin } = await newTenant()
  for (const cursor of ['x', Buffer.from(`2026-13-41T00:00:00Z ${uuidv7()}`).toString('base64url')]) {
    const answer = await admin.call('GET', `/audit?cursor=${cursor}`)
    assert.deepEqual([answer.status, answer.body.error.details[0].field], [422, 'cursor'])
  }
})

test('another company’s trail does not exist, also by its cursor', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  for (const name of ['a', 'b', 'c']) await makeRole(other.admin, name)
  const { next_cursor } = await list(other.admin, 'limit=1')
  assert.deepEqual((await list(tenant.admin, `cursor=${next_cursor}`)).items, [])
  assert.deepEqual((await list(tenant.admin, `actor_id=${other.admin.userId}`)).items, [])
})

test('who is limited to some plants reads nothing of the others in the trail', async () => {
  const tenant = await newTenant()
  const [mine, hers] = [uuidv7(), uuidv7()]
  await tenant.admin.write('plants.write', async (work) => {
    for (const plant_id of [mine, hers]) {
      work.record({ action: 'plants.updated', resource: 'plant', resource_id: plant_id, plant_id })
    }
    await work.db.selectFrom('plants').select('id').execute()
  })
  const manager = await tenant.user('Asset Manager', [mine])
  const ids = (await list(manager)).items.map((entry: { resource_id: string }) => entry.resource_id)
  assert.deepEqual(ids, [mine])
  assert.equal((await list(tenant.admin)).items.length, 2)
})

test('denied access is in the trail of the caller’s company, repetitions folded into one row', async () => {
  const app = await appWith({})
  try {
    const tenant = await newTenant()
    const viewer = await tenant.user('Viewer')
    const knock = (url: string) => request('GET', `/api/v1${url}`, { token: viewer.token, app })
    for (let i = 0; i < 5; i += 1) assert.equal((await knock(`/users/${uuidv7()}`)).status, 403)
    assert.equal((await knock('/api-keys')).status, 403)
    await app.deps.denials.flush()
    for (let i = 0; i < 2; i += 1) await knock(`/users/${uuidv7()}`)
    await app.deps.denials.flush()
    const { items } = await list(tenant.admin, 'outcome=denied')
    const rows = items.map(({ resource, repeats }: { resource: string; repeats: number }) => [resource, repeats])
    assert.deepEqual(Object.fromEntries(rows), { 'GET /api/v1/users/:id': 7, 'GET /api/v1/api-keys': 1 })
    const { action, actor, after, ip } = items[0]
    assert.deepEqual(
      { action, actor, after, ip },
      {
        ...{ action: 'access.denied', actor: { kind: 'user', id: viewer.userId, name: 'Viewer Test' } },
        ...{ after: { code: 'auth.forbidden' }, ip: '127.0.0.1' },
      },
    )
  } finally {
    await app.close()
  }
})

test('what is not written when the application closes is written then', async () => {
  const app = await appWith({})
  const tenant = await newTenant()
  const viewer = await tenant.user('Viewer')
  await request('GET', '/api/v1/users', { token: viewer.token, app })
  await app.close()
  assert.equal((await list(tenant.admin, 'outcome=denied')).items.length, 1)
})

test('a session that has ended is a denial of its company, a token of nobody is none', async () => {
  const { deps } = await testApp()
  const tenant = await newTenant()
  const user = await tenant.user('Viewer')
  await tenant.admin.call('DELETE', `/users/${user.userId}`)
  assert.equal((await user.call('GET', '/plants')).status, 401)
  assert.equal((await request('GET', '/api/v1/plants', { token: 'nonsense' })).status, 401)
  await deps.denials.flush()
  const { items } = await list(tenant.admin, 'outcome=denied')
  assert.deepEqual(
    items.map(({ after }: { after: { code: string } }) => after.code),
    ['auth.not_signed_in'],
  )
})

test('a storm of denials is counted and does not fill the memory', async () => {
  const { deps } = await testApp()
  const tenant = await newTenant()
  const denials = openDenials(deps.installation.database, deps.log, 3)
  const registry = new Registry()
  denials.measure(registry)
  for (let i = 0; i < 10; i += 1) {
    const actor = { kind: 'user', id: uuidv7(), account_id: null, session_id: null } as const
    const caller = { principal: 's', tenantId: tenant.id, tier: 'standard', actor }
    const denied = { caller, method: 'GET', routeOptions: { url: '/x' }, id: 'r', ip: '::1' }
    denials.record(denied as unknown as FastifyRequest, 'auth.forbidden')
  }
  await denials.close()
  assert.equal((await list(tenant.admin, 'outcome=denied')).items.length, 3)
  assert.match(await registry.metrics(), /audit_denials_dropped_total 7/)
})
