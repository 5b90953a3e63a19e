import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { tablesOf } from '#test/catalogue.ts'
import { newTenant, request, testApp, type Answer, type TestTenant, type TestUser } from '#test/harness.ts'
import { sequenceEvents } from '#platform/events/sequencer.ts'
import { codeOf, logIn, newPerson, PASSWORD, tokenInLetter, withSecondFactor } from '../sign-in/people.fixture.ts'

const custody = async () => (await testApp()).deps.installation.custody
const numbered = async (): Promise<void> => {
  for (let n: number | null = null; n !== 0;) n = await sequenceEvents(await custody())
}
const login = (email: string, changes = {}) =>
  logIn({ email, ip: '10.1.2.4', id: '', tenant_id: '', tenant_slug: '' }, changes)
const code = ({ body }: Answer): string => body.error?.code
const verify = async (tenant: TestTenant) => {
  await numbered()
  return (await tenant.admin.call('GET', '/audit/verify')).body
}

type Known = { id: string; email: string; name: string; surname: string; token: string }
let count = 0

/** A person who was added, signed in, changed their name and their password, and made a key. */
async function known(tenant: TestTenant, more: { email?: string } = {}): Promise<Known> {
  count += 1
  const mark = `${Date.now().toString(36)}${count}`
  const [name, surname] = [`Nome${mark}`, `Cognome${mark}`]
  const email = more.email ?? `persona.${mark}@example.test`
  const added = { email, name, surname, role: 'Admin', ...(more.email === undefined && { password: PASSWORD }) }
  const { body, status, text } = await tenant.admin.call('POST', '/users', added, { 'idempotency-key': uuidv7() })
  assert.equal(status, 201, text)
  if (more.email !== undefined) {
    const accept = { token: await tokenInLetter(email), password: PASSWORD }
    await request('POST', '/api/v1/auth/invitations/accept', { body: accept })
  }
  await tenant.admin.call('PATCH', `/users/${body.id}`, { surname: `${surname}-Bis` })
  const signedIn = await login(email, { tenant: tenant.slug })
  assert.equal(signedIn.status, 200, signedIn.text)
  const token = signedIn.body.access_token as string
  const own = (method: 'POST' | 'PATCH', path: string, payload: unknown) =>
    request(method, `/api/v1${path}`, { token, body: payload })
  const changed = await own('PATCH', '/auth/me', { name: `${name}-Ter`, preferences: { nick: name } })
  assert.equal(changed.status, 200)
  assert.equal((await own('POST', '/roles', { name: `Ruolo ${count}`, permissions: [] })).status, 201)
  assert.equal((await own('POST', '/api-keys', { name: 'Logger', permissions: ['plants.read'] })).status, 201)
  assert.equal((await login(email, { password: 'sbagliata 1951', tenant: tenant.slug })).status, 401)
  await (await testApp()).deps.afterwards.settled()
  return { id: body.id, email, name, surname, token }
}

const erase = (user: TestUser, { id, email }: Pick<Known, 'id' | 'email'>): Promise<Answer> =>
  user.call('POST', `/users/${id}/erase`, { confirm: email })

/** Every table of the installation that holds one of these words in any column of any row. */
async function placesOf(tenant: TestTenant, words: readonly string[]): Promise<string[]> {
  return (await custody()).session(async (client) => {
    const tables = await tablesOf(client, ['control', tenant.schema])
    assert.ok(tables.length > 20)
    await client.query('begin; set local role officina_custody')
    const found: string[] = []
    for (const { schema, table } of tables) {
      if (table === 'migrations') continue
      const { rows } = await client.query(
        `select 1 from ${schema}.${table} t where lower(t::text) like any ($1) limit 1`,
        [words.map((word) => `%${word.toLowerCase()}%`)],
      )
      if (rows.length > 0) found.push(`${schema}.${table}`)
    }
    await client.query('rollback')
    return found
  })
}

test('after an erasure no table of the installation says the person’s name or email, and the trail is whole', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  const words = [person.email, person.name, person.surname]
  const before = await placesOf(tenant, words)
  for (const table of ['control.accounts', 'control.users', `${tenant.schema}.audit`])
    assert.ok(before.includes(table), table)
  const { status, body, text } = await erase(tenant.admin, person)
  assert.equal(status, 200, text)
  assert.equal(body.account_erased, true)
  assert.equal(body.api_keys, 1)
  assert.ok(body.contents >= 3 && body.addresses >= 4, text)
  assert.deepEqual(await placesOf(tenant, words), [])
  const verdict = await verify(tenant)
  assert.equal(verdict.valid, true, JSON.stringify(verdict))
  assert.ok(verdict.erased >= 6)
})

