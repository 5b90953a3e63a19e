import assert from 'node:assert/strict'
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { v7 as uuidv7 } from 'uuid'
import { appWith, request, testApp } from '#test/harness.ts'
import { as, byCustody, from, logIn, newPerson, PASSWORD, signedIn } from '../sign-in/people.fixture.ts'
import { hashOfToken } from '../tokens/opaque-token.ts'

const code = (answer: { body: { error?: { code: string } } | null }) => answer.body?.error?.code
const refresh = (refresh_token: string) => from('10.3.2.1', '/auth/refresh', { refresh_token })

const replacedAgo = (refresh_token: string, seconds: number) =>
  byCustody((db) =>
    db
      .updateTable('control.sessions')
      .set({ rotated_at: new Date(Date.now() - seconds * 1000).toISOString() })
      .where('refresh_hash', '=', hashOfToken(refresh_token))
      .execute(),
  )

test('each refresh replaces the token, and the session lives seven days more', async () => {
  const { refresh_token: first } = await signedIn(await newPerson())
  const second = await refresh(first)
  assert.equal(second.status, 200)
  assert.match(second.body.refresh_token, /^ofr_[\w-]{43}$/)
  assert.notEqual(second.body.refresh_token, first)
  assert.equal((await as(second.body.access_token, 'GET', '/auth/me')).status, 200)
  const third = await refresh(second.body.refresh_token)
  const [session] = (await as(third.body.access_token, 'GET', '/auth/sessions')).body.items
  assert.ok(Math.abs(Date.parse(session.expires_at) - Date.now() - 7 * 86_400_000) < 60_000)
})

test('two refreshes at the same moment get the same successor, and so does a third within ten seconds', async () => {
  const { refresh_token } = await signedIn(await newPerson())
  const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(refresh_token)))
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
  assert.equal(new Set(answers.map((answer) => answer.body.refresh_token)).size, 1)
  const successor = answers[0]!.body.refresh_token
  await replacedAgo(successor, 8)
  assert.equal((await refresh(refresh_token)).body.refresh_token, successor)
  assert.equal((await refresh(successor)).status, 200)
})

test('a token replaced more than ten seconds ago ends the session, the newest token and the access token included', async () => {
  const person = await newPerson()
  const bystander = await signedIn(person)
  const { refresh_token: first } = await signedIn(person)
  const { refresh_token: second, access_token } = (await refresh(first)).body
  await replacedAgo(second, 11)
  const reused = await refresh(first)
  assert.equal(reused.status, 401)
  assert.equal(code(reused), 'auth.refresh_reused')
  assert.equal(code(await refresh(second)), 'auth.refresh_invalid')
  assert.equal(code(await as(access_token, 'GET', '/auth/me')), 'auth.not_signed_in')
  assert.equal((await refresh(bystander.refresh_token)).status, 200, 'other sessions go on')
  const noted = await byCustody((db) =>
    db
      .selectFrom('shared.audit' as 'audit')
      .select('action')
      .where('tenant_id', '=', person.tenant_id)
      .where('action', '=', 'auth.refresh_reused')
      .execute(),
  )
  assert.equal(noted.length, 1)
})

test('any older token ends the session at once, also within ten seconds', async () => {
  const { refresh_token: first } = await signedIn(await newPerson())
  const second = (await refresh(first)).body.refresh_token
  const third = (await refresh(second)).body.refresh_token
  const fourth = (await refresh(third)).body.refresh_token
  assert.equal(code(await refresh(first)), 'auth.refresh_reused')
  assert.equal(code(await refresh(fourth)), 'auth.refresh_invalid')
})

