import assert from 'node:assert/strict'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { appWith, newTenant, request } from '#test/harness.ts'
import {
  as,
  byCustody,
  from,
  lettersTo,
  logIn,
  newPerson,
  PASSWORD,
  randomEmail,
  registration,
  signedIn,
} from './people.fixture.ts'

const code = (answer: { body: { error?: { code: string } } | null }) => answer.body?.error?.code

test('registration makes a company, its short name, and a first Admin who can sign in', async () => {
  const wanted = registration({ tenant_name: 'Società Àgricola «Il Fosso»' })
  const answer = await request('POST', '/api/v1/auth/register', {
    body: { ...wanted, email: wanted.email.toUpperCase() },
  })
  assert.equal(answer.status, 201)
  assert.deepEqual(
    { ...answer.body, id: null, tenant_id: null, created_at: null, tenant_slug: null },
    {
      ...{ id: null, email: wanted.email, name: 'Maria', surname: 'Rossi', role: 'Admin' },
      ...{ tenant_id: null, tenant_slug: null, status: 'Active', created_at: null },
    },
  )
  assert.match(answer.body.tenant_slug, /^societa-agricola-il-fosso(-\d+)?$/)
  const login = await request('POST', '/api/v1/auth/login', { body: { email: wanted.email, password: PASSWORD } })
  assert.equal(login.status, 200)
  assert.deepEqual(Object.keys(login.body), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
  assert.equal(login.body.token_type, 'bearer')
  assert.equal(login.body.expires_in, 1800)
  const me = await as(login.body.access_token, 'GET', '/auth/me')
  assert.equal(me.body.email, wanted.email)
  assert.equal(me.body.plant_scope, 'all')
  assert.ok(me.body.permissions.includes('users.write'))
  assert.equal(me.body.tenant.id, answer.body.tenant_id)
  assert.equal(me.body.mfa_enabled, false)
  const made = await as(login.body.access_token, 'POST', '/plants', {})
  assert.notEqual(made.status, 403)
})

test('two companies of one name get two short names', async () => {
  const name = `Eolica ${uuidv7()}`
  const [a, b] = await Promise.all([newPerson({ tenant_name: name }), newPerson({ tenant_name: name })])
  assert.notEqual(a.tenant_slug, b.tenant_slug)
})

test('an email or user name registers once, whatever its case, also at the same moment', async () => {
  const username = `u${uuidv7()}`
  const wanted = registration({ username })
  const both = await Promise.all([1, 2].map(() => request('POST', '/api/v1/auth/register', { body: wanted })))
  assert.deepEqual(both.map((answer) => String(answer.status)).toSorted(), ['201', '409'])
  const again = registration({ email: wanted.email.toUpperCase() })
  assert.equal(code(await request('POST', '/api/v1/auth/register', { body: again })), 'auth.email_taken')
  const named = registration({ username: username.toUpperCase() })
  assert.equal(code(await request('POST', '/api/v1/auth/register', { body: named })), 'auth.username_taken')
})

test('registration refuses a password that is guessed first, names the field, and can be switched off', async () => {
  for (const password of ['password1', 'kort', 'Rossi2024', 'x'.repeat(129)]) {
    const answer = await request('POST', '/api/v1/auth/register', { body: registration({ password }) })
    assert.equal(answer.status, 422, password)
    assert.equal(answer.body.error.details[0].field, 'password')
  }
  const closed = await appWith({ REGISTRATION: 'off' })
  const answer = await request('POST', '/api/v1/auth/register', { body: registration(), app: closed })
  assert.equal(answer.status, 403)
  assert.equal(code(answer), 'auth.registration_closed')
  await closed.close()
})

test('a company of its own schema is registered where new tenants are isolated so', async () => {
  const isolated = await appWith({ TENANT_ISOLATION_MODE: 'schema' })
  const answer = await request('POST', '/api/v1/auth/register', { body: registration(), app: isolated })
  assert.equal(answer.status, 201)
  const tenant = await byCustody((db) =>
    db.selectFrom('control.tenants').select('schema_name').where('id', '=', answer.body.tenant_id).executeTakeFirst(),
  )
  assert.equal(tenant?.schema_name, `t_${answer.body.tenant_id.replaceAll('-', '')}`)
  await isolated.close()
})

test('a wrong password and an unknown name get one answer', async () => {
  const person = await newPerson()
  const wrong = await logIn(person, { password: 'not this one' })
  const unknown = await logIn({ ...person, email: randomEmail() })
  assert.equal(wrong.status, 401)
  assert.equal(code(wrong), 'auth.wrong_credentials')
  const { request_id: _one, ...first } = wrong.body.error
  const { request_id: _two, ...second } = unknown.body.error
  assert.deepEqual(first, second)
  assert.deepEqual(Object.keys(wrong.headers).toSorted(), Object.keys(unknown.headers).toSorted())
})

test('one signs in by user name too, and by either in any case', async () => {
  const username = `Maria.${uuidv7()}`
  const person = await newPerson({ username })
  const by = (login: object) => from(person.ip, '/auth/login', { ...login, password: PASSWORD })
  assert.equal((await by({ username: username.toLowerCase() })).status, 200)
  assert.equal((await by({ username: username.toUpperCase() })).status, 200)
  assert.equal((await by({ email: person.email.toUpperCase() })).status, 200)
})

test('one takes a user name later, signs in by it, cannot take somebody else’s, and gives it up again', async () => {
  const [person, other] = [await newPerson(), await newPerson()]
  const username = `Luca.${uuidv7()}`
  const tokens = async ({ email, ip }: typeof person) =>
    (await from(ip, '/auth/login', { email, password: PASSWORD })).body.access_token
  const [own, others] = [await tokens(person), await tokens(other)]
  const changed = await as(own, 'PATCH', '/auth/me', { username })
  assert.deepEqual([changed.status, changed.body.username], [200, username.toLowerCase()])
  const byName = () => from(person.ip, '/auth/login', { username, password: PASSWORD })
  assert.equal((await byName()).status, 200)
  assert.equal(code(await as(others, 'PATCH', '/auth/me', { username: username.toUpperCase() })), 'auth.username_taken')
  assert.equal((await as(others, 'PATCH', '/auth/me', { username: person.email })).status, 422)
  assert.equal((await as(own, 'PATCH', '/auth/me', { username: null })).body.username, null)
  assert.equal((await byName()).status, 401)
})

test('a sign-in that lacks a field says which', async () => {
  const send = (body: object) => request('POST', '/api/v1/auth/login', { body })
  const field = async (body: object) => (await send(body)).body.error.details[0].field
  assert.equal(await field({ password: 'x' }), 'email')
  assert.equal(await field({ email: 'a@b.example' }), 'password')
  assert.equal(await field({ email: 'a@b.example', username: 'abc', password: 'x' }), 'username')
  assert.equal(await field({ login_token: 'oft_x' }), 'tenant')
  assert.equal(await field({ login_token: 'oft_x', password: 'x', tenant: 'ab' }), 'login_token')
  assert.equal((await send({ email: 'a@b.example', password: 'x', extra: 1 })).status, 422)
})

test('guessing is slowed, says until when, and the right password does not pass while it is', async () => {
  const person = await newPerson()
  for (let i = 0; i < 5; i++) assert.equal((await logIn(person, { password: `wrong ${i}` })).status, 401)
  const slowed = await logIn(person)
  assert.equal(slowed.status, 429)
  assert.equal(code(slowed), 'auth.too_many_guesses')
  assert.ok(Number(slowed.headers['retry-after']) > 0)
  assert.equal((await logIn({ ...person, ip: '10.99.98.97' })).status, 200, 'another address is not slowed')
  // Waiting is enough.
  await byCustody((db) =>
    db
      .updateTable('control.guesses')
      .set({ last_at: new Date(Date.now() - 60_000).toISOString() })
      .execute(),
  )
  assert.equal((await logIn(person)).status, 200)
  for (let i = 0; i < 4; i++)
    assert.equal((await logIn(person, { password: `wrong ${i}` })).status, 401, 'counted anew')
})

test('an unknown name is slowed like a known one', async () => {
  const person = { ...(await newPerson()), email: randomEmail() }
  for (let i = 0; i < 5; i++) assert.equal((await logIn(person)).status, 401)
  assert.equal((await logIn(person)).status, 429)
})

test('guesses sent at the same moment are counted one by one', async () => {
  const person = await newPerson()
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => logIn(person, { password: `wrong ${i}` })))
  assert.equal(answers.filter((answer) => answer.status === 401).length, 5)
  assert.equal(answers.filter((answer) => answer.status === 429).length, 7)
})

