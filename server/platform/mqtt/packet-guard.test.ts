import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packetGuard } from './packet-guard.ts'

const lengthOf = (length: number): number[] =>
  length < 128 ? [length] : [(length % 128) | 128, ...lengthOf(length >> 7)]
/** A PUBLISH of quality 0 on the topic `a`: its body is the payload and three bytes. */
const publish = (length: number): Buffer =>
  Buffer.concat([Buffer.from([0x30, ...lengthOf(length + 3), 0, 1, 97]), Buffer.alloc(length)])
const PINGRESP = Buffer.from([0xd0, 0])

test('packets that fit go by, wherever they are cut; a longer one is seen by its header', () => {
  const stream = Buffer.concat([PINGRESP, publish(0), publish(997), publish(100), PINGRESP])
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (places) => {
      const fits = packetGuard(1_000)
      let from = 0
      for (const to of [...places.toSorted((a, b) => a - b), stream.length]) {
        assert.ok(fits(stream.subarray(from, to)))
        from = to
      }
    }),
  )
  const fits = packetGuard(1_000)
  assert.ok(fits(stream))
  assert.equal(fits(publish(998).subarray(0, 4)), false)
  assert.equal(packetGuard(1_000)(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])), false)
})
