import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, request, testApp, type TestUser } from '#test/harness.ts'
import { byCustody, logIn, newPerson, PASSWORD, randomEmail, tokenInLetter } from '../sign-in/people.fixture.ts'
import { changeSuperuser } from './change-superuser.ts'

async function superuser(changes: Parameters<typeof newTenant>[0] = {}): Promise<TestUser> {
  const { admin } = await newTenant(changes)
  await byCustody((db) =>
    db.updateTable('control.accounts').set({ is_superuser: true }).where('id', '=', admin.accountId).execute(),
  )
  return admin
}
const company = (changes: Record<string, unknown> = {}) => ({
  ...{ slug: `c-${randomBytes(6).toString('hex')}`, name: 'Vento del Sud', max_users: 2, plan_expiry: '2099-12-31' },
  ...{ admin: { email: randomEmail(), name: 'Sara', surname: 'Greco' }, ...changes },
})
const login = (email: string, tenant?: string) =>
  logIn({ email, ip: '10.1.2.3', id: '', tenant_id: '', tenant_slug: '' }, { ...(tenant && { tenant }) })

for (const isolation of ['shared', 'schema'] as const) {
  test(`a superuser makes a company (${isolation}), whose first Admin accepts and finds it in the trail`, async () => {
    const boss = await superuser()
    const wanted = company({ isolation })
    const made = await boss.call('POST', '/tenants', wanted)
    assert.equal(made.status, 201, made.text)
    const { admin, ...shown } = wanted
    assert.deepEqual({ ...made.body, ...shown, status: 'Active', usage: { users: 1 } }, made.body)
    assert.equal(made.headers['etag'], '"1"')
    const accept = { token: await tokenInLetter(admin.email), password: PASSWORD }
    assert.equal((await request('POST', '/api/v1/auth/invitations/accept', { body: accept })).status, 200)
    const token = (await login(admin.email)).body.access_token
    const { items } = (await request('GET', '/api/v1/audit?action=tenants.created', { token })).body
    assert.equal(items.length, 1)
    assert.deepEqual(
      [items[0].actor.kind, items[0].actor.id, items[0].after.by],
      ['account', boss.accountId, boss.email],
    )
    assert.equal((await request('GET', '/api/v1/tenant', { token })).body.max_users, 2)
  })
}

test('who runs the service makes superusers and unmakes them; it acts at once and stands in the trail', async () => {
  const { admin } = await newTenant()
  const { installation } = (await testApp()).deps
  const make = (name: string, is_superuser: boolean) =>
    changeSuperuser(installation, { login: name, is_superuser }, 'test')
  const status = async () => (await admin.call('GET', '/tenants?limit=1')).status
  assert.equal(await status(), 403)
  assert.deepEqual(await make(admin.email.toUpperCase(), true), { email: admin.email, is_superuser: true })
  assert.equal(await status(), 200)
  await make(admin.email, false)
  assert.equal(await status(), 403)
  await assert.rejects(make('nobody@nowhere.example', true), { code: 'users.not_found' })
  const { items } = (await admin.call('GET', '/audit?action=accounts.superuser_changed')).body
  assert.deepEqual(
    items.map(({ after }: { after: unknown }) => after),
    [{ is_superuser: false }, { is_superuser: true }],
  )
})

test('the first Admin may be somebody who has an account', async () => {
  const boss = await superuser()
  const consultant = await newPerson()
  const wanted = company({ admin: { email: consultant.email, name: 'Sara', surname: 'Greco' } })
  assert.equal((await boss.call('POST', '/tenants', wanted)).status, 201)
  assert.notEqual((await login(consultant.email, wanted.slug)).status, 200)
  const accept = { token: await tokenInLetter(consultant.email), password: PASSWORD }
  assert.equal((await request('POST', '/api/v1/auth/invitations/accept', { body: accept })).status, 200)
  assert.equal((await login(consultant.email, wanted.slug)).status, 200)
})

test('a short name is taken once, and one key makes one company', async () => {
  const boss = await superuser()
  const wanted = company()
  const headers = { 'idempotency-key': uuidv7() }
  const first = await boss.call('POST', '/tenants', wanted, headers)
  const again = await boss.call('POST', '/tenants', wanted, headers)
  assert.deepEqual([again.status, again.body], [201, first.body])
  const taken = await boss.call('POST', '/tenants', wanted)
  assert.deepEqual([taken.status, taken.body.error.code], [409, 'tenants.slug_taken'])
  const other = await boss.call('POST', '/tenants', company())
  const renamed = await boss.call('PATCH', `/tenants/${other.body.id}`, { slug: wanted.slug })
  assert.equal(renamed.body.error.code, 'tenants.slug_taken')
})