test('who is erased is signed out everywhere, cannot come back, and may be added anew as a stranger', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  await erase(tenant.admin, person)
  assert.equal((await request('GET', '/api/v1/auth/me', { token: person.token })).status, 401)
  assert.equal((await login(person.email, { tenant: tenant.slug })).status, 401)
  assert.equal((await tenant.admin.call('GET', `/users/${person.id}`)).status, 404)
  const { items } = (await tenant.admin.call('GET', `/users?q=${person.surname}`)).body
  assert.deepEqual(items, [])
  const again = await tenant.admin.call('POST', '/users', {
    ...{ email: person.email, name: 'A', surname: 'B', role: 'Viewer', password: PASSWORD },
  })
  assert.equal(again.status, 201)
  assert.notEqual(again.body.id, person.id)
})

test('what an erased person did stays in the trail, without name, address and contents about them', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  const role = (await tenant.admin.call('GET', `/audit?actor_id=${person.id}&action=roles.created`)).body.items[0]
  await erase(tenant.admin, person)
  const entries = (await tenant.admin.call('GET', `/audit?actor_id=${person.id}`)).body.items
  const after = entries.find(({ id }: { id: string }) => id === role.id)
  assert.deepEqual(after, { ...role, ip: null, erased: true, actor: { ...role.actor, name: null } })
  assert.equal(after.after.permissions.length, 0)
  const about = (await tenant.admin.call('GET', `/audit?resource_id=${person.id}`)).body.items
  const [last] = about
  assert.deepEqual([last.action, last.erased], ['users.erased', false])
  assert.deepEqual(Object.keys(last.after).toSorted(), ['account_erased', 'addresses', 'contents'])
  for (const entry of about.slice(1)) {
    assert.deepEqual([entry.before, entry.after, entry.erased], [null, null, true], entry.action)
  }
  const row = await (
    await custody()
  ).run(async ({ db }) => {
    const { rows } = await sql<{ role: string; created_by: string | null }>`
      select role, erased_at is not null as erased from control.users where tenant_id = ${tenant.id} and id = ${person.id}`.execute(
      db,
    )
    return rows[0]
  })
  assert.deepEqual(row, { role: 'Admin', erased: true })
})

test('two persons are erased from the same entries, and the trail is whole after each', async () => {
  const tenant = await newTenant()
  const [one, two] = [await known(tenant), await known(tenant)]
  const patch = await request('PATCH', `/api/v1/users/${two.id}`, { token: one.token, body: { surname: 'Nuovo' } })
  assert.equal(patch.status, 200)
  for (const person of [one, two]) {
    assert.equal((await erase(tenant.admin, person)).status, 200)
    const verdict = await verify(tenant)
    assert.equal(verdict.valid, true, JSON.stringify(verdict))
  }
})

test('found: more entries marked as erased than the erasure took, and an erasure that is taken out of the trail', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  await erase(tenant.admin, person)
  assert.equal((await verify(tenant)).valid, true)
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(({ db }) =>
    sql`update ${audit} set contents_digest = control.audit_part(contents_salt, jsonb_build_array(before, after)), contents_salt = null,
               contents_erased_for = ${person.id}, before = null, after = null
         where tenant_id = ${tenant.id} and action = 'roles.created'`.execute(db),
  )
  const more = await verify(tenant)
  assert.deepEqual([more.valid, more.first_broken.reason], [false, 'erasure_unfounded'])

  const other = await newTenant()
  const forgotten = await known(other)
  await erase(other.admin, forgotten)
  await numbered()
  await (
    await custody()
  ).run(async ({ db }) => {
    const trail = sql.table(`${other.schema}.audit`)
    await sql`delete from control.audit_chain where tenant_id = ${other.id} and audit_id in
      (select id from ${trail} where tenant_id = ${other.id} and action = 'users.erased')`.execute(db)
    await sql`delete from ${trail} where tenant_id = ${other.id} and action = 'users.erased'`.execute(db)
  })
  const taken = await verify(other)
  assert.deepEqual([taken.valid, taken.first_broken.reason], [false, 'erasure_unfounded'])
})

test('found: an entry of an erased person that is changed afterwards', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  await erase(tenant.admin, person)
  await numbered()
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(({ db }) =>
    sql`update ${audit} set action = 'users.invited' where tenant_id = ${tenant.id} and resource_id = ${person.id} and action = 'users.updated'`.execute(
      db,
    ),
  )
  assert.equal((await verify(tenant)).first_broken.reason, 'entry_changed')
})

