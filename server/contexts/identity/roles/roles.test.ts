import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, type Answer, type TestTenant } from '#test/harness.ts'
import { allPermissions } from '../permissions.ts'

const code = (answer: Answer): string => answer.body.error.code
const plantOf = async (tenant: TestTenant): Promise<string> => {
  const plant = { name: 'Serra', code: uuidv7().slice(-12), type: 'Photovoltaic', status: 'In Operation' }
  return (await tenant.admin.call('POST', '/plants', plant)).body.id
}

function told(answer: Answer): unknown {
  const { request_id: _request, ...error } = answer.body.error
  return { status: answer.status, error, etag: answer.headers['etag'] }
}

test('the five default roles are listed first, and nobody changes them', async () => {
  const tenant = await newTenant()
  const { items } = (await tenant.admin.call('GET', '/roles')).body
  const names = items.map(({ name, built_in }: { name: string; built_in: boolean }) => built_in && name)
  assert.deepEqual(names, ['Admin', 'Asset Manager', 'Plant Owner', 'Operator', 'Viewer'])
  assert.equal(items[0].users, 1)
  const admin = await tenant.admin.call('GET', `/roles/${items[0].id}`)
  assert.deepEqual(admin.body.permissions, [...allPermissions])
  assert.equal(
    code(await tenant.admin.call('PATCH', `/roles/${items[4].id}`, { permissions: ['users.write'] })),
    'roles.built_in',
  )
  assert.equal(code(await tenant.admin.call('DELETE', `/roles/${items[4].id}`)), 'roles.built_in')
})

test('a role of one’s own acts with the next request of who has it, without a new token', async () => {
  const tenant = await newTenant()
  const wanted = { name: 'Auditor', description: 'Looks on', permissions: ['plants.read'] }
  const made = await tenant.admin.call('POST', '/roles', wanted)
  assert.equal(made.status, 201, made.text)
  const user = await tenant.user('Auditor')
  assert.equal((await user.call('GET', '/plants')).status, 200)
  assert.equal((await user.call('GET', '/audit')).status, 403)
  const change = { permissions: ['audit.read'] }
  const changed = await tenant.admin.call('PATCH', `/roles/${made.body.id}`, change, { 'if-match': '"1"' })
  assert.deepEqual([changed.body.permissions, changed.body.users, changed.body.revision], [['audit.read'], 1, 2])
  assert.equal((await user.call('GET', '/plants')).status, 403)
  assert.equal((await user.call('GET', '/audit')).status, 200)
  assert.equal((await tenant.admin.call('PATCH', `/roles/${made.body.id}`, change, { 'if-match': '"1"' })).status, 412)
})

test('a role gets another name together with its users', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/roles', { name: 'Night shift', permissions: ['plants.read'] })
  const user = await tenant.user('Night shift')
  await tenant.admin.call('PATCH', `/roles/${body.id}`, { name: 'Late shift' })
  assert.equal((await user.call('GET', '/plants')).status, 200)
  assert.equal((await tenant.admin.call('GET', `/users/${user.userId}`)).body.role, 'Late shift')
})

test('a name is taken by a default role and by another one, however it is written', async () => {
  const tenant = await newTenant()
  const make = (name: string) => tenant.admin.call('POST', '/roles', { name, permissions: [] })
  assert.equal((await make('Guest')).status, 201)
  for (const name of ['admin', ' ADMIN', 'guest', 'Ｇuest'])
    assert.equal(code(await make(name)), 'roles.name_taken', name)
  const both = await Promise.all([make('Twin'), make('twin')])
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 409],
  )
})

test('a role that users have is not removed, one that nobody has is', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/roles', { name: 'Helper', permissions: ['plants.read'] })
  const user = await tenant.user('Helper')
  assert.equal(code(await tenant.admin.call('DELETE', `/roles/${body.id}`)), 'roles.in_use')
  await tenant.admin.call('PATCH', `/users/${user.userId}`, { role: 'Viewer' })
  assert.equal((await tenant.admin.call('DELETE', `/roles/${body.id}`)).status, 204)
  assert.equal((await tenant.admin.call('GET', `/roles/${body.id}`)).status, 404)
})