test('suspended, reactivated and cancelled act with the next request, and the trail says who and what', async () => {
  const boss = await superuser()
  const tenant = await newTenant()
  const { admin } = tenant
  const role = () => admin.call('POST', '/roles', { name: uuidv7(), permissions: [] })
  const step = async (name: string, status: string) => {
    const answer = await boss.call('POST', `/tenants/${tenant.id}/${name}`)
    assert.deepEqual([answer.status, answer.body.status], [200, status], answer.text)
  }
  await step('suspend', 'Suspended')
  assert.equal((await admin.call('GET', '/roles')).status, 200)
  const refused = await role()
  assert.deepEqual([refused.status, refused.body.error.code], [403, 'tenant.suspended'])
  await step('reactivate', 'Active')
  assert.equal((await role()).status, 201)
  await step('cancel', 'Cancelled')
  assert.equal((await admin.call('GET', '/roles')).body.error.code, 'tenant.cancelled')
  await step('reactivate', 'Active')
  const { items } = (await admin.call('GET', '/audit?resource=tenant')).body
  const told = items.map(({ action, before, after }: Record<string, any>) => [action, before.status, after.status]) // oxlint-disable-line typescript/no-explicit-any
  assert.deepEqual(told, [
    ['tenants.reactivated', 'Cancelled', 'Active'],
    ['tenants.cancelled', 'Active', 'Cancelled'],
    ['tenants.reactivated', 'Suspended', 'Active'],
    ['tenants.suspended', 'Active', 'Suspended'],
  ])
  assert.equal(items[0].after.by, boss.email)
  // Nothing of it stands in the superuser's own company.
  assert.deepEqual((await boss.call('GET', '/audit?resource=tenant')).body.items, [])
})

test('plan and limits are changed by revision, and a day is told as the day it is', async () => {
  const boss = await superuser()
  const tenant = await newTenant()
  const change = { max_users: 1, tier: 'enterprise', plan_expiry: '2030-03-31', name: 'Nuovo nome' }
  const patch = (revision: number) =>
    boss.call('PATCH', `/tenants/${tenant.id}`, change, { 'if-match': `"${revision}"` })
  const { body } = await patch(1)
  assert.deepEqual({ ...body, ...change, revision: 2 }, body)
  assert.equal((await patch(1)).status, 412)
  const user = { email: randomEmail(), name: 'A', surname: 'B', role: 'Viewer' }
  assert.equal((await tenant.admin.call('POST', '/users', user)).body.error.code, 'users.limit_reached')
  await boss.call('PATCH', `/tenants/${tenant.id}`, { plan_expiry: '2020-01-01' })
  assert.equal((await tenant.admin.call('POST', '/users', user)).body.error.code, 'tenant.expired')
})

test('a deleted company lets nobody in and is in no list', async () => {
  const boss = await superuser()
  const tenant = await newTenant()
  const key = (await tenant.admin.call('POST', '/api-keys', { name: 'K', permissions: ['plants.read'] })).body.key
  assert.equal((await boss.call('DELETE', `/tenants/${tenant.id}`)).status, 204)
  assert.equal((await tenant.admin.call('GET', '/auth/me')).status, 401)
  assert.equal((await request('GET', '/api/v1/plants', { token: key })).status, 401)
  assert.equal((await boss.call('GET', `/tenants/${tenant.id}`)).status, 404)
  assert.equal((await boss.call('GET', `/tenants?q=${tenant.slug}`)).body.pagination.total, 0)
  assert.equal((await boss.call('POST', `/tenants/${tenant.id}/reactivate`)).body.error.code, 'tenants.not_found')
})

test('nobody cancels or deletes the company they act from', async () => {
  const boss = await superuser()
  for (const [method, path, body] of [
    ['DELETE', '', undefined],
    ['POST', '/cancel', undefined],
    ['PATCH', '', { status: 'Cancelled' }],
  ] as const) {
    assert.equal((await boss.call(method, `/tenants/${boss.tenantId}${path}`, body)).body.error.code, 'tenants.own')
  }
})

test('a superuser acts from a suspended company too, or nobody could reactivate it', async () => {
  const boss = await superuser({ status: 'Suspended' })
  assert.equal((await boss.call('POST', `/tenants/${boss.tenantId}/reactivate`)).body.status, 'Active')
})

test('companies are listed, searched and filtered', async () => {
  const boss = await superuser()
  const wanted = company({ name: `Perù ${randomBytes(4).toString('hex')}`, tier: 'free' })
  const { body } = await boss.call('POST', '/tenants', wanted)
  const found = async (query: string) =>
    (await boss.call('GET', `/tenants?${query}`)).body.items.map(({ id }: { id: string }) => id)
  const q = encodeURIComponent(wanted.name.replace('ù', 'u').toUpperCase())
  assert.deepEqual(await found(`q=${q}`), [body.id])
  assert.deepEqual(await found(`q=${q}&tier=free&status=Active`), [body.id])
  assert.deepEqual(await found(`q=${q}&tier=enterprise`), [])
  assert.equal((await boss.call('GET', '/tenants?limit=1&sort=-created_at')).body.items.length, 1)
})

test('an Admin is no superuser, and neither is a key', async () => {
  const { admin, id } = await newTenant()
  const calls = [
    ['GET', '/tenants', undefined],
    ['GET', `/tenants/${id}`, undefined],
    ['POST', '/tenants', company()],
    ['PATCH', `/tenants/${id}`, { max_users: 100 }],
    ['POST', `/tenants/${id}/reactivate`, undefined],
    ['DELETE', `/tenants/${id}`, undefined],
  ] as const
  for (const [method, path, body] of calls) {
    const answer = await admin.call(method, path, body)
    assert.deepEqual([answer.status, answer.body.error.code], [403, 'auth.forbidden'], `${method} ${path}`)
  }
  assert.equal((await admin.call('GET', '/tenant')).body.revision, 1)
  const boss = await superuser()
  const key = { name: 'K', permissions: ['tenant.read'] }
  const token = (await boss.call('POST', '/api-keys', key)).body.key
  assert.equal((await request('GET', '/api/v1/tenants', { token })).status, 403)
})
