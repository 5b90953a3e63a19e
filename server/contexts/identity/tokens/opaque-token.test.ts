import assert from 'node:assert/strict'
import test from 'node:test'
import { apiKeyHint, hashOfToken, isApiKey, newApiKey, newOpaqueToken } from './opaque-token.ts'

test('a token holds 256 random bits and is kept as its hash', () => {
  const { token, hash } = newOpaqueToken('ofr')
  assert.match(token, /^ofr_[A-Za-z0-9_-]{43}$/)
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.equal(hashOfToken(token), hash)
  assert.notEqual(newOpaqueToken('ofr').token, token)
})

test('an API key is told by its form and its checksum', () => {
  for (let i = 0; i < 200; i++) {
    const { token, hash } = newApiKey()
    assert.ok(isApiKey(token), token)
    assert.equal(hashOfToken(token), hash)
  }
  const { token } = newApiKey(() => Buffer.alloc(32))
  const changed = token.replace('ofk_AAAA', 'ofk_AAAB')
  for (const text of ['', 'ofk_', changed, `${token}x`, token.slice(0, -1), token.toUpperCase(), ` ${token}`])
    assert.equal(isApiKey(text), false, text)
})

test('the hint shows the beginning alone', () => {
  const { token } = newApiKey(() => Buffer.alloc(32))
  assert.equal(apiKeyHint(token), 'ofk_AAAAAA')
})
