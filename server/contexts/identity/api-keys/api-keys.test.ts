import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { type Answer, newTenant, plantOf, request, testApp } from '#test/harness.ts'
import { byCustody } from '../sign-in/people.fixture.ts'
import { isApiKey } from '../tokens/opaque-token.ts'
import { openKeyUses } from './key-uses.ts'

const code = (answer: Answer): string => answer.body.error.code
const by = (key: string, path: string, method: 'GET' | 'POST' | 'PATCH' = 'GET', body?: unknown) =>
  request(method, `/api/v1${path}`, { headers: { 'x-api-key': key }, body })

test('a key is shown once, kept as a hash, and works in both headers', async () => {
  const tenant = await newTenant()
  const made = await tenant.admin.call('POST', '/api-keys', { name: 'Gateway', permissions: ['plants.read'] })
  assert.equal(made.status, 201, made.text)
  const { id, key, ...shown } = made.body
  assert.ok(isApiKey(key))
  assert.ok(key.startsWith(shown.hint))
  const read = await tenant.admin.call('GET', `/api-keys/${id}`)
  assert.deepEqual(read.body, { id, ...shown })
  const listed = await tenant.admin.call('GET', '/api-keys')
  const trail = await tenant.admin.call('GET', '/audit')
  for (const { text } of [read, listed, trail]) assert.ok(!text.includes(key))
  const row = await byCustody((db) =>
    db.selectFrom('control.api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  )
  assert.ok(!JSON.stringify(row).includes(key))
  assert.equal((await by(key, '/plants')).status, 200)
  assert.equal((await request('GET', '/api/v1/plants', { token: key })).status, 200)
})

test('a repeated request makes a key of its own: the secret is not kept for a repetition', async () => {
  const { admin } = await newTenant()
  const headers = { 'idempotency-key': uuidv7() }
  const make = () => admin.call('POST', '/api-keys', { name: 'Gateway', permissions: ['plants.read'] }, headers)
  assert.notEqual((await make()).body.key, (await make()).body.key)
})

test('a key does what it is permitted and nothing else, and is nobody who signs in', async () => {
  const { admin } = await newTenant()
  const { body } = await admin.call('POST', '/api-keys', { name: 'Gateway', permissions: ['plants.read'] })
  assert.equal((await by(body.key, '/users')).status, 403)
  assert.equal((await by(body.key, '/roles', 'POST', { name: 'X', permissions: [] })).status, 403)
})

test('a key sees its plants and no others', async () => {
  const tenant = await newTenant()
  const [one, other] = [await plantOf(tenant), await plantOf(tenant)]
  const wanted = { name: 'One', permissions: ['plants.read'], plant_scope: [one] }
  const { body } = await tenant.admin.call('POST', '/api-keys', wanted)
  const seen = async () => (await by(body.key, '/plants')).body.items.map(({ id }: { id: string }) => id)
  assert.deepEqual(await seen(), [one])
  await tenant.admin.call('PATCH', `/api-keys/${body.id}`, { plant_scope: [other] })
  assert.deepEqual(await seen(), [other])
})

test('revoking and expiring act with the next request', async () => {
  const { admin } = await newTenant()
  const make = async () => (await admin.call('POST', '/api-keys', { name: 'K', permissions: ['plants.read'] })).body
  const [revoked, expired] = [await make(), await make()]
  assert.equal((await by(revoked.key, '/plants')).status, 200)
  assert.equal((await admin.call('DELETE', `/api-keys/${revoked.id}`)).status, 204)
  assert.equal((await by(revoked.key, '/plants')).status, 401)
  assert.equal((await admin.call('DELETE', `/api-keys/${revoked.id}`)).status, 204)
  assert.ok((await admin.call('GET', `/api-keys/${revoked.id}`)).body.revoked_at)
  assert.equal(code(await admin.call('PATCH', `/api-keys/${revoked.id}`, { name: 'Z' })), 'api_keys.revoked')
  const expires_at = new Date(Date.now() + 150).toISOString()
  assert.equal((await admin.call('PATCH', `/api-keys/${expired.id}`, { expires_at })).status, 200)
  assert.equal((await by(expired.key, '/plants')).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal((await by(expired.key, '/plants')).status, 401)
  const listed = async (status: string) =>
    (await admin.call('GET', `/api-keys?status=${status}`)).body.items.map(({ id }: { id: string }) => id)
  assert.deepEqual(
    [await listed('revoked'), await listed('expired'), await listed('active')],
    [[revoked.id], [expired.id], []],
  )
})

test('a key that is over before it begins is refused, and the field is named', async () => {
  const { admin } = await newTenant()
  const wanted = { name: 'K', permissions: ['plants.read'], expires_at: '2020-01-01T00:00:00Z' }
  const answer = await admin.call('POST', '/api-keys', wanted)
  assert.deepEqual([answer.status, answer.body.error.details[0].field], [422, 'expires_at'])
})

test('nobody gives a key permissions or plants beyond their own, a key neither', async () => {
  const tenant = await newTenant()
  const [mine, hers] = [await plantOf(tenant), await plantOf(tenant)]
  const permissions = ['api_keys.read', 'api_keys.write', 'plants.read']
  await tenant.admin.call('POST', '/roles', { name: 'Integrator', permissions })
  const maker = await tenant.user('Integrator', [mine])
  const make = (more: object) => maker.call('POST', '/api-keys', { name: 'K', permissions: ['plants.read'], ...more })
  const made = await make({})
  assert.deepEqual(made.body.plant_scope, [mine])
  assert.equal(code(await make({ permissions: ['users.write'] })), 'api_keys.beyond_own')
  assert.equal(code(await make({ plant_scope: 'all' })), 'api_keys.beyond_own')
  const [outside, nobodys] = [await make({ plant_scope: [hers] }), await make({ plant_scope: [uuidv7()] })]
  assert.equal(outside.status, 422)
  assert.deepEqual({ ...outside.body.error, request_id: '' }, { ...nobodys.body.error, request_id: '' })
  const widen = await maker.call('PATCH', `/api-keys/${made.body.id}`, { permissions: ['users.write'] })
  assert.deepEqual([widen.status, code(widen)], [403, 'api_keys.beyond_own'])
  const own = await make({ permissions })
  const child = await by(own.body.key, '/api-keys', 'POST', { name: 'Child', permissions: ['audit.read'] })
  assert.equal(code(child), 'api_keys.beyond_own')
})

test('nobody changes a key that may do or sees more than they; revoking it only takes away', async () => {
  const tenant = await newTenant()
  const mine = await plantOf(tenant)
  const permissions = ['api_keys.read', 'api_keys.write', 'plants.read']
  await tenant.admin.call('POST', '/roles', { name: 'Integrator', permissions })
  const limited = await tenant.user('Integrator', [mine])
  const make = async (more: object) => (await tenant.admin.call('POST', '/api-keys', { name: 'K', ...more })).body.id
  const wide = await make({ permissions: ['obligations.read'], plant_scope: [mine] })
  const far = await make({ permissions: ['api_keys.read'] })
  for (const [id, change] of [
    [wide, { expires_at: null, name: 'Longer' }],
    [far, { permissions: ['api_keys.read', 'plants.read'] }],
    [far, { plant_scope: [mine] }],
  ] as const) {
    assert.equal(code(await limited.call('PATCH', `/api-keys/${id}`, change)), 'api_keys.beyond_own')
  }
  const near = await make({ permissions: ['plants.read'], plant_scope: [mine] })
  assert.equal((await limited.call('PATCH', `/api-keys/${near}`, { permissions })).status, 200)
  assert.equal((await limited.call('DELETE', `/api-keys/${far}`)).status, 204)
})

test('a key that ends makes none that outlives it, and does not prolong itself', async () => {
  const { admin } = await newTenant()
  const [soon, later] = [60_000, 120_000].map((ms) => new Date(Date.now() + ms).toISOString())
  const permissions = ['api_keys.read', 'api_keys.write', 'plants.read']
  const maker = (await admin.call('POST', '/api-keys', { name: 'Maker', permissions, expires_at: soon })).body
  const child = { name: 'Child', permissions: ['plants.read'] }
  assert.equal(code(await by(maker.key, '/api-keys', 'POST', child)), 'api_keys.beyond_own')
  assert.equal(code(await by(maker.key, '/api-keys', 'POST', { ...child, expires_at: later })), 'api_keys.beyond_own')
  assert.equal((await by(maker.key, '/api-keys', 'POST', { ...child, expires_at: soon })).status, 201)
  for (const expires_at of [null, later]) {
    assert.equal(code(await by(maker.key, `/api-keys/${maker.id}`, 'PATCH', { expires_at })), 'api_keys.beyond_own')
  }
  assert.equal((await by(maker.key, `/api-keys/${maker.id}`, 'PATCH', { name: 'Same' })).status, 200)
})

test('a key of another company does not exist', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const { body } = await other.admin.call('POST', '/api-keys', { name: 'Theirs', permissions: ['plants.read'] })
  for (const [method, change] of [['GET'], ['PATCH', { name: 'Mine' }], ['DELETE']] as const) {
    const [theirs, nobodys] = await Promise.all(
      [body.id, uuidv7()].map((id: string) => tenant.admin.call(method, `/api-keys/${id}`, change)),
    )
    assert.equal(theirs!.status, 404)
    assert.deepEqual({ ...theirs!.body.error, request_id: '' }, { ...nobodys!.body.error, request_id: '' })
  }
  assert.equal((await by(body.key, '/plants')).status, 200)
})

test('the last use is kept, at most once a minute, and never for a key that was refused', async () => {
  const { admin } = await newTenant()
  const make = async () => (await admin.call('POST', '/api-keys', { name: 'K', permissions: ['plants.read'] })).body
  const [used, revoked] = [await make(), await make()]
  await admin.call('DELETE', `/api-keys/${revoked.id}`)
  const { deps } = await testApp()
  const uses = openKeyUses(deps.installation.custody, deps.log)
  const last = async (id: string) => (await admin.call('GET', `/api-keys/${id}`)).body.last_used_at
  assert.equal(await last(used.id), null)
  for (const { id } of [used, revoked]) uses.used(id)
  await uses.flush()
  const first = await last(used.id)
  assert.ok(Date.now() - Date.parse(first) < 10_000)
  assert.equal(await last(revoked.id), null)
  uses.used(used.id)
  await uses.close()
  assert.equal(await last(used.id), first)
})
