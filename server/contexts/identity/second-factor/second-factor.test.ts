import assert from 'node:assert/strict'
import test from 'node:test'
import { matchRecoveryCode, newRecoveryCodes, newTotpSecret, otpauthUrl, verifyTotp } from './second-factor.ts'

// RFC 6238, appendix B (SHA-1), last six of the eight digits.
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const RFC_CODES: [seconds: number, code: string][] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
]
const at = (seconds: number) => new Date(seconds * 1000)

test('the codes of RFC 6238 belong to their steps', () => {
  for (const [seconds, code] of RFC_CODES)
    assert.equal(verifyTotp(RFC_SECRET, code, at(seconds), null), Math.floor(seconds / 30))
})

test('a code is good for one step of drift either way and no more', () => {
  const [seconds, code] = [1111111111, '050471']
  const step = Math.floor(seconds / 30)
  assert.equal(verifyTotp(RFC_SECRET, code, at((step + 1) * 30), null), step)
  assert.equal(verifyTotp(RFC_SECRET, code, at((step + 2) * 30 - 1), null), step)
  assert.equal(verifyTotp(RFC_SECRET, code, at((step - 1) * 30), null), step)
  assert.equal(verifyTotp(RFC_SECRET, code, at((step + 2) * 30), null), null)
  assert.equal(verifyTotp(RFC_SECRET, code, at((step - 1) * 30 - 1), null), null)
})

test('a code is used once, and an earlier one not after it', () => {
  const step = Math.floor(1111111111 / 30)
  assert.equal(verifyTotp(RFC_SECRET, '050471', at(1111111111), step - 1), step)
  assert.equal(verifyTotp(RFC_SECRET, '050471', at(1111111111), step), null)
  assert.equal(verifyTotp(RFC_SECRET, '081804', at(1111111111), step), null)
})

test('codes may be typed with a space, and nothing but six digits is a code', () => {
  assert.notEqual(verifyTotp(RFC_SECRET, ' 050 471', at(1111111111), null), null)
  for (const code of ['', '05047', '0050471', '05047l', '٠٥٠٤٧١', '1e5']) {
    assert.equal(verifyTotp(RFC_SECRET, code, at(1111111111), null), null)
  }
})

test('a new secret has 160 bits and its address names issuer and account', () => {
  const secret = newTotpSecret()
  assert.match(secret, /^[A-Z2-7]{32}$/)
  assert.notEqual(secret, newTotpSecret())
  assert.equal(
    newTotpSecret(() => Buffer.from('12345678901234567890')),
    RFC_SECRET,
  )
  const url = new URL(otpauthUrl(secret, 'maria@demo.example', 'Officina: Prova & C.'))
  assert.equal(url.protocol, 'otpauth:')
  assert.equal(url.host, 'totp')
  assert.equal(url.searchParams.get('secret'), secret)
  assert.equal(url.searchParams.get('issuer'), 'Officina: Prova & C.')
  assert.deepEqual([url.searchParams.get('digits'), url.searchParams.get('period')], ['6', '30'])
  assert.ok(decodeURIComponent(url.pathname).includes('maria@demo.example'))
})

test('ten recovery codes are made, all different, and only their hashes are kept', () => {
  const { codes, hashes } = newRecoveryCodes()
  assert.equal(new Set(codes).size, 10)
  for (const code of codes) assert.match(code, /^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/)
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{64}$/)
  codes.forEach((code, index) => assert.equal(matchRecoveryCode(code, hashes), index))
})

test('a recovery code is understood as people type it', () => {
  const { codes, hashes } = newRecoveryCodes(() => Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  assert.equal(codes[0], '01234-56789')
  assert.notEqual(matchRecoveryCode(' oI234 56789 ', hashes), null)
  assert.notEqual(matchRecoveryCode('0l23456789', hashes), null)
  for (const code of ['', '01234-5678', '01234-56780', '01234-567890', 'uuuuu-uuuuu']) {
    assert.equal(matchRecoveryCode(code, hashes), null)
  }
  assert.equal(matchRecoveryCode('01234-56789', ['', 'zz']), null)
})
