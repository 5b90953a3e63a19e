import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKnown, rangeHolds, readRange, type RangeAnswer } from './byte-range.ts'

const RANGES: readonly (readonly [header: string | undefined, size: number, answer: RangeAnswer])[] = [
  [undefined, 100, 'whole'],
  ['bytes=0-0', 100, { start: 0, end: 0 }],
  ['bytes=0-99', 100, { start: 0, end: 99 }],
  ['bytes=10-', 100, { start: 10, end: 99 }],
  ['bytes=90-200', 100, { start: 90, end: 99 }],
  ['bytes=-10', 100, { start: 90, end: 99 }],
  ['bytes=-1000', 100, { start: 0, end: 99 }],
  ['bytes=99-', 100, { start: 99, end: 99 }],
  ['BYTES=1-2', 100, { start: 1, end: 2 }],
  ['bytes=100-', 100, 'unsatisfiable'],
  ['bytes=100-200', 100, 'unsatisfiable'],
  ['bytes=-0', 100, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-5', 0, 'unsatisfiable'],
  // No ranges at all, or more than are served: as if nothing had been asked.
  ['bytes=5-1', 100, 'whole'],
  ['bytes=-', 100, 'whole'],
  ['bytes=', 100, 'whole'],
  ['bytes=a-b', 100, 'whole'],
  ['bytes=--5', 100, 'whole'],
  ['bytes=1.5-3', 100, 'whole'],
  ['lines=0-5', 100, 'whole'],
  ['bytes=0-1,5-6', 100, 'whole'],
  ['bytes=99999999999999999999-', 100, 'unsatisfiable'],
]

test('single ranges are understood as RFC 9110 has them', () => {
  for (const [header, size, answer] of RANGES) assert.deepEqual(readRange(header, size), answer, `${header} of ${size}`)
})

test('validators: If-None-Match compares weakly, If-Range strongly and never by a date', () => {
  for (const header of ['"a"', '"b", "a"', 'W/"a"', '*']) assert.ok(isKnown(header, '"a"'), header)
  for (const header of [undefined, '"b"', 'a', '']) assert.ok(!isKnown(header, '"a"'), String(header))
  for (const header of [undefined, '"a"', ' "a" ']) assert.ok(rangeHolds(header, '"a"'), String(header))
  for (const header of ['W/"a"', '"b"', 'Sat, 21 Nov 2026 10:00:00 GMT']) assert.ok(!rangeHolds(header, '"a"'), header)
})
