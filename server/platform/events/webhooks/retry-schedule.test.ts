import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedFor, ATTEMPTS, isDead, restAfter, waitAfter } from './retry-schedule.ts'

test('ten attempts over 75 h 35 min, as the standard’s example has them; chance adds up to a tenth', () => {
  const waits = Array.from({ length: ATTEMPTS }, (_, i) => waitAfter(i + 1, 0, 0))
  assert.deepEqual(waits, [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, null])
  assert.equal(
    waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0),
    75 * 3600 + 35 * 60 + 5,
  )
  assert.ok(Math.abs(waitAfter(2, 0, 1)! - 330) < 1e-9)
})

test('what a receiver asks for holds where it is longer, for 429 and 503, and within a day', () => {
  const now = new Date('2026-11-21T10:00:00Z')
  assert.equal(askedFor(503, '120', now), 120)
  assert.equal(askedFor(429, 'Sat, 21 Nov 2026 10:05:00 GMT', now), 300)
  assert.equal(askedFor(503, '999999999', now), 86_400)
  assert.equal(askedFor(503, 'Sat, 21 Nov 2020 10:05:00 GMT', now), 1)
  for (const said of ['soon', '-5', '1e9', '', undefined]) assert.ok(askedFor(503, said, now) <= 1, String(said))
  assert.equal(askedFor(500, '120', now), 0)
  assert.equal(waitAfter(1, 120, 0), 120)
  assert.equal(waitAfter(3, 120, 0), 1800)
  assert.equal(waitAfter(ATTEMPTS, 120, 0), null)
})

test('a receiver rests after three failures in a row, for five minutes at most', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 9, 1_000_000].map((failures) => restAfter(failures, 0)),
    [0, 0, 0, 5, 10, 20, 300, 300],
  )
  assert.equal(restAfter(1, 3600), 3600)
})

test('nobody is there after three days and ten attempts, and not before', () => {
  const since = new Date('2026-11-21T10:00:00Z')
  const after = (hours: number) => new Date(since.getTime() + hours * 3_600_000)
  assert.equal(isDead(10, since, after(72)), true)
  assert.equal(isDead(9, since, after(500)), false)
  assert.equal(isDead(100, since, after(71)), false)
})
