import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant } from '#test/harness.ts'
import { issueTicket } from '../sign-in/tickets.ts'
import {
  as,
  byCustody,
  from,
  lettersTo,
  logIn,
  newPerson,
  PASSWORD,
  randomEmail,
  signedIn,
  tokenInLetter,
  withSecondFactor,
} from '../sign-in/people.fixture.ts'

const code = (answer: { body: { error?: { code: string } } | null }) => answer.body?.error?.code
const NEW = 'un treno per Lecce 9'
const forgot = (email: string) => from('10.5.5.5', '/auth/password/forgot', { email })
const reset = (token: string, password = NEW) => from('10.5.5.5', '/auth/password/reset', { token, password })

test('changing the password needs the present one, ends the other sessions and keeps this one', async () => {
  const person = await newPerson()
  const here = await signedIn(person)
  const there = await signedIn(person)
  const change = (current_password: string, new_password: string) =>
    as(here.access_token, 'POST', '/auth/password', { current_password, new_password })
  assert.equal(code(await change('not this one', NEW)), 'auth.password_wrong')
  const weak = await change(PASSWORD, 'password1')
  assert.equal(code(weak), 'auth.password_refused')
  assert.equal(weak.body.error.details[0].field, 'new_password')
  assert.equal((await change(PASSWORD, NEW)).status, 204)
  assert.equal((await as(here.access_token, 'GET', '/auth/me')).status, 200)
  assert.equal((await as(there.access_token, 'GET', '/auth/me')).status, 401)
  assert.equal((await logIn(person)).status, 401)
  assert.equal((await logIn(person, { password: NEW })).status, 200)
})

test('guessing the present password with a stolen access token is slowed', async () => {
  const { access_token } = await signedIn(await newPerson())
  const change = (current_password: string) =>
    as(access_token, 'POST', '/auth/password', { current_password, new_password: NEW })
  for (let i = 0; i < 5; i++) assert.equal((await change(`wrong ${i}`)).status, 422)
  assert.equal((await change(PASSWORD)).status, 429)
})

test('asking for a letter is answered alike for a known and an unknown email; only one gets it', async () => {
  const person = await newPerson()
  const known = await forgot(person.email.toUpperCase())
  const unknown = await forgot(randomEmail())
  assert.equal(known.status, 202)
  assert.deepEqual([known.status, known.text], [unknown.status, unknown.text])
  assert.match(await tokenInLetter(person.email), /^oft_/)
})

test('the link sets a password once, ends every session and what was begun, and keeps the second factor', async () => {
  const person = await newPerson()
  const { access_token, refresh_token } = await signedIn(person)
  await withSecondFactor(access_token)
  const { mfa_token } = (await logIn(person)).body
  await forgot(person.email)
  const token = await tokenInLetter(person.email)
  assert.equal(code(await reset(token, 'password1')), 'auth.password_refused')
  const answers = await Promise.all([reset(token), reset(token, `${NEW} bis`)])
  assert.deepEqual(answers.map((answer) => String(answer.status)).toSorted(), ['204', '422'])
  assert.equal(code(await reset(token)), 'auth.link_invalid')
  assert.equal((await as(access_token, 'GET', '/auth/me')).status, 401)
  assert.equal(code(await from(person.ip, '/auth/refresh', { refresh_token })), 'auth.refresh_invalid')
  assert.equal(code(await from(person.ip, '/auth/mfa/verify', { mfa_token, code: '000000' })), 'auth.mfa_token_invalid')
  assert.equal((await logIn(person)).status, 401)
  const passwords = await Promise.all([logIn(person, { password: NEW }), logIn(person, { password: `${NEW} bis` })])
  assert.equal(passwords.filter((answer) => answer.body.mfa_required === true).length, 1)
  const noted = await byCustody((db) =>
    db
      .selectFrom('shared.audit' as 'audit')
      .select('action')
      .where('tenant_id', '=', person.tenant_id)
      .where('action', '=', 'auth.password_reset')
      .execute(),
  )
  assert.equal(noted.length, 1)
})

test('a letter box is not filled: three letters an hour', async () => {
  const person = await newPerson()
  await Promise.all(Array.from({ length: 6 }, () => forgot(person.email)))
  assert.equal((await lettersTo(person.email)).length, 3)
})

/** A user who waits for their acceptance, as an administrator adds one. */
async function invited(
  password_hash: string | null,
  email = randomEmail(),
): Promise<{ email: string; token: string; slug: string; userId: string }> {
  const tenant = await newTenant()
  const userId = uuidv7()
  const token = await byCustody(async (db) => {
    const existing = await db.selectFrom('control.accounts').select('id').where('email', '=', email).executeTakeFirst()
    const account_id = existing?.id ?? uuidv7()
    if (!existing) {
      await db.insertInto('control.accounts').values({ id: account_id, email }).execute()
      await db.insertInto('control.credentials').values({ account_id, password_hash }).execute()
    }
    const user = {
      tenant_id: tenant.id,
      id: userId,
      account_id,
      name: 'Ada',
      surname: 'Bianchi',
      role: 'Viewer',
      status: 'Invited',
    }
    await db.insertInto('control.users').values(user).execute()
    const work = { db, now: new Date() } as unknown as Parameters<typeof issueTicket>[0]
    return issueTicket(work, 'invitation', { account_id, tenant_id: tenant.id, user_id: userId })
  })
  return { email, token, slug: tenant.slug, userId }
}
const accept = (body: object) => from('10.6.6.6', '/auth/invitations/accept', body)

test('a letter does not greet by the name that an invitation gave: who invited would speak in it', async () => {
  const { email } = await invited(null)
  await forgot(email)
  const letter = (await lettersTo(email)).join()
  assert.ok(letter.includes(email))
  assert.doesNotMatch(letter, /Ada/)
})

test('an invitation lets a new person choose password and name, once', async () => {
  const { email, token, slug } = await invited(null)
  assert.equal(code(await accept({ token, password: 'password1' })), 'auth.password_refused')
  const accepted = await accept({ token, password: NEW, name: 'Adele' })
  assert.equal(accepted.status, 200)
  assert.deepEqual([accepted.body.email, accepted.body.tenant.slug], [email, slug])
  assert.equal(code(await accept({ token, password: NEW })), 'auth.link_invalid')
  const { body } = await from('10.6.6.7', '/auth/login', { email, password: NEW })
  const me = (await as(body.access_token, 'GET', '/auth/me')).body
  assert.deepEqual([me.name, me.surname, me.status, me.role], ['Adele', 'Bianchi', 'Active', 'Viewer'])
})

test('who has an account accepts with its password: the letter alone does not open it', async () => {
  const person = await newPerson()
  const { token, slug } = await invited(null, person.email)
  assert.equal(code(await accept({ token, password: NEW })), 'auth.wrong_credentials')
  assert.equal((await logIn(person, { password: NEW })).status, 401, 'its password is unchanged')
  assert.equal((await accept({ token, password: PASSWORD })).status, 200)
  assert.equal((await logIn(person, { tenant: slug })).status, 200)
})

test('a withdrawn invitation is a link that does not work', async () => {
  const { token, userId } = await invited(null)
  await byCustody((db) =>
    db.updateTable('control.users').set({ deleted_at: new Date().toISOString() }).where('id', '=', userId).execute(),
  )
  assert.equal(code(await accept({ token, password: NEW })), 'auth.link_invalid')
})
