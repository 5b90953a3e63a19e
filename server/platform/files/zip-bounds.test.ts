import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundedZip } from './zip-bounds.ts'
import { zip } from './zip.fixture.ts'

test('a ZIP whose headings disagree, or that claims gigabytes, never reaches the reader', () => {
  const sound = zip('a', Buffer.from('<a/>'))
  const central = sound.lastIndexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]))
  const end = sound.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  const changed = (at: number, value: number, size: 2 | 4 = 2): Buffer => {
    const bytes = Buffer.from(sound)
    bytes.writeUIntLE(value, at, size)
    return bytes
  }
  assert.deepEqual(boundedZip(sound, 1_000), ['a'])
  // Stored for one and packed for the other.
  assert.throws(() => boundedZip(changed(central + 10, 0), 1_000), /two things/)
  assert.throws(() => boundedZip(changed(end + 8, 2), 1_000), /two ways/)
  assert.throws(() => boundedZip(changed(22, 0xffff_fff0, 4), 1_000), RangeError)
})
