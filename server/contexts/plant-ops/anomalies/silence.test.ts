import assert from 'node:assert/strict'
import { test } from 'node:test'
import { besidesGap, hear, NO_PULSE, packPulse, type Pulse, silenceCause, unpackPulse } from './silence.ts'
import { explain } from './explanation.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 5, 1)

const every = (usual_ms: number) => ({ usual_ms, wait_ms: 4 * usual_ms })
/** Comings at these times of our clock, each with readings up to `behind` before it. */
function come(times: readonly number[], usual: number, behind = 0) {
  let pulse: Pulse = NO_PULSE
  let overdue: number | null = null
  for (const at of times) {
    const coming = { good_ms: START + at - behind, now_ms: START + at, rhythm: every(usual) }
    ;({ pulse, overdue_ms: overdue } = hear(pulse, coming))
  }
  return { pulse, after: overdue === null ? null : overdue - START - times.at(-1)! }
}
const times = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => i * step)

test('a sensor is overdue after four to five times its usual pause, and never within a minute', () => {
  for (const step of [5 * MINUTE, 15 * MINUTE, HOUR, DAY]) {
    const { after } = come(times(60, step), step)
    assert.ok(after! >= 4 * step && after! <= 5 * step, `${step}: ${after}`)
  }
  const { after } = come(times(60, SECOND), SECOND)
  assert.ok(after! >= MINUTE && after! <= 2 * MINUTE, String(after))
})

test('without a rhythm nothing is awaited, and history that somebody brings in is no speaking', () => {
  assert.equal(hear(NO_PULSE, { good_ms: START, now_ms: START, rhythm: null }).overdue_ms, null)
  const old = hear(NO_PULSE, { good_ms: START - 3 * DAY, now_ms: START, rhythm: every(MINUTE) })
  assert.equal(old.overdue_ms, null)
  assert.ok(Number.isNaN(old.pulse.heard_ms))
  const daily = hear(NO_PULSE, { good_ms: START - 3 * DAY, now_ms: START, rhythm: every(DAY) })
  assert.ok(daily.overdue_ms! > START, 'a reading each day may come two days late')
})

test('a gateway that brings readings of each minute once an hour is awaited for hours', () => {
  const { after } = come(times(10, HOUR), MINUTE)
  assert.ok(after! >= 4 * HOUR && after! <= 5 * HOUR, String(after))
  // Brought at once, piece by piece: as far apart as its readings are, not as its requests.
  let pulse: Pulse = NO_PULSE
  let overdue: number | null = null
  for (let i = 0; i < 10; i += 1) {
    const coming = { good_ms: START - (9 - i) * HOUR, now_ms: START + i, rhythm: every(MINUTE) }
    ;({ pulse, overdue_ms: overdue } = hear(pulse, coming))
  }
  assert.ok(overdue! - START >= 4 * HOUR)
})

test('a long outage makes it patient for a while, not for good', () => {
  const before = times(100, MINUTE)
  const outage = before.at(-1)! + 3 * DAY
  const soon = come([...before, ...times(2, MINUTE).map((at) => outage + at)], MINUTE).after!
  const later = come([...before, ...times(100, MINUTE).map((at) => outage + at)], MINUTE).after!
  assert.ok(soon < HOUR, String(soon))
  assert.ok(later < 10 * MINUTE, String(later))
})

test('a device whose clock is behind is awaited by ours; a clock that jumps makes nothing overdue at once', () => {
  const behind = come(times(60, 5 * MINUTE), 5 * MINUTE, 2 * HOUR).after!
  assert.ok(behind >= 20 * MINUTE && behind <= 26 * MINUTE, String(behind))
  const { pulse } = come(times(60, MINUTE), MINUTE)
  for (const jump of [-DAY, -HOUR, HOUR]) {
    const now_ms = START + HOUR + jump
    const { overdue_ms } = hear(pulse, { good_ms: START + HOUR, now_ms, rhythm: every(MINUTE) })
    assert.ok(overdue_ms! > now_ms && overdue_ms! < now_ms + 3 * DAY, String(jump))
  }
})

test('most readings leave the time at which a sensor is overdue as it was', () => {
  let pulse: Pulse = NO_PULSE
  const seen = new Set<number | null>()
  for (const at of times(600, SECOND)) {
    const heard = hear(pulse, { good_ms: START + at, now_ms: START + at, rhythm: every(SECOND) })
    pulse = heard.pulse
    seen.add(heard.overdue_ms)
  }
  assert.ok(seen.size <= 12, String(seen.size))
})

test('a pulse survives being packed; other bytes begin anew', () => {
  const { pulse } = come(times(5, MINUTE), MINUTE)
  assert.deepEqual(unpackPulse(packPulse(pulse)), pulse)
  assert.deepEqual(unpackPulse(packPulse(NO_PULSE)), NO_PULSE)
  for (const bytes of [null, new Uint8Array(0), new Uint8Array(7)]) assert.deepEqual(unpackPulse(bytes), NO_PULSE)
})

test('what ends a silence is told again only for what is anomalous besides', () => {
  const gap = { ...silenceCause(1, MINUTE), lasted_ms: HOUR }
  const limit = { ...gap, kind: 'limit' as const }
  assert.deepEqual(besidesGap(0.5, [gap, { ...gap, kind: 'level' }], 0.5), [])
  assert.deepEqual(besidesGap(1, [limit, gap], 0.5), [limit])
})

test('a silence is said in both languages, since when in the zone of the plant', () => {
  const cause = silenceCause(20, 10 * SECOND)
  const facts = { unit: 'Cel', causes: [cause], since: new Date('2026-06-01T10:00:00Z'), zone: 'Europe/Rome' }
  assert.equal(
    explain('it', facts),
    'nessuna lettura valida dal 1 giugno 2026 alle ore 12:00:00 (Europe/Rome); di solito una ogni 10 s',
  )
  assert.match(
    explain('en', facts),
    /^no good reading since 1 June 2026 at 12:00:00 \(Europe\/Rome\); usually one every 10 s$/,
  )
  assert.match(explain('it', { ...facts, causes: [silenceCause(20, 20)] }), /una ogni 20 ms$/)
  const ended = { ...facts, causes: [{ ...cause, lasted_ms: 2 * HOUR }] }
  assert.match(explain('it', ended), /, per 2 ore; di solito una ogni 10 s$/)
  assert.match(explain('en', ended), /, for 2 hours; usually one every 10 s$/)
})