test('a person of two companies is erased from one, and stays whole in the other', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const consultant = await newPerson()
  const here = await known(tenant, { email: consultant.email })
  const { body } = await erase(tenant.admin, here)
  assert.equal(body.account_erased, false)
  assert.equal((await login(consultant.email, { tenant: consultant.tenant_slug })).status, 200)
  assert.notEqual((await login(consultant.email, { tenant: tenant.slug })).status, 200)
  // The row in this company no longer leads to the account.
  const places = await placesOf(tenant, [here.surname, here.name])
  assert.deepEqual(places, [])
  const email = await tenant.admin.read(null, async ({ db }) => {
    const { rows } = await sql`select 1 from control.accounts where email = ${consultant.email}`.execute(db)
    return rows.length
  })
  assert.equal(email, 0)
  assert.equal((await other.admin.call('GET', '/audit/verify')).body.valid, true)
})

test('a person who was removed long ago is erased too, and nobody is erased twice', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  await tenant.admin.call('DELETE', `/users/${person.id}`)
  assert.equal((await erase(tenant.admin, person)).status, 200)
  assert.equal(code(await erase(tenant.admin, person)), 'users.erased')
  assert.equal((await tenant.admin.call('GET', `/users/${person.id}/export`)).status, 404)
  assert.equal((await verify(tenant)).valid, true)
})

test('an erasure is confirmed by the person’s email, is not one’s own, and leaves an Admin', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  const wrong = await tenant.admin.call('POST', `/users/${person.id}/erase`, { confirm: 'qualcuno@example.it' })
  assert.deepEqual([wrong.status, wrong.body.error.details[0].field], [422, 'confirm'])
  assert.equal(
    code(await erase(tenant.admin, { id: tenant.admin.userId, email: tenant.admin.email })),
    'users.erase_own',
  )
  const viewer = await tenant.user('Viewer')
  assert.equal((await erase(viewer, person)).status, 403)
  const { body } = await tenant.admin.call('POST', '/roles', {
    name: 'Privacy',
    permissions: ['users.erase', 'users.export'],
  })
  assert.ok(body.id)
  const clerk = await tenant.user('Privacy')
  assert.equal(code(await erase(clerk, person)), 'users.beyond_own')
  assert.equal((await tenant.admin.call('GET', `/users/${person.id}`)).status, 200)
})

const eraseMe = (token: string, body: unknown) => request('POST', '/api/v1/auth/me/erase', { token, body })

test('one erases oneself in every company by the password, and is nowhere afterwards', async () => {
  const tenant = await newTenant()
  const consultant = await newPerson()
  const here = await known(tenant, { email: consultant.email })
  // The first company has one Admin, who must stay.
  assert.equal(code(await eraseMe(here.token, { password: PASSWORD })), 'users.last_admin')
  assert.equal((await request('GET', '/api/v1/auth/me', { token: here.token })).status, 200)
  const second = await newTenant()
  const person = await known(tenant)
  const added = await second.admin.call('POST', '/users', {
    ...{ email: person.email, name: 'Altro', surname: person.surname, role: 'Viewer' },
  })
  const accept = { token: await tokenInLetter(person.email), password: PASSWORD }
  assert.equal((await request('POST', '/api/v1/auth/invitations/accept', { body: accept })).status, 200)
  assert.equal(code(await eraseMe(person.token, { password: 'un’altra 1961' })), 'auth.password_wrong')
  const done = await eraseMe(person.token, { password: PASSWORD })
  assert.deepEqual([done.status, done.body], [200, { companies: 2 }], done.text)
  for (const place of [tenant, second]) {
    assert.deepEqual(await placesOf(place, [person.email, person.name, person.surname]), [])
    assert.equal((await verify(place)).valid, true)
  }
  assert.equal((await second.admin.call('GET', `/users/${added.body.id}`)).status, 404)
  const { items } = (await tenant.admin.call('GET', `/audit?action=users.erased`)).body
  assert.equal(items[0].ip, null)
})

test('where the second factor is on, one erases oneself by its code as well', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  const { secret } = await withSecondFactor(person.token)
  for (const wrong of [{}, { code: '000000' }]) {
    const answer = await eraseMe(person.token, { password: PASSWORD, ...wrong })
    assert.deepEqual([answer.status, code(answer)], [422, 'auth.code_wrong'])
  }
  const done = await eraseMe(person.token, { password: PASSWORD, code: codeOf(secret, 1) })
  assert.equal(done.status, 200, done.text)
})

