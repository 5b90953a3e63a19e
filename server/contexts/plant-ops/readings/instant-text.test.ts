import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantText } from './instant-text.ts'

test('a time is written as toISOString writes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (at) => {
      assert.equal(instantText(at), new Date(at).toISOString())
    }),
    { numRuns: 2000 },
  )
})
