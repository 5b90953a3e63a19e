import assert from 'node:assert/strict'
import test from 'node:test'
import { afterFailure, countedAddress, guessSubjects, guessWait } from './guess-limits.ts'
import type { GuessCount, GuessCounts, Guesser } from './guess-limits.ts'

const start = new Date('2026-03-01T12:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const failed = (failures: number, at = start): GuessCount => ({ failures, last_at: at })
const nothing: GuessCounts = { pair: null, account: null, address: null }

// What the sign-in does with these rules, over a map for its table.
const memory = () => {
  const counts = new Map<string, GuessCount>()
  const find = (subject: string | null) => (subject === null ? null : (counts.get(subject) ?? null))
  return {
    wait: (guesser: Guesser, now: Date) => {
      const { pair, account, address } = guessSubjects(guesser)
      return guessWait({ pair: find(pair), account: find(account), address: find(address) }, now)
    },
    fail: (guesser: Guesser, now: Date) => {
      for (const subject of Object.values(guessSubjects(guesser)))
        if (subject !== null) counts.set(subject, afterFailure(find(subject), now))
    },
  }
}

test('the first mistakes cost nothing, then the wait doubles up to 15 minutes', () => {
  const waits = Array.from({ length: 16 }, (_, i) => guessWait({ ...nothing, pair: failed(i) }, start))
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
  assert.equal(guessWait({ ...nothing, pair: failed(2_000_000_000) }, start), 900)
})

test('accounts and addresses have a wider allowance, and the longest wait counts', () => {
  assert.equal(guessWait({ ...nothing, account: failed(20) }, start), 0)
  assert.equal(guessWait({ ...nothing, account: failed(21) }, start), 2)
  assert.equal(guessWait({ ...nothing, address: failed(50) }, start), 0)
  assert.equal(guessWait({ ...nothing, address: failed(52) }, start), 4)
  assert.equal(guessWait({ pair: failed(5), account: failed(24), address: failed(51) }, start), 16)
})

test('waiting is enough, and after a day all is forgotten', () => {
  const counts = { ...nothing, pair: failed(8) }
  assert.equal(guessWait(counts, after(15)), 1)
  assert.equal(guessWait(counts, after(16)), 0)
  assert.equal(guessWait(counts, after(-60)), 16)
  assert.deepEqual(afterFailure(failed(8), after(60)), failed(9, after(60)))
  assert.deepEqual(afterFailure(failed(8), after(86_400)), failed(1, after(86_400)))
  assert.deepEqual(afterFailure(null, start), failed(1))
})

test('a stranger cannot lock a known device out, not even from the same address', () => {
  const { wait, fail } = memory()
  const stranger = { account: 'maria', address: '192.0.2.7', device: null }
  const known = { ...stranger, device: 'her-tablet' }
  for (let i = 0; i < 1_000; i++) fail(stranger, start)
  assert.equal(wait(stranger, start), 900)
  assert.equal(wait(known, start), 0)
})

test('a known device is slowed by its own mistakes, and slows nobody else', () => {
  const { wait, fail } = memory()
  const known = { account: 'maria', address: '192.0.2.7', device: 'her-tablet' }
  for (let i = 0; i < 7; i++) fail(known, start)
  assert.equal(wait(known, start), 8)
  assert.equal(wait({ ...known, device: null }, start), 0)
  assert.equal(wait({ ...known, device: 'her-phone' }, start), 0)
})

test('many addresses at one account, and one address at many accounts, are slowed too', () => {
  const { wait, fail } = memory()
  for (let i = 0; i < 30; i++) fail({ account: 'maria', address: `192.0.2.${i}`, device: null }, start)
  assert.equal(wait({ account: 'maria', address: '198.51.100.1', device: null }, start), 900)
  for (let i = 0; i < 60; i++) fail({ account: `person-${i}`, address: '203.0.113.5', device: null }, start)
  assert.equal(wait({ account: 'somebody', address: '203.0.113.5', device: null }, start), 900)
  assert.equal(wait({ account: 'somebody', address: '203.0.113.6', device: null }, start), 0)
})

test('a guesser who always waits gets about a hundred guesses a day', () => {
  const { wait, fail } = memory()
  const guesser = { account: 'maria', address: '192.0.2.7', device: null }
  let seconds = 0
  let guesses = 0
  for (; seconds < 86_400; guesses++) {
    fail(guesser, after(seconds))
    seconds += wait(guesser, after(seconds))
  }
  assert.ok(guesses > 90 && guesses < 115, `${guesses}`)
})

test('names cannot be spelled so that two pairs share a count', () => {
  const one = guessSubjects({ account: 'a","b', address: 'c', device: null })
  const other = guessSubjects({ account: 'a', address: 'b","c', device: null })
  assert.notEqual(one.pair, other.pair)
})

test('an IPv6 network counts as one address, and IPv4 is the same in both spellings', () => {
  assert.equal(countedAddress('::ffff:192.0.2.7'), countedAddress('192.0.2.7'))
  const network = '2001:db8:0:1::/64'
  for (const address of ['2001:db8:0:1::5', '2001:DB8:0:1:2:3:4:5', '2001:0db8:0000:0001::', '2001:db8:0:1::%eth0'])
    assert.equal(countedAddress(address), network)
  assert.equal(countedAddress('2001:db8::1'), '2001:db8:0:0::/64')
  assert.notEqual(countedAddress('2001:db8:0:2::5'), network)
  assert.equal(countedAddress('::1'), '0:0:0:0::/64')
})
