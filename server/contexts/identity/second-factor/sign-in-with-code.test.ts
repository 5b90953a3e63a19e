import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  as,
  byCustody,
  codeOf,
  from,
  lettersTo,
  logIn,
  newPerson,
  signedIn,
  withSecondFactor,
  type Person,
} from '../sign-in/people.fixture.ts'

const code = (answer: { body: { error?: { code: string } } | null }) => answer.body?.error?.code

async function personWithFactor(): Promise<{
  person: Person
  access_token: string
  secret: string
  recovery_codes: string[]
}> {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  return { person, access_token, ...(await withSecondFactor(access_token)) }
}
const ticketOf = async (person: Person): Promise<string> => (await logIn(person)).body.mfa_token
const verify = (person: Person, mfa_token: string, given: string) =>
  from(person.ip, '/auth/mfa/verify', { mfa_token, code: given })

test('with a second factor the password alone gives no tokens, and the code gives them', async () => {
  const { person, secret } = await personWithFactor()
  const first = await logIn(person)
  assert.deepEqual(Object.keys(first.body), ['mfa_required', 'mfa_token'])
  assert.equal(first.headers['set-cookie'], undefined)
  const second = await verify(person, first.body.mfa_token, codeOf(secret))
  assert.equal(second.status, 200)
  assert.equal((await as(second.body.access_token, 'GET', '/auth/me')).body.mfa_enabled, true)
  assert.equal(
    code(await verify(person, first.body.mfa_token, codeOf(secret, 1))),
    'auth.mfa_token_invalid',
    'a ticket is good once',
  )
})

test('a code works once, also for two at the same moment', async () => {
  const { person, secret } = await personWithFactor()
  const tickets = [await ticketOf(person), await ticketOf(person)]
  const now = codeOf(secret)
  const answers = await Promise.all(tickets.map((ticket) => verify(person, ticket, now)))
  assert.deepEqual(answers.map((answer) => String(answer.status)).toSorted(), ['200', '401'])
  assert.equal(code(await verify(person, await ticketOf(person), now)), 'auth.mfa_code_wrong')
  assert.equal((await verify(person, await ticketOf(person), codeOf(secret, 1))).status, 200)
})

test('a recovery code works once, in any case, and is told by mail', async () => {
  const { person, recovery_codes } = await personWithFactor()
  assert.equal(recovery_codes.length, 10)
  assert.equal((await verify(person, await ticketOf(person), recovery_codes[3]!.toUpperCase())).status, 200)
  assert.equal((await verify(person, await ticketOf(person), recovery_codes[3]!)).status, 401)
  assert.equal((await verify(person, await ticketOf(person), recovery_codes[4]!)).status, 200)
  assert.equal((await lettersTo(person.email)).filter((text) => text.includes('codice di recupero')).length, 2)
})

test('a ticket takes five codes, and the right one no more after them', async () => {
  const { person, secret } = await personWithFactor()
  const ticket = await ticketOf(person)
  // From five addresses, so that it is the ticket that ends and not the guesser that is slowed.
  for (let i = 1; i <= 5; i++) {
    assert.equal(code(await verify({ ...person, ip: `10.20.30.${i}` }, ticket, '000000')), 'auth.mfa_code_wrong')
  }
  assert.equal(code(await verify(person, ticket, codeOf(secret))), 'auth.mfa_token_invalid')
})

test('codes are counted over all tickets: a new sign-in does not start the guessing anew', async () => {
  const { person, secret } = await personWithFactor()
  for (let i = 0; i < 5; i++) assert.equal((await verify(person, await ticketOf(person), '000000')).status, 401)
  const slowed = await verify(person, await ticketOf(person), codeOf(secret))
  assert.equal(code(slowed), 'auth.too_many_guesses')
})

test('a ticket is good for five minutes, and for nothing else', async () => {
  const { person, secret } = await personWithFactor()
  const ticket = await ticketOf(person)
  assert.equal(
    code(await from(person.ip, '/auth/login', { login_token: ticket, tenant: person.tenant_slug })),
    'auth.login_token_invalid',
  )
  assert.equal(
    code(await from(person.ip, '/auth/password/reset', { token: ticket, password: 'un treno per Lecce 9' })),
    'auth.link_invalid',
  )
  await byCustody((db) =>
    db
      .updateTable('control.tickets')
      .set({ expires_at: new Date().toISOString() })
      .where('tenant_id', '=', person.tenant_id)
      .execute(),
  )
  assert.equal(code(await verify(person, ticket, codeOf(secret))), 'auth.mfa_token_invalid')
  assert.equal(code(await verify(person, 'oft_nothing', codeOf(secret))), 'auth.mfa_token_invalid')
})

test('it is switched on by a right code only, and off by a code only', async () => {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  const post = (path: string, body?: object) => as(access_token, 'POST', `/auth/mfa/${path}`, body)
  assert.equal(code(await post('enable', { code: '123456' })), 'auth.mfa_not_set_up')
  assert.equal(code(await post('disable', { code: '123456' })), 'auth.mfa_not_enabled')
  const { secret, otpauth_url } = (await post('setup')).body
  assert.ok(otpauth_url.startsWith('otpauth://totp/Officina:') && otpauth_url.includes(secret))
  assert.equal(code(await post('enable', { code: '000000' })), 'auth.code_wrong')
  assert.equal((await logIn(person)).body.mfa_required, undefined, 'a set-up that was not confirmed asks for nothing')
  const { recovery_codes } = (await post('enable', { code: codeOf(secret) })).body
  assert.equal(code(await post('setup')), 'auth.mfa_enabled')
  assert.equal(code(await post('disable', { code: '000000' })), 'auth.code_wrong')
  assert.equal(code(await post('disable', { code: codeOf(secret) })), 'auth.code_wrong', 'its first code was used')
  assert.equal((await post('disable', { code: recovery_codes[0] })).status, 204)
  assert.equal((await logIn(person)).body.mfa_required, undefined)
  const letters = await lettersTo(person.email)
  assert.deepEqual([/attivata/.test(letters[0]!), /disattivata/.test(letters[1]!)], [true, true])
})

test('guessing codes with a stolen access token is slowed', async () => {
  const { access_token, recovery_codes } = await personWithFactor()
  const disable = (given: string) => as(access_token, 'POST', '/auth/mfa/disable', { code: given })
  for (let i = 0; i < 5; i++) assert.equal((await disable('000000')).status, 422)
  assert.equal((await disable(recovery_codes[0]!)).status, 429)
})

test('the secret is stored encrypted', async () => {
  const { person, secret } = await personWithFactor()
  const rows = await byCustody((db) =>
    db
      .selectFrom('control.credentials as c')
      .innerJoin('control.accounts as a', 'a.id', 'c.account_id')
      .selectAll('c')
      .where('a.email', '=', person.email)
      .execute(),
  )
  assert.match(rows[0]!.totp_secret!, /^v1\./)
  assert.ok(!JSON.stringify(rows).includes(secret))
})