test('who keeps copies is told of an erasure, by the id alone', async () => {
  const tenant = await newTenant()
  const person = await known(tenant)
  await erase(tenant.admin, person)
  await numbered()
  const { items } = (await tenant.admin.call('GET', '/events?cursor=0&type=UserErased')).body
  assert.deepEqual(
    items.map(({ data }: { data: unknown }) => data),
    [{ user_id: person.id }],
  )
})

test('an API key erases nobody’s own account', async () => {
  const tenant = await newTenant()
  const { body } = await tenant.admin.call('POST', '/api-keys', { name: 'k', permissions: ['plants.read'] })
  assert.equal(code(await eraseMe(body.key, { password: PASSWORD })), 'auth.person_required')
})

const ENTRIES = [
  'users.created',
  'users.updated',
  'auth.signed_in',
  'users.changed_self',
  'roles.created',
  'users.exported',
]

test('an export holds what is kept of a person, in all of their companies, and of nobody else', async () => {
  const tenant = await newTenant()
  const consultant = await newPerson()
  const here = await known(tenant, { email: consultant.email })
  const colleague = await known(tenant)
  await request('PATCH', `/api/v1/users/${colleague.id}`, { token: here.token, body: { name: 'Riservato' } })
  const { status, body, text, headers } = await request('GET', '/api/v1/auth/me/export', { token: here.token })
  assert.equal(status, 200, text)
  assert.match(String(headers['content-disposition']), /attachment/)
  assert.equal(body.account.email, consultant.email)
  assert.equal(body.companies.length, 2)
  const company = body.companies.find((one: { tenant: { id: string } }) => one.tenant.id === tenant.id)
  assert.deepEqual([company.user.id, company.user.preferences], [here.id, { nick: here.name }])
  assert.equal(company.sessions.length, 1)
  assert.deepEqual(
    company.api_keys.map((key: { name: string }) => key.name),
    ['Logger'],
  )
  assert.deepEqual(
    company.letters.map((letter: { purpose: string }) => letter.purpose),
    ['invitation'],
  )
  const actions: string[] = company.audit.map((entry: { action: string }) => entry.action)
  for (const action of ENTRIES) assert.ok(actions.includes(action), action)
  const others = company.audit.filter((entry: { by_person: boolean }) => !entry.by_person)
  assert.ok(others.length >= 2 && others.every((entry: { ip: unknown }) => entry.ip === null))
  for (const secret of [
    colleague.email,
    colleague.surname,
    'Riservato',
    tenant.admin.userId,
    'argon2',
    'refresh_hash',
    'key_hash',
  ])
    assert.ok(!text.includes(secret), secret)
})

test('an administrator’s export is of this company alone, and stands in the trail', async () => {
  const tenant = await newTenant()
  const consultant = await newPerson()
  const here = await known(tenant, { email: consultant.email })
  const { status, body, text } = await tenant.admin.call('GET', `/users/${here.id}/export`)
  assert.equal(status, 200, text)
  assert.deepEqual([body.account, body.companies.length, body.companies[0].user.email], [null, 1, consultant.email])
  assert.ok(!text.includes(consultant.tenant_slug))
  const { items } = (await tenant.admin.call('GET', `/audit?action=users.exported`)).body
  assert.deepEqual([items[0].resource_id, items[0].actor.id], [here.id, tenant.admin.userId])
  assert.equal((await (await tenant.user('Asset Manager')).call('GET', `/users/${here.id}/export`)).status, 403)
})

test('an export of many pages is whole', async () => {
  const tenant = await newTenant()
  const user = await tenant.user('Viewer')
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(({ db }) =>
    sql`insert into ${audit} (tenant_id, id, actor_kind, actor_id, action, resource, ip)
        select ${tenant.id}, gen_random_uuid(), 'user', ${user.userId}, 'x', 'y', '10.0.0.1' from generate_series(1, 2500)`.execute(
      db,
    ),
  )
  const { body } = await user.call('GET', '/auth/me/export')
  assert.equal(new Set(body.companies[0].audit.map(({ id }: { id: string }) => id)).size, 2501)
})

test('what a cancelled company keeps of a person can be exported, and the person erased', async () => {
  const tenant = await newTenant({ status: 'Cancelled' })
  assert.equal((await tenant.admin.call('GET', `/users/${tenant.admin.userId}/export`)).status, 200)
  assert.equal((await tenant.admin.call('GET', '/auth/me/export')).status, 200)
  assert.equal((await tenant.admin.call('GET', '/audit/verify')).status, 200)
})
