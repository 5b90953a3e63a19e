import assert from 'node:assert/strict'
import test from 'node:test'
import { generateSigningKey, keySet, publishedJwks, signingKeyAt, verifyingKeyAt } from './signing-keys.ts'

const start = new Date('2026-03-01T12:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const first = await generateSigningKey(start)
const second = await generateSigningKey(after(3600))

test('a new key is RSA of 2048 bits, named by its thumbprint', () => {
  assert.equal(Buffer.from(first.public_jwk.n, 'base64url').length, 256)
  assert.match(first.kid, /^[A-Za-z0-9_-]{43}$/)
  assert.notEqual(first.kid, second.kid)
  assert.match(first.private_pem, /^-----BEGIN PRIVATE KEY-----/)
})

test('the very first key signs at once, a later one when all can have read it', () => {
  const keys = keySet({ keys: [first, second] })
  assert.equal(signingKeyAt(keySet({ keys: [first] }), start)?.kid, first.kid)
  assert.equal(signingKeyAt(keys, after(3600))?.kid, first.kid)
  assert.equal(signingKeyAt(keys, after(3600 + 599))?.kid, first.kid)
  assert.equal(signingKeyAt(keys, after(3600 + 600))?.kid, second.kid)
  assert.equal(signingKeyAt(keySet({ keys: [] }), start), null)
})

test('a retired key signs no more, and verifies until the last of its tokens has expired', () => {
  const keys = keySet({ keys: [{ ...first, retired_at: after(5000) }, second] })
  assert.equal(signingKeyAt(keys, after(5000))?.kid, second.kid)
  const end = 5000 + 600 + 1800 + 5
  assert.ok(verifyingKeyAt(keys, first.kid, after(end)))
  assert.equal(verifyingKeyAt(keys, first.kid, after(end + 1)), null)
  assert.equal(publishedJwks(keys, after(end)).keys.length, 2)
  assert.deepEqual(
    publishedJwks(keys, after(end + 1)).keys.map(({ kid }) => kid),
    [second.kid],
  )
})

test('when only retired keys are left there is none to sign with', () => {
  assert.equal(signingKeyAt(keySet({ keys: [{ ...first, retired_at: after(1) }] }), after(2)), null)
})

test('nothing private is published', () => {
  for (const jwk of publishedJwks(keySet({ keys: [first] }), start).keys) {
    assert.deepEqual(Object.keys(jwk).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
  }
})
