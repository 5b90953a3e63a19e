import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST_MS, spread, STEADY_MS, waitAfter } from './back-off.ts'

const HOUR_MS = 3_600_000

/** The tries of an hour in which a connection lasts so long, each time. */
function tries(lastsMs: number, chance: number): number {
  let [count, wait] = [0, FIRST_MS]
  for (let at = 0; at < HOUR_MS; count += 1) {
    at += lastsMs + spread(wait, chance)
    wait = lastsMs >= STEADY_MS ? FIRST_MS : waitAfter(wait)
  }
  return count
}

test('a broker that is away for an hour is tried some 60 to 130 times, and within a minute of its return', () => {
  assert.deepEqual([tries(0, 1), tries(0, 0)], [65, 125])
  assert.equal(Array.from({ length: 20 }).reduce<number>(waitAfter, FIRST_MS), 60_000)
})

test('one that lets in and throws out at once is tried no more often than one that refuses', () => {
  assert.ok(tries(1_000, 1) <= 65 && tries(STEADY_MS - 1, 0) < 65)
})