test('a refresh token that is unknown, of an ended or of an expired session is refused alike', async () => {
  const person = await newPerson()
  assert.equal(code(await refresh(`ofr_${'A'.repeat(43)}`)), 'auth.refresh_invalid')
  const ended = await signedIn(person)
  assert.equal((await as(ended.access_token, 'POST', '/auth/logout')).status, 204)
  assert.equal(code(await refresh(ended.refresh_token)), 'auth.refresh_invalid')
  assert.equal(code(await as(ended.access_token, 'GET', '/auth/me')), 'auth.not_signed_in')
  const expired = await signedIn(person)
  await byCustody((db) =>
    db
      .updateTable('control.sessions')
      .set({ expires_at: new Date(Date.now() - 1000).toISOString() })
      .where('refresh_hash', '=', hashOfToken(expired.refresh_token))
      .execute(),
  )
  assert.equal(code(await refresh(expired.refresh_token)), 'auth.refresh_invalid')
  assert.equal(code(await as(expired.access_token, 'GET', '/auth/me')), 'auth.not_signed_in')
})

test('an expired access token shown along does not hinder a refresh', async () => {
  const { refresh_token } = await signedIn(await newPerson())
  const answer = await from('10.3.2.1', '/auth/refresh', { refresh_token }, { token: 'eyJhbGciOiJub25lIn0.e30.' })
  assert.equal(answer.status, 200)
})

test('one sees and ends one’s own sessions; another person’s is like a random one', async () => {
  const person = await newPerson()
  const here = await signedIn(person)
  const there = await signedIn(person)
  const third = await signedIn(person)
  const list = (await as(here.access_token, 'GET', '/auth/sessions')).body
  assert.equal(list.pagination.total, 3)
  assert.equal(list.items.filter((session: { current: boolean }) => session.current).length, 1)
  const current = (token: string) =>
    as(token, 'GET', '/auth/sessions').then(
      (answer) => answer.body.items.find((one: { current: boolean }) => one.current).id as string,
    )
  const thereId = await current(there.access_token)
  const stranger = await signedIn(await newPerson())
  const theirs = await as(stranger.access_token, 'DELETE', `/auth/sessions/${thereId}`)
  const random = await as(stranger.access_token, 'DELETE', '/auth/sessions/01890000-0000-7000-8000-000000000000')
  assert.equal(theirs.status, 404)
  assert.deepEqual({ ...theirs.body.error, request_id: '' }, { ...random.body.error, request_id: '' })
  assert.equal((await as(here.access_token, 'DELETE', `/auth/sessions/${thereId}`)).status, 204)
  assert.equal((await as(there.access_token, 'GET', '/auth/me')).status, 401)
  assert.equal((await as(here.access_token, 'DELETE', '/auth/sessions')).status, 204)
  assert.equal((await as(third.access_token, 'GET', '/auth/me')).status, 401)
  assert.equal((await as(here.access_token, 'GET', '/auth/sessions')).body.pagination.total, 1)
})

/** One person in two companies, signed in to both. */
async function inTwoCompanies() {
  const [person, other] = [await newPerson(), await newPerson()]
  await byCustody(async (db) => {
    const { id } = await db
      .selectFrom('control.accounts')
      .select('id')
      .where('email', '=', person.email)
      .executeTakeFirstOrThrow()
    const names = { name: 'Maria', surname: 'Rossi' }
    const user = { id: uuidv7(), account_id: id, tenant_id: other.tenant_id, role: 'Viewer', status: 'Active' }
    await db
      .insertInto('control.users')
      .values({ ...user, ...names })
      .execute()
  })
  const at = async (tenant: string) => (await logIn(person, { tenant })).body
  return { here: await at(person.tenant_slug), there: await at(other.tenant_slug) }
}

test('a session in another of one’s companies is ended like one in this', async () => {
  const { here, there } = await inTwoCompanies()
  const { items } = (await as(here.access_token, 'GET', '/auth/sessions')).body
  const elsewhere = items.find((one: { current: boolean }) => !one.current)
  assert.equal((await as(there.access_token, 'GET', '/auth/me')).status, 200)
  assert.equal((await as(here.access_token, 'DELETE', `/auth/sessions/${elsewhere.id}`)).status, 204)
  assert.equal((await as(there.access_token, 'GET', '/auth/me')).status, 401)
})