test('nobody defines, widens or narrows a role beyond their own', async () => {
  const tenant = await newTenant()
  const mine = { name: 'Clerk', permissions: ['roles.read', 'roles.write', 'plants.read'] }
  await tenant.admin.call('POST', '/roles', mine)
  const wide = await tenant.admin.call('POST', '/roles', { name: 'Wide', permissions: ['users.write'] })
  const clerk = await tenant.user('Clerk')
  const narrow = await clerk.call('POST', '/roles', { name: 'Narrow', permissions: ['plants.read'] })
  assert.equal(narrow.status, 201)
  const refused = [
    await clerk.call('POST', '/roles', { name: 'More', permissions: ['users.write'] }),
    await clerk.call('PATCH', `/roles/${narrow.body.id}`, { permissions: ['users.write'] }),
    await clerk.call('PATCH', `/roles/${wide.body.id}`, { permissions: [] }),
    await clerk.call('DELETE', `/roles/${wide.body.id}`),
  ]
  for (const answer of refused) assert.deepEqual([answer.status, code(answer)], [403, 'roles.beyond_own'])
})

test('who sees some plants gives nothing to a role that somebody of other plants has', async () => {
  const tenant = await newTenant()
  const mine = await plantOf(tenant)
  const limited = await tenant.user('Admin', [mine])
  const make = async (name: string) =>
    (await tenant.admin.call('POST', '/roles', { name, permissions: ['plants.read'] })).body.id
  const [far, near] = [await make('Far'), await make('Near')]
  await tenant.user('Far')
  await tenant.user('Near', [mine])
  const more = { permissions: ['plants.read', 'plants.write'] }
  const refused = await limited.call('PATCH', `/roles/${far}`, more)
  assert.deepEqual([refused.status, code(refused)], [403, 'roles.beyond_own'])
  assert.equal((await limited.call('PATCH', `/roles/${near}`, more)).status, 200)
  assert.equal((await tenant.admin.call('PATCH', `/roles/${far}`, more)).status, 200)
})

test('a permission that is none is refused, and the field is named', async () => {
  const tenant = await newTenant()
  const answer = await tenant.admin.call('POST', '/roles', { name: 'X', permissions: ['platform.tenants.write'] })
  assert.equal(answer.status, 422)
  assert.equal(answer.body.error.details[0].field, 'permissions.0')
})

test('a role of another company does not exist', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const { body } = await other.admin.call('POST', '/roles', { name: 'Theirs', permissions: ['plants.read'] })
  for (const [method, change] of [['GET'], ['PATCH', { name: 'Mine' }], ['DELETE']] as const) {
    const [theirs, nobodys] = await Promise.all(
      [body.id, uuidv7()].map((id: string) => tenant.admin.call(method, `/roles/${id}`, change)),
    )
    assert.equal(theirs!.status, 404)
    assert.deepEqual(told(theirs!), told(nobodys!))
  }
  assert.equal((await tenant.admin.call('GET', '/roles?q=theirs')).body.pagination.total, 0)
  const user = { email: 'x@example.test', name: 'X', surname: 'Y', role: 'Theirs' }
  assert.equal((await tenant.admin.call('POST', '/users', user)).status, 422)
})

test('every permission is told with its meaning in both languages', async () => {
  const tenant = await newTenant()
  const viewer = await tenant.user('Viewer')
  const { items } = (await viewer.call('GET', '/permissions')).body
  assert.deepEqual(
    items.map(({ name }: { name: string }) => name),
    [...allPermissions],
  )
  for (const { description_en, description_it } of items)
    assert.ok(description_en && description_it && description_en !== description_it)
})
