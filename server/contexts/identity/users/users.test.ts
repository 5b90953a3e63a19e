import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { type Answer, newTenant, plantOf, request, type TestTenant } from '#test/harness.ts'
import {
  byCustody,
  lettersTo,
  logIn,
  newPerson,
  PASSWORD,
  randomEmail,
  tokenInLetter,
} from '../sign-in/people.fixture.ts'

const person = (changes: Record<string, unknown> = {}): Record<string, unknown> & { email: string } => ({
  ...{ email: randomEmail(), name: 'Lucia', surname: 'Bianchi', role: 'Operator', plant_scope: 'all', ...changes },
})
const code = (answer: Answer): string => answer.body.error.code
const login = (email: string, changes = {}) =>
  logIn({ email, ip: '10.1.2.3', id: '', tenant_id: '', tenant_slug: '' }, changes)

/** What an answer tells, without what is its own in each. */
function shape(answer: Answer): unknown {
  const { id: _id, email: _email, created_at: _created, updated_at: _updated, error, ...rest } = answer.body
  const { request_id: _request, ...told } = error ?? {}
  return { status: answer.status, rest, told, etag: answer.headers['etag'] }
}

async function customRole(tenant: TestTenant, permissions: string[]): Promise<string> {
  const name = `Role ${uuidv7().slice(-8)}`
  const answer = await tenant.admin.call('POST', '/roles', { name, permissions })
  assert.equal(answer.status, 201, answer.text)
  return name
}

test('a user added with a password signs in with it at once', async () => {
  const tenant = await newTenant()
  const wanted = person({ password: PASSWORD })
  const made = await tenant.admin.call('POST', '/users', wanted)
  assert.equal(made.status, 201, made.text)
  const { password: _password, ...shown } = wanted
  assert.deepEqual({ ...made.body, ...shown, status: 'Active', last_login: null }, made.body)
  assert.equal(made.headers['etag'], '"1"')
  assert.doesNotMatch(made.text, /password|hash/)
  const { body } = await login(wanted.email)
  const me = await request('GET', '/api/v1/auth/me', { token: body.access_token })
  assert.equal(me.body.role, 'Operator')
  const seen = await tenant.admin.call('GET', `/users/${made.body.id}`)
  assert.ok(seen.body.last_login)
})

test('an invited user has no way in until the invitation is accepted', async () => {
  const tenant = await newTenant()
  const wanted = person()
  const made = await tenant.admin.call('POST', '/users', wanted)
  assert.equal(made.body.status, 'Invited')
  assert.equal((await login(wanted.email)).status, 401)
  const token = await tokenInLetter(wanted.email)
  const accepted = await request('POST', '/api/v1/auth/invitations/accept', { body: { token, password: PASSWORD } })
  assert.equal(accepted.status, 200, accepted.text)
  assert.equal((await login(wanted.email)).status, 200)
  assert.equal(code(await tenant.admin.call('POST', `/users/${made.body.id}/invite`)), 'users.not_invited')
})

test('inviting again makes the earlier link worthless, and so does removing the user', async () => {
  const tenant = await newTenant()
  const wanted = person()
  const { body } = await tenant.admin.call('POST', '/users', wanted)
  const first = await tokenInLetter(wanted.email)
  assert.equal((await tenant.admin.call('POST', `/users/${body.id}/invite`)).status, 200)
  const second = await tokenInLetter(wanted.email)
  assert.notEqual(first, second)
  const accept = (token: string) =>
    request('POST', '/api/v1/auth/invitations/accept', { body: { token, password: PASSWORD } })
  assert.equal(code(await accept(first)), 'auth.link_invalid')
  assert.equal((await tenant.admin.call('DELETE', `/users/${body.id}`)).status, 204)
  assert.equal(code(await accept(second)), 'auth.link_invalid')
  assert.equal((await tenant.admin.call('POST', `/users/${body.id}/invite`)).status, 404)
})

test('nobody’s letter box is filled with invitations, not even by removing and adding', async () => {
  const tenant = await newTenant()
  const wanted = person()
  const answers = []
  for (let i = 0; i < 4; i += 1) {
    const made = await tenant.admin.call('POST', '/users', wanted)
    answers.push(made)
    if (made.status === 201) answers.push(await tenant.admin.call('POST', `/users/${made.body.id}/invite`))
    await tenant.admin.call('DELETE', `/users/${made.body.id}`)
  }
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 200, 201, 200, 201, 429, 429],
  )
  assert.equal(code(answers.at(-1)!), 'users.invited_too_often')
  assert.deepEqual(await lettersTo(wanted.email), [], 'what was withdrawn before it went out stays here')
})