test('a changed password ends one’s sessions in every company', async () => {
  const { here, there } = await inTwoCompanies()
  const change = { current_password: PASSWORD, new_password: 'un altro pensiero 42' }
  assert.equal((await as(here.access_token, 'POST', '/auth/password', change)).status, 204)
  assert.equal((await as(here.access_token, 'GET', '/auth/me')).status, 200)
  assert.equal((await as(there.access_token, 'GET', '/auth/me')).status, 401)
  assert.equal(code(await refresh(there.refresh_token)), 'auth.refresh_invalid')
})

test('no forged, foreign or expired access token opens anything', async () => {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  const [first, body, signature] = access_token.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const header = JSON.parse(Buffer.from(first, 'base64url').toString())
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signed = (head: object, payload: object) => {
    const input = `${text(head)}.${text(payload)}`
    return `${input}.${createSign('sha256').update(input).sign(privateKey, 'base64url')}`
  }
  const { keys } = (await request('GET', '/.well-known/jwks.json')).body
  const hmacInput = `${text({ ...header, alg: 'HS256' })}.${body}`
  const forged = {
    'alg none': `${text({ ...header, alg: 'none' })}.${body}.`,
    'the public key as a secret': `${hmacInput}.${createHmac('sha256', JSON.stringify(keys[0])).update(hmacInput).digest('base64url')}`,
    'another key under our id': signed(header, claims),
    'another key under its own id': signed({ ...header, kid: 'mine' }, claims),
    'another role, our signature': `${first}.${text({ ...claims, roles: ['Admin', 'x'] })}.${signature}`,
    'no signature': `${first}.${body}.`,
    'not a token': 'x',
  }
  for (const [name, token] of Object.entries(forged)) {
    const answer = await as(token, 'GET', '/auth/me')
    assert.equal(answer.status, 401, name)
    assert.equal(code(answer), 'auth.token_invalid', name)
  }
  assert.equal((await as(access_token, 'GET', '/auth/me')).status, 200)
})

test('an access token with our signature is refused when expired, for another audience or from another issuer', async () => {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  const claims = JSON.parse(Buffer.from(access_token.split('.')[1]!, 'base64url').toString())
  const issuer = (await testApp()).deps.issuing.current()
  const key = issuer.keys.newestFirst[0]!
  const sign = (changes: object) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })
      .sign(key.privateKey())
  const now = Math.floor(Date.now() / 1000)
  assert.equal((await as(await sign({ jti: 'good' }), 'GET', '/auth/me')).status, 200)
  assert.equal(code(await as(await sign({ iat: now - 1000, exp: now - 10 }), 'GET', '/auth/me')), 'auth.token_expired')
  assert.equal(code(await as(await sign({ aud: 'other' }), 'GET', '/auth/me')), 'auth.token_invalid')
  assert.equal(code(await as(await sign({ iss: 'other' }), 'GET', '/auth/me')), 'auth.token_invalid')
  assert.equal(code(await as(await sign({ exp: now + 86_400 }), 'GET', '/auth/me')), 'auth.token_invalid')
})

test('how long tokens are good for is set by configuration', async () => {
  const person = await newPerson()
  const app = await appWith({ ACCESS_TOKEN_MINUTES: 120, REFRESH_TOKEN_DAYS: 2 })
  const { body } = await logIn(person, {}, { app })
  assert.equal(body.expires_in, 7200)
  const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
  assert.equal(claims.exp - claims.iat, 7200)
  const [session] = (
    await from(person.ip, '/auth/sessions', undefined, { app, token: body.access_token, method: 'GET' })
  ).body.items
  assert.ok(Date.parse(session.expires_at) - Date.now() < 2 * 86_400_000 + 1000)
  await app.close()
})

test('the public keys are published, may be kept for a while, and hold nothing private', async () => {
  const answer = await request('GET', '/.well-known/jwks.json')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['cache-control'], 'public, max-age=300')
  for (const key of answer.body.keys)
    assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
  const { access_token } = await signedIn(await newPerson())
  const { kid } = JSON.parse(Buffer.from(access_token.split('.')[0]!, 'base64url').toString())
  assert.ok(answer.body.keys.some((key: { kid: string }) => key.kid === kid))
})
