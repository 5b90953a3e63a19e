import type { Cause } from './causes.ts'

/**
 * When a sensor speaks, as far as the clock must know it. Times in epoch milliseconds; NaN where nothing is known. Its readings have a
 * rhythm, and their coming has another: a gateway may bring an hour of them each hour.
 */
export type Pulse = {
  /** Time of the newest good reading. */
  readonly good_ms: number
  /** The usual time between two of them, in milliseconds. */
  readonly usual_ms: number
  /** Our clock when it came. */
  readonly heard_ms: number
  /** Mean of the binary logarithm of the pauses between two comings, in milliseconds, and its mean deviation. */
  readonly pause: number
  readonly spread: number
}

export const NO_PULSE: Pulse = {
  ...{ good_ms: Number.NaN, usual_ms: Number.NaN, heard_ms: Number.NaN, pause: Number.NaN, spread: 0 },
}
export const PULSE_BYTES = 40

export const packPulse = ({ good_ms, usual_ms, heard_ms, pause, spread }: Pulse): Uint8Array =>
  new Uint8Array(Float64Array.of(good_ms, usual_ms, heard_ms, pause, spread).buffer)

/** What was packed; bytes of another length are none of ours, and the sensor is learned anew. */
export function unpackPulse(bytes: Uint8Array | null): Pulse {
  if (bytes?.byteLength !== PULSE_BYTES) return NO_PULSE
  const copy = new Uint8Array(bytes)
  const [good_ms, usual_ms, heard_ms, pause, spread] = new Float64Array(copy.buffer)
  return { good_ms: good_ms!, usual_ms: usual_ms!, heard_ms: heard_ms!, pause: pause!, spread: spread! }
}

/** Weight of the newest pause. */
const SHARE = 0.05
/** One pause counts as no farther off than this many octaves: an outage does not make it patient for long. */
const FARTHEST = 2
/** Nobody is called for less than a minute. */
const LEAST_MS = 60_000
/** What comes more than a day late is history that somebody brings in: it does not say that a sensor speaks. */
const HISTORY_MS = 86_400_000
/** A wait longer than ten years is none. */
const LONGEST_MS = 10 * 366 * 86_400_000

type Coming = {
  /** Time of the newest good reading that came. */
  good_ms: number
  now_ms: number
  /** The usual time between readings, and how long one is waited for; null while its rhythm is not known. */
  rhythm: { usual_ms: number; wait_ms: number } | null
}

type Heard = { pulse: Pulse; overdue_ms: number | null }

/** What good readings, newer than all before, say of a sensor: its pulse, and from when on it is overdue; null where it never is. */
export function hear(before: Pulse, { good_ms, now_ms, rhythm }: Coming): Heard {
  const usual_ms = rhythm?.usual_ms ?? Number.NaN
  if (now_ms - good_ms > Math.max(HISTORY_MS, rhythm?.wait_ms ?? 0)) {
    return { pulse: { ...before, good_ms, usual_ms }, overdue_ms: null }
  }
  // Who brings a backlog piece by piece does not speak as often as it sends.
  const gap = Math.log2(Math.max(1, now_ms - before.heard_ms, good_ms - before.good_ms))
  const isLearned = rhythm !== null && !Number.isNaN(before.pause)
  const off = isLearned ? gap - before.pause : 0
  const pause = isLearned ? before.pause + SHARE * off : gap
  const spread = isLearned ? before.spread + SHARE * (Math.min(FARTHEST, Math.abs(off)) - before.spread) : 0
  const pulse = { good_ms, usual_ms, heard_ms: now_ms, pause, spread }
  return { pulse, overdue_ms: rhythm === null ? null : overdueAt(pulse, rhythm.wait_ms) }
}

function overdueAt({ good_ms, heard_ms, pause, spread }: Pulse, wait: number): number | null {
  const pauseWait = Number.isNaN(pause) ? 0 : 2 ** (pause + Math.max(2, 8 * spread))
  const due = Math.max(good_ms + wait, heard_ms + pauseWait, heard_ms + LEAST_MS)
  if (!(due - heard_ms < LONGEST_MS)) return null
  // Up to a quarter of the wait later, so that the index moves once in that time and not with every reading.
  const grain = Math.max(LEAST_MS, 2 ** Math.floor(Math.log2(Math.max(wait, pauseWait) / 4)))
  return Math.ceil(due / grain) * grain
}

/** Why, of an alarm of missing data that goes on; `observed` is the last value. */
export const silenceCause = (value: number, usualMs: number): Cause => ({
  ...{ kind: 'gap', observed: value, averaged: false, low: null, high: usualMs, times: null, lasted_ms: null },
})

/** What is left to tell of the reading that ends a silence that was told: it is anomalous itself only above what a gap alone scores. */
export const besidesGap = (score: number, causes: readonly Cause[], threshold: number): readonly Cause[] =>
  score > threshold ? causes.filter(({ kind }) => kind !== 'gap') : []