test('an invited user is neither suspended nor made Active by hand', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/users', person())
  for (const status of ['Active', 'Suspended']) {
    assert.equal(code(await tenant.admin.call('PATCH', `/users/${body.id}`, { status })), 'users.not_accepted')
  }
})

for (const password of [undefined, 'pioggia sul Po 1951']) {
  test(`adding an email that has an account answers as for a new one, ${password ? 'with' : 'without'} a password`, async () => {
    const consultant = await newPerson()
    const tenant = await newTenant()
    const add = (email: string) => tenant.admin.call('POST', '/users', person({ email, ...(password && { password }) }))
    const [known, unknown] = [await add(consultant.email.toUpperCase()), await add(randomEmail())]
    assert.equal(known.status, 201, known.text)
    assert.deepEqual(shape(known), shape(unknown))
    assert.equal(known.body.email, consultant.email)
    const listed = async (id: string) => shape(await tenant.admin.call('GET', `/users/${id}`))
    assert.deepEqual(await listed(known.body.id), await listed(unknown.body.id))
    // Neither the password of the administrator nor the membership itself opens anything before it was accepted.
    assert.equal((await login(consultant.email, { password: password ?? 'pioggia sul Po 1951' })).status, 401)
    assert.notEqual((await login(consultant.email, { tenant: tenant.slug })).status, 200)
    const token = await tokenInLetter(consultant.email)
    const accept = { token, password: PASSWORD }
    assert.equal((await request('POST', '/api/v1/auth/invitations/accept', { body: accept })).status, 200)
    assert.equal((await login(consultant.email, { tenant: tenant.slug })).status, 200)
    assert.equal((await login(consultant.email, { tenant: consultant.tenant_slug })).status, 200)
  })
}

test('suspending and reactivating lets nobody in who had not accepted, and asks nobody twice', async () => {
  const consultant = await newPerson()
  const tenant = await newTenant()
  const added = await tenant.admin.call(
    'POST',
    '/users',
    person({ email: consultant.email, password: 'pioggia sul Po 1951' }),
  )
  const set = async (status: string) => {
    const answer = await tenant.admin.call('PATCH', `/users/${added.body.id}`, { status })
    assert.equal(answer.body.status, status, answer.text)
  }
  await set('Suspended')
  await set('Active')
  assert.equal(code(await login(consultant.email, { tenant: tenant.slug })), 'auth.no_membership')
  const body = { token: await tokenInLetter(consultant.email), password: PASSWORD }
  assert.equal((await request('POST', '/api/v1/auth/invitations/accept', { body })).status, 200)
  await set('Suspended')
  assert.equal(code(await login(consultant.email, { tenant: tenant.slug })), 'auth.no_membership')
  await set('Active')
  assert.equal((await login(consultant.email, { tenant: tenant.slug })).status, 200)
})

test('one person is one user of a company, and can be added again once removed', async () => {
  const tenant = await newTenant()
  const wanted = person()
  const { body } = await tenant.admin.call('POST', '/users', wanted)
  assert.equal(code(await tenant.admin.call('POST', '/users', wanted)), 'users.email_taken')
  await tenant.admin.call('DELETE', `/users/${body.id}`)
  const again = await tenant.admin.call('POST', '/users', wanted)
  assert.equal(again.status, 201)
  assert.notEqual(again.body.id, body.id)
})

test('two users added at the same moment do not pass the limit of the plan together', async () => {
  const tenant = await newTenant({ max_users: 3 })
  const answers = await Promise.all(Array.from({ length: 6 }, () => tenant.admin.call('POST', '/users', person())))
  assert.equal(answers.filter(({ status }) => status === 201).length, 2)
  const refused = answers.filter(({ status }) => status !== 201)
  assert.deepEqual(new Set(refused.map(code)), new Set(['users.limit_reached']))
  assert.equal((await tenant.admin.call('GET', '/users')).body.pagination.total, 3)
})

test('the last active Admin is neither demoted, suspended, limited nor removed', async () => {
  const tenant = await newTenant()
  const { userId } = tenant.admin
  await tenant.admin.call('POST', '/users', person({ role: 'Admin' }))
  const plant = await plantOf(tenant)
  for (const change of [{ role: 'Viewer' }, { status: 'Suspended' }, { plant_scope: [plant] }]) {
    const answer = await tenant.admin.call('PATCH', `/users/${userId}`, change)
    assert.equal(answer.status, 409)
    assert.equal(code(answer), 'users.last_admin')
  }
  assert.equal(code(await tenant.admin.call('DELETE', `/users/${userId}`)), 'users.last_admin')
  assert.equal((await tenant.admin.call('PATCH', `/users/${userId}`, { name: 'Ada' })).body.name, 'Ada')
})

