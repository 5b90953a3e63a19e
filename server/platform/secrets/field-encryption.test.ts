import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import {
  decryptField,
  deriveKey,
  derivedRing,
  encryptField,
  FieldEncryptionError,
  keyRing,
  needsReencryption,
} from './field-encryption.ts'
import type { FieldRefusal } from './field-encryption.ts'

const oldKey = { id: 'k1', key: randomBytes(32) }
const newKey = { id: 'k2', key: randomBytes(32) }
const ring = keyRing([newKey, oldKey])
const context = 'tenant-1:users:tax_code:row-1'

const refused = (reason: FieldRefusal, open: () => unknown) =>
  assert.throws(open, (error) => error instanceof FieldEncryptionError && error.reason === reason)

test('a field opens again, whatever the text, and never looks the same twice', () => {
  for (const text of ['', 'RSSMRA80A01H501U', 'perché 🌞', 'x'.repeat(10_000)])
    assert.equal(decryptField(ring, encryptField(ring, text, context), context), text)
  assert.notEqual(encryptField(ring, 'same', context), encryptField(ring, 'same', context))
})

test('a ciphertext moved to another place is refused', () => {
  const sealed = encryptField(ring, 'secret', context)
  refused('not_authentic', () => decryptField(ring, sealed, 'tenant-2:users:tax_code:row-1'))
})

test('every single changed character is refused', () => {
  const sealed = encryptField(ring, 'secret', context)
  const start = sealed.indexOf('.', 3) + 1
  for (let i = start; i < sealed.length; i++) {
    const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`
    assert.throws(() => decryptField(ring, changed, context), FieldEncryptionError)
  }
})

test('shortened tags, other forms and other versions are malformed', () => {
  const sealed = encryptField(ring, 'secret', context)
  for (const text of ['', 'v1', 'v1.k2.AAAA.AAAA', `${sealed}.x`, `${sealed}=`, sealed.replace('v1', 'v2'), 'plain'])
    refused('malformed', () => decryptField(ring, text, context))
  refused('not_authentic', () => decryptField(ring, encryptField(ring, '8 bytes!', context).slice(0, -4), context))
})

test('a key that left the ring is named as unknown, and another key under the same id does not open', () => {
  const sealed = encryptField(keyRing([oldKey]), 'secret', context)
  refused('unknown_key', () => decryptField(keyRing([newKey]), sealed, context))
  refused('not_authentic', () => decryptField(keyRing([{ id: 'k1', key: randomBytes(32) }]), sealed, context))
})

test('after a rotation old fields open and ask to be sealed again', () => {
  const sealed = encryptField(keyRing([oldKey]), 'secret', context)
  assert.equal(decryptField(ring, sealed, context), 'secret')
  assert.equal(needsReencryption(ring, sealed), true)
  assert.equal(needsReencryption(ring, encryptField(ring, 'secret', context)), false)
})

test('a ring refuses no key, short keys, doubled ids and ids that break the form', () => {
  const key = randomBytes(32)
  assert.throws(() => keyRing([]), TypeError)
  assert.throws(() => keyRing([{ id: 'a', key: randomBytes(16) }]), TypeError)
  assert.throws(() => keyRing([{ id: 'a.b', key }]), TypeError)
  assert.throws(() => keyRing([newKey, { id: 'k2', key }]), TypeError)
  assert.throws(() => encryptField(ring, 'x', ''), TypeError)
})

test('derived keys are the same for a label and unrelated between labels', () => {
  const master = Buffer.alloc(32, 7)
  assert.deepEqual(deriveKey(master, 'a'), deriveKey(master, 'a'))
  assert.notDeepEqual(deriveKey(master, 'a'), deriveKey(master, 'b'))
  assert.throws(() => deriveKey(Buffer.from('short'), 'a'), TypeError)
  const derived = derivedRing([{ id: 'm1', secret: master }], 'fields')
  assert.equal(decryptField(derived, encryptField(derived, 'x', context), context), 'x')
})
