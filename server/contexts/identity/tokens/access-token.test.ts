import assert from 'node:assert/strict'
import { createHmac, createSign } from 'node:crypto'
import test from 'node:test'
import { signAccessToken, verifyAccessToken } from './access-token.ts'
import type { TokenIssuer, TokenRefusal } from './access-token.ts'
import { generateSigningKey, keySet } from './signing-keys.ts'
import type { SigningKey } from './signing-keys.ts'

const start = new Date('2026-03-01T12:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const key = await generateSigningKey(start)
const names = { issuer: 'https://officina.example', audience: 'officina' }
const issuerOf = (...keys: SigningKey[]): TokenIssuer => ({ ...names, keys: keySet({ keys }) })
const from = issuerOf(key)
const subject = { sub: 'user-1', jti: 'token-1', tenant_id: 'tenant-1', session_id: 'session-1', roles: ['Viewer'] }
const seconds = start.getTime() / 1000
const goodHeader = { alg: 'RS256', typ: 'at+jwt', kid: key.kid }
const goodClaims = { ...subject, iss: names.issuer, aud: names.audience, iat: seconds, exp: seconds + 1800 }

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const forged = (header: unknown, claims: unknown, by: SigningKey = key) => {
  const input = `${encoded(header)}.${encoded(claims)}`
  return `${input}.${createSign('sha256').update(input).sign(by.private_pem, 'base64url')}`
}

const refusedAs = async (reason: TokenRefusal, token: string, now = start, issuer = from) =>
  assert.deepEqual(await verifyAccessToken(issuer, token, now), { ok: false, reason }, token.slice(0, 60))

test('a signed token gives back its claims, the first time and when remembered', async () => {
  const token = await signAccessToken(from, subject, start)
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await verifyAccessToken(from, token, start), { ok: true, claims: goodClaims })
  }
  assert.deepEqual(await verifyAccessToken(from, forged(goodHeader, goodClaims), start), {
    ok: true,
    claims: goodClaims,
  })
})

test('a token expires five seconds after its 30 minutes, remembered or not', async () => {
  const token = await signAccessToken(from, subject, start)
  assert.equal((await verifyAccessToken(from, token, after(1804))).ok, true)
  await refusedAs('expired', token, after(1805))
  await refusedAs('expired', token, after(1805))
  await refusedAs('expired', await signAccessToken(from, { ...subject, jti: 'token-2' }, start), after(1806))
})

test('a token of the future is refused beyond the tolerance', async () => {
  const token = await signAccessToken(from, subject, after(6))
  await refusedAs('invalid', token)
  assert.equal((await verifyAccessToken(from, token, after(1))).ok, true)
})

test('no other algorithm, type or key passes', async () => {
  const input = `${encoded({ ...goodHeader, alg: 'HS256' })}.${encoded(goodClaims)}`
  const hmac = createHmac('sha256', JSON.stringify(key.public_jwk)).update(input).digest('base64url')
  await refusedAs('malformed', `${input}.${hmac}`)
  await refusedAs('malformed', `${encoded({ ...goodHeader, alg: 'none' })}.${encoded(goodClaims)}.`)
  for (const header of [
    { alg: 'RS256', typ: 'at+jwt' },
    { ...goodHeader, alg: 'RS512' },
    { ...goodHeader, alg: 'PS256' },
  ])
    await refusedAs('malformed', forged(header, goodClaims))
  await refusedAs('malformed', forged({ ...goodHeader, typ: 'JWT' }, goodClaims))
  await refusedAs('unknown_key', forged({ ...goodHeader, kid: 'other' }, goodClaims))
  await refusedAs('invalid', forged({ ...goodHeader, crit: ['x'], x: 1 }, goodClaims))
  await refusedAs(
    'invalid',
    forged({ ...goodHeader, jwk: key.public_jwk }, goodClaims, await generateSigningKey(start)),
  )
})

test('a changed token is refused', async () => {
  const token = await signAccessToken(from, subject, start)
  const [header, , signature] = token.split('.')
  await refusedAs('invalid', `${header}.${encoded({ ...goodClaims, roles: ['Admin'] })}.${signature}`)
  await refusedAs('invalid', `${token.slice(0, -6)}AAAAAA`)
  await refusedAs('invalid', `${token.split('.').slice(0, 2).join('.')}.`)
})

test('every claim is required and is of its kind', async () => {
  for (const name of Object.keys(goodClaims))
    await refusedAs('invalid', forged(goodHeader, { ...goodClaims, [name]: undefined }))
  for (const wrong of [
    { iss: 'https://other.example' },
    { aud: 'other' },
    { aud: [names.audience] },
    { sub: 7 },
    { sub: '' },
    { tenant_id: { $ne: null } },
    { roles: 'Admin' },
    { roles: [1] },
    { exp: 'never' },
    { nbf: seconds + 60 },
  ])
    await refusedAs('invalid', forged(goodHeader, { ...goodClaims, ...wrong }))
})

test('what is no token, or too long, is malformed', async () => {
  for (const token of ['', 'x', 'a.b', 'a.b.c', '..', `${encoded([])}.e30.e30`, 'a'.repeat(9000), 'ofk_abc'])
    await refusedAs('malformed', token)
  await refusedAs('malformed', forged(goodHeader, { ...goodClaims, filler: 'x'.repeat(8000) }))
})

test('a token that gives itself more than 30 minutes is refused', async () => {
  await refusedAs('invalid', forged(goodHeader, { ...goodClaims, exp: seconds + 1801 }))
})

test('a key taken out of the set takes its tokens with it, and another issuer remembers nothing', async () => {
  const token = await signAccessToken(from, subject, start)
  assert.equal((await verifyAccessToken(from, token, start)).ok, true)
  await refusedAs('unknown_key', token, start, issuerOf(await generateSigningKey(start)))
  await refusedAs('invalid', token, start, { ...from, audience: 'another' })
})