test('two Admins who demote, suspend or remove each other at the same moment leave one', async () => {
  const ways = [
    ['PATCH', { role: 'Viewer' }],
    ['PATCH', { status: 'Suspended' }],
    ['DELETE', undefined],
  ] as const
  for (const [method, body] of ways) {
    const tenant = await newTenant()
    const [one, other] = [tenant.admin, await tenant.user('Admin')]
    const answers = await Promise.all([
      one.call(method, `/users/${other.userId}`, body),
      other.call(method, `/users/${one.userId}`, body),
    ])
    assert.equal(answers.filter(({ status }) => status < 300).length, 1, answers.map(({ text }) => text).join())
    const left = await byCustody((db) =>
      db
        .selectFrom('control.users')
        .select('id')
        .where('tenant_id', '=', tenant.id)
        .where('role', '=', 'Admin')
        .where('status', '=', 'Active')
        .where('deleted_at', 'is', null)
        .execute(),
    )
    assert.equal(left.length, 1)
  }
})

test('nobody gives a role beyond their own, nor touches a user who has one', async () => {
  const tenant = await newTenant()
  const clerk = await tenant.user(await customRole(tenant, ['users.read', 'users.write', 'plants.read']))
  const viewer = await tenant.user('Viewer')
  const harmless = await customRole(tenant, ['plants.read'])
  assert.equal((await clerk.call('POST', '/users', person({ role: harmless }))).status, 201)
  const refused = [
    await clerk.call('POST', '/users', person({ role: 'Admin' })),
    await clerk.call('PATCH', `/users/${clerk.userId}`, { role: 'Admin' }),
    await clerk.call('PATCH', `/users/${viewer.userId}`, { status: 'Suspended' }),
    await clerk.call('DELETE', `/users/${viewer.userId}`),
  ]
  for (const answer of refused) assert.equal(code(answer), 'users.beyond_own', answer.text)
  assert.equal(refused[0]!.status, 403)
})

test('a plant out of scope, of another company or of nobody is refused alike', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const [mine, hers] = [await plantOf(tenant), await plantOf(tenant)]
  const permissions = ['users.write', 'users.read', 'plants.read']
  const clerk = await tenant.user(await customRole(tenant, permissions), [mine])
  const role = await customRole(tenant, ['plants.read'])
  const add = (plant_scope: unknown) => clerk.call('POST', '/users', person({ role, plant_scope }))
  assert.deepEqual((await add([mine])).body.plant_scope, [mine])
  const refused = await Promise.all([hers, await plantOf(other), uuidv7()].map((id) => add([id])))
  for (const answer of refused) {
    assert.equal(answer.status, 422)
    assert.equal(answer.body.error.details[0].field, 'plant_scope')
    assert.deepEqual(shape(answer), shape(refused[0]!))
  }
  assert.equal(code(await add('all')), 'users.beyond_own')
})

test('a role that is not there is named as the wrong field', async () => {
  const tenant = await newTenant()
  const answer = await tenant.admin.call('POST', '/users', person({ role: 'Emperor' }))
  assert.equal(answer.status, 422)
  assert.equal(answer.body.error.details[0].field, 'role')
})

test('a bad password is refused, and the field is named', async () => {
  const tenant = await newTenant()
  const answer = await tenant.admin.call('POST', '/users', person({ password: 'password1' }))
  assert.equal(answer.status, 422)
  assert.equal(answer.body.error.details[0].field, 'password')
})

test('a user of another company does not exist', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const stranger = other.admin.userId
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { name: 'Eve' }],
    ['DELETE', '', undefined],
    ['POST', '/invite', undefined],
  ] as const) {
    const answers = [stranger, uuidv7()].map((id) => tenant.admin.call(method, `/users/${id}${path}`, body))
    const [theirs, nobodys] = await Promise.all(answers)
    assert.equal(theirs!.status, 404)
    assert.deepEqual(shape(theirs!), shape(nobodys!))
  }
  const { body } = await tenant.admin.call('GET', '/users?limit=200')
  assert.ok(body.items.every(({ id }: { id: string }) => id !== stranger))
})