test('colleagues who sign in at the same moment from one address all get in', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => newPerson()))
  const ip = people[0]!.ip
  const logInAgain = async (person: (typeof people)[number]): Promise<number[]> => {
    const statuses: number[] = []
    for (let time = 0; time < 4; time += 1) statuses.push((await logIn({ ...person, ip })).status)
    return statuses
  }
  const statuses = await Promise.all(people.map(logInAgain))
  assert.deepEqual([...new Set(statuses.flat())], [200])
})

test('a known device signs in while strangers guess at the account from its own address', async () => {
  const person = await newPerson()
  const first = await logIn(person)
  const cookie = String(first.headers['set-cookie'])
  assert.match(cookie, /^officina_device=ofd_[\w-]{43}; Path=\/api\/v1\/auth; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
  for (let i = 0; i < 6; i++) await logIn(person, { password: `wrong ${i}` })
  assert.equal((await logIn(person)).status, 429)
  const known = await logIn(person, {}, { cookie: cookie.split(';')[0] })
  assert.equal(known.status, 200)
  assert.equal(known.headers['set-cookie'], undefined, 'it has its cookie')
  const stranger = await newPerson()
  const other = await logIn(stranger, {}, { cookie: cookie.split(';')[0] })
  assert.notEqual(other.headers['set-cookie'], undefined, 'known for one account is not known for another')
})

test('ten sign-ins a minute per account and address, where calls are limited', async () => {
  const app = await appWith({ RATE_LIMIT: 'on' })
  const person = await newPerson()
  for (let i = 0; i < 10; i++) assert.equal((await logIn(person, {}, { app })).status, 200)
  const answer = await logIn(person, {}, { app })
  assert.equal(code(answer), 'request.too_many')
  assert.equal((await logIn({ ...person, ip: '10.77.66.55' }, {}, { app })).status, 200)
  await app.close()
})

test('a bcrypt hash of an older system opens, and is argon2id from then on', async () => {
  const person = await newPerson()
  const password_hash = await bcryptHash('vecchia parola 1', 4)
  const account = await accountOf(person.email)
  const credentials = (db: Parameters<Parameters<typeof byCustody>[0]>[0]) =>
    db
      .selectFrom('control.credentials')
      .select('password_hash')
      .where('account_id', '=', account)
      .executeTakeFirstOrThrow()
  await byCustody((db) =>
    db.updateTable('control.credentials').set({ password_hash }).where('account_id', '=', account).execute(),
  )
  assert.equal((await logIn(person, { password: 'vecchia parola 1' })).status, 200)
  assert.match((await byCustody(credentials)).password_hash!, /^\$argon2id\$/)
  assert.equal((await logIn(person, { password: 'vecchia parola 1' })).status, 200)
})

const accountOf = async (email: string): Promise<string> =>
  (
    await byCustody((db) =>
      db.selectFrom('control.accounts').select('id').where('email', '=', email).executeTakeFirstOrThrow(),
    )
  ).id

/** Makes a person a user of one more tenant. */
async function join(email: string, tenantId: string, status = 'Active'): Promise<string> {
  const id = uuidv7()
  const account_id = await accountOf(email)
  const user = { tenant_id: tenantId, id, account_id, name: 'Maria', surname: 'Rossi', role: 'Viewer', status }
  await byCustody((db) => db.insertInto('control.users').values(user).execute())
  return id
}

test('who is in several companies chooses one, once, and is in that one', async () => {
  const person = await newPerson()
  const other = await newTenant()
  const userId = await join(person.email, other.id)
  const asked = await logIn(person)
  assert.equal(asked.body.tenant_required, true)
  assert.equal(asked.body.access_token, undefined)
  const slugs = asked.body.tenants.map((tenant: { slug: string }) => tenant.slug)
  assert.deepEqual(slugs.toSorted(), [person.tenant_slug, other.slug].toSorted())
  const { login_token } = asked.body
  const stranger = await newTenant()
  const elsewhere = await from(person.ip, '/auth/login', { login_token, tenant: stranger.slug })
  assert.equal(code(elsewhere), 'auth.no_membership')
  const chosen = await from(person.ip, '/auth/login', { login_token, tenant: other.slug })
  assert.equal(chosen.status, 200)
  const me = (await as(chosen.body.access_token, 'GET', '/auth/me')).body
  assert.deepEqual([me.id, me.role, me.tenant.slug], [userId, 'Viewer', other.slug])
  assert.equal(
    code(await from(person.ip, '/auth/login', { login_token, tenant: other.slug })),
    'auth.login_token_invalid',
  )
  const named = await logIn(person, { tenant: person.tenant_slug })
  assert.equal((await as(named.body.access_token, 'GET', '/auth/me')).body.tenant.slug, person.tenant_slug)
  assert.equal(code(await logIn(person, { tenant: stranger.slug })), 'auth.no_membership')
})

test('a user who is invited or suspended is not let in; suspending acts on the next request', async () => {
  const person = await newPerson()
  const { access_token, refresh_token } = await signedIn(person)
  const other = await newTenant()
  await join(person.email, other.id, 'Invited')
  assert.equal(code(await logIn(person, { tenant: other.slug })), 'auth.no_membership')
  assert.equal((await as(access_token, 'GET', '/auth/me')).status, 200)
  await byCustody((db) =>
    db.updateTable('control.users').set({ status: 'Suspended' }).where('id', '=', person.id).execute(),
  )
  assert.equal(code(await as(access_token, 'GET', '/auth/me')), 'auth.not_signed_in')
  assert.equal(code(await from(person.ip, '/auth/refresh', { refresh_token })), 'auth.refresh_invalid')
  assert.equal(code(await logIn(person)), 'auth.no_membership')
})

test('people of a suspended, expired or cancelled company still sign in and see who they are', async () => {
  for (const change of [{ status: 'Suspended' }, { plan_expiry: '2020-01-01' }, { status: 'Cancelled' }]) {
    const person = await newPerson()
    await byCustody((db) => db.updateTable('control.tenants').set(change).where('id', '=', person.tenant_id).execute())
    const { access_token, refresh_token } = await signedIn(person)
    assert.equal((await as(access_token, 'GET', '/auth/me')).status, 200)
    assert.equal((await as(access_token, 'PATCH', '/auth/me', { name: 'Anna' })).status, 403)
    assert.equal((await from(person.ip, '/auth/refresh', { refresh_token })).status, 200)
    assert.equal((await as(access_token, 'POST', '/auth/logout')).status, 204)
  }
})

test('signing in, failing to and signing out stand in the audit trail, failures folded', async () => {
  const person = await newPerson()
  for (let i = 0; i < 3; i++) await logIn(person, { password: 'not this one' })
  const { access_token } = await signedIn(person)
  await as(access_token, 'POST', '/auth/logout')
  await lettersTo(person.email)
  const rows = await byCustody((db) =>
    db
      .selectFrom('shared.audit' as 'audit')
      .selectAll()
      .where('tenant_id', '=', person.tenant_id)
      .orderBy('at')
      .execute(),
  )
  const actions = rows.map(({ action, outcome, repeats }) => `${action} ${outcome} ${repeats}`)
  assert.deepEqual(actions.toSorted(), [
    'auth.sign_in_failed denied 3',
    'auth.signed_in done 1',
    'auth.signed_out done 1',
    'tenants.registered done 1',
  ])
})

test('a sign-in from an unseen device and address is told by mail, the first one and the same address are not', async () => {
  const person = await newPerson()
  await signedIn(person)
  await signedIn(person)
  assert.deepEqual(await lettersTo(person.email), [])
  await logIn({ ...person, ip: '10.1.2.3' }, {}, { userAgent: 'Some Browser' })
  const letters = await lettersTo(person.email)
  assert.equal(letters.length, 1)
  assert.match(letters[0]!, /Some Browser[\s\S]*10\.1\.2\.3/)
})

test('one changes one’s own name, language and preferences, and nothing else', async () => {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  const first = await as(access_token, 'PATCH', '/auth/me', {
    name: 'Anna',
    language: 'en',
    preferences: { theme: 'dark', a: 1 },
  })
  assert.equal(first.status, 200)
  assert.deepEqual(
    [first.body.name, first.body.language, first.body.preferences],
    ['Anna', 'en', { theme: 'dark', a: 1 }],
  )
  const second = await as(access_token, 'PATCH', '/auth/me', { preferences: { a: null, b: [2] } })
  assert.deepEqual(second.body.preferences, { theme: 'dark', b: [2] })
  assert.equal((await as(access_token, 'PATCH', '/auth/me', { role: 'Viewer' })).status, 422)
  assert.equal((await as(access_token, 'PATCH', '/auth/me', { preferences: { a: 'x'.repeat(9000) } })).status, 422)
  const stale = await request('PATCH', '/api/v1/auth/me', {
    token: access_token,
    body: { name: 'B' },
    headers: { 'if-match': '"1"' },
  })
  assert.equal(stale.status, 412)
})