test('suspending or removing a user ends their sessions at once, for good', async () => {
  const tenant = await newTenant()
  const [suspended, removed] = [await tenant.user('Operator'), await tenant.user('Operator')]
  assert.equal((await suspended.call('GET', '/auth/me')).status, 200)
  await tenant.admin.call('PATCH', `/users/${suspended.userId}`, { status: 'Suspended' })
  await tenant.admin.call('DELETE', `/users/${removed.userId}`)
  assert.equal((await suspended.call('GET', '/auth/me')).status, 401)
  assert.equal((await removed.call('GET', '/auth/me')).status, 401)
  await tenant.admin.call('PATCH', `/users/${suspended.userId}`, { status: 'Active' })
  assert.equal((await suspended.call('GET', '/auth/me')).status, 401)
})

test('a new role acts with the next request', async () => {
  const tenant = await newTenant()
  const user = await tenant.user('Viewer')
  assert.equal((await user.call('GET', '/users')).status, 403)
  await tenant.admin.call('PATCH', `/users/${user.userId}`, { role: 'Admin' })
  assert.equal((await user.call('GET', '/users')).status, 200)
})

test('the list is filtered, searched without accents, sorted and paged', async () => {
  const tenant = await newTenant()
  await tenant.admin.call('POST', '/users', person({ name: 'Nicolò', surname: 'Zanòtti' }))
  await tenant.admin.call(
    'POST',
    '/users',
    person({ name: 'Piero', surname: 'Abate', role: 'Viewer', password: PASSWORD }),
  )
  const found = async (query: string) =>
    (await tenant.admin.call('GET', `/users?${query}`)).body.items.map(({ surname }: { surname: string }) => surname)
  assert.deepEqual(await found('role=Viewer'), ['Abate'])
  assert.deepEqual(await found('status=Invited'), ['Zanòtti'])
  assert.deepEqual(await found('q=nicolo'), ['Zanòtti'])
  assert.deepEqual(await found('q=zanoti'), ['Zanòtti'])
  assert.deepEqual(await found('q=%25'), [])
  assert.deepEqual(await found('sort=-surname'), ['Zanòtti', 'Test', 'Abate'])
  assert.deepEqual(await found('sort=surname&limit=1&offset=1'), ['Test'])
  const beyond = await tenant.admin.call('GET', '/users?offset=50')
  assert.deepEqual(beyond.body.pagination, { total: 3, limit: 50, offset: 50, has_more: false })
  const wrong = await tenant.admin.call('GET', '/users?sort=password_hash')
  assert.deepEqual([wrong.status, wrong.body.error.details[0].field], [422, 'sort'])
})

test('a change of an older revision is stale, and one that changes nothing leaves no trace', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/users', person())
  const change = (name: string, tag: string) =>
    tenant.admin.call('PATCH', `/users/${body.id}`, { name }, { 'if-match': tag })
  assert.equal((await change('Lucia', '"1"')).headers['etag'], '"1"')
  assert.equal((await change('Luce', '"1"')).headers['etag'], '"2"')
  assert.equal((await change('Luna', '"1"')).status, 412)
  const { items } = (await tenant.admin.call('GET', `/audit?resource_id=${body.id}`)).body
  assert.deepEqual(
    items.map(({ action }: { action: string }) => action),
    ['users.updated', 'users.created'],
  )
  assert.deepEqual([items[0].before, items[0].after], [{ name: 'Lucia' }, { name: 'Luce' }])
  assert.doesNotMatch(JSON.stringify(items), /hash/)
})

test('who may not manage users is refused, and nothing changes', async () => {
  const tenant = await newTenant()
  const manager = await tenant.user('Asset Manager')
  const wanted = person()
  assert.equal((await manager.call('POST', '/users', wanted)).status, 403)
  assert.equal((await manager.call('PATCH', `/users/${tenant.admin.userId}`, { name: 'X' })).status, 403)
  assert.deepEqual(await lettersTo(wanted.email), [])
})

test('a suspended company is read and not changed', async () => {
  const tenant = await newTenant({ status: 'Suspended' })
  assert.equal((await tenant.admin.call('GET', '/users')).status, 200)
  const refused = await tenant.admin.call('POST', '/users', person())
  assert.deepEqual([refused.status, code(refused)], [403, 'tenant.suspended'])
})

test('the same request under one Idempotency-Key adds one user, and no password can be guessed from what is kept', async () => {
  const tenant = await newTenant()
  const headers = { 'idempotency-key': uuidv7() }
  const wanted = person({ password: PASSWORD })
  const [first, again] = [
    await tenant.admin.call('POST', '/users', wanted, headers),
    await tenant.admin.call('POST', '/users', { ...wanted, password: 'another one 1961' }, headers),
  ]
  assert.equal(first.status, 201)
  assert.deepEqual(again.body, first.body)
})
