/**
 * What the detector knows of one sensor: two fixed pieces of memory, so that packing is a copy.
 * Hot changes with every reading. Cold (rarity tables, profiles of day and week) changes when an hour closes; in the first
 * thirty steps of a sensor's life, with every step.
 */
export type DetectorState = {
  readonly hot: Float64Array
  /** The greatest of each feature, upwards and downwards, in the step that is open. */
  readonly greatest: Float32Array
  /** Steps that are closed but not yet counted in `survivors`: a bin per tail. */
  readonly pending: Uint8Array
  /** Numbers of the cold part that are no counts, by `COLD`. */
  readonly numbers: Float32Array
  /** Per tail and bin, how many steps reached that bin or one above it. */
  readonly survivors: Uint16Array
  /** The tables of the seasons as they will be, by `SEASON_TAILS`: of steps since the week is used. */
  readonly fresh: Uint16Array
  /** Numbers of the week, by `WEEK`. */
  readonly week: Float32Array
  /** Per hour of the week, by how many weeks its offset is ahead of the day alone. */
  readonly support: Uint8Array
  /** The strongest surprise of each hour of the last three weeks. */
  readonly peaks: Uint8Array
  /** Whether the cold part differs from what was unpacked. */
  coldChanged: boolean
}

/** The time that one entry of the tables stands for. Faster readings share a step, so a fast sensor is not judged more often. */
export const STEP_MS = 300_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
export const HOURS_A_WEEK = 168
export const WEEKS_OF_PEAKS = 3

/** Features, in this order; each has a tail above and a tail below. */
export const FEATURE = {
  value: 0,
  change: 1,
  season: 2,
  season8: 3,
  level8: 4,
  slope: 5,
  level32: 6,
  season32: 7,
} as const

/** Two per feature: above and below what was expected. */
export const TAILS = 16
/** Those whose distances are from what the seasons expect. */
export const SEASON_TAILS = [FEATURE.season, FEATURE.season8, FEATURE.season32].flatMap((one) => [2 * one, 2 * one + 1])
export const BINS = 48
/** Closed steps that wait for the end of their hour. */
export const MAX_PENDING = 12

/** Places in `hot`. */
export const HOT = {
  version: 0,
  at: 1,
  value: 2,
  /** Sum of the weights of all readings, in steps. */
  seen: 3,
  /** Mean and mean deviation of the logarithm of the gap between readings. */
  gap: 4,
  gapSpread: 5,
  /** Since when the value has been the same, and the longest that it was so. */
  flatSince: 6,
  longestFlat: 7,
  /** The score of the anomaly that was last told, and steps for which only a greater one is told. */
  peak: 8,
  rest: 9,
  step: 10,
  hour: 11,
  hourSum: 12,
  hourWeight: 13,
  pendingCount: 14,
  level: 15,
  mean8: 16,
  mean16: 17,
  mean32: 18,
  mean64: 19,
  season8: 20,
  season32: 21,
  readings: 22,
  /** The strongest surprise of the hour that is open. */
  hourPeak: 23,
  /** Readings that differed from the one before. */
  changes: 24,
  /** Time of the first reading. */
  first: 25,
} as const

/** Places in `numbers`. */
export const COLD = {
  version: 0,
  /** Steps counted in `survivors`, and steps of the warm-up. */
  steps: 1,
  warm: 2,
  scale: 3,
  hourMean: 19,
  hourVisits: 43,
  /** The surprise that this hour brings on most days. */
  habit: 67,
} as const

/** Places in `week`; all are 0 where nothing is known yet. */
export const WEEK = {
  /** Of each hour, from what the days before had at that hour. */
  offset: 0,
  /** Mean distance of an hour from what was expected of it, by the day alone and by the week. */
  dayError: 168,
  weekError: 169,
  /** Hours for which the week has been used; 0 while it is not. */
  usedHours: 170,
  /** Steps that were counted before the tables of the seasons began, and before the fresh ones. */
  stepsBefore: 171,
  freshFrom: 172,
  /** Of each hour of the day, how far it last was from what the week expected. */
  lastOff: 173,
} as const

const VERSION = 1
const HOT_NUMBERS = 26
const COLD_NUMBERS = 91
export const HOT_BYTES = HOT_NUMBERS * 8 + TAILS * 4 + MAX_PENDING * TAILS
const WEEK_NUMBERS = 197
const WEEK_AT = COLD_NUMBERS * 4 + TAILS * BINS * 2
const FRESH_AT = WEEK_AT + WEEK_NUMBERS * 4
const SUPPORT_AT = FRESH_AT + SEASON_TAILS.length * BINS * 2
const PEAKS_AT = SUPPORT_AT + HOURS_A_WEEK
export const COLD_BYTES = PEAKS_AT + WEEKS_OF_PEAKS * HOURS_A_WEEK

/** Parts laid over two buffers. */
function over(hot: ArrayBuffer, cold: ArrayBuffer): DetectorState {
  return {
    hot: new Float64Array(hot, 0, HOT_NUMBERS),
    greatest: new Float32Array(hot, HOT_NUMBERS * 8, TAILS),
    pending: new Uint8Array(hot, HOT_NUMBERS * 8 + TAILS * 4, MAX_PENDING * TAILS),
    numbers: new Float32Array(cold, 0, COLD_NUMBERS),
    survivors: new Uint16Array(cold, COLD_NUMBERS * 4, TAILS * BINS),
    week: new Float32Array(cold, WEEK_AT, WEEK_NUMBERS),
    fresh: new Uint16Array(cold, FRESH_AT, SEASON_TAILS.length * BINS),
    support: new Uint8Array(cold, SUPPORT_AT, HOURS_A_WEEK),
    peaks: new Uint8Array(cold, PEAKS_AT, WEEKS_OF_PEAKS * HOURS_A_WEEK),
    coldChanged: false,
  }
}

/** A sensor of which nothing is known. */
export function newDetector(): DetectorState {
  const state = over(new ArrayBuffer(HOT_BYTES), new ArrayBuffer(COLD_BYTES))
  state.hot[HOT.version] = VERSION
  state.numbers[COLD.version] = VERSION
  // It stands nowhere yet.
  state.coldChanged = true
  return state
}

export type PackedDetector = {
  hot: Uint8Array
  /** Null where it is what was unpacked: then it need not be written. */
  cold: Uint8Array | null
}

/** Bytes to keep; the state may be used further. Numbers are little-endian, as on every machine that it runs on. */
export function packDetector(state: DetectorState): PackedDetector {
  const hot = new Uint8Array(state.hot.buffer.slice(0))
  if (!state.coldChanged) return { hot, cold: null }
  state.coldChanged = false
  return { hot, cold: new Uint8Array(state.numbers.buffer.slice(0, knownLength(state.numbers.buffer))) }
}

/**
 * Without the zeros at its end. In a sensor's first hours, when it changes with every step, the cold part is some hundred bytes by that:
 * it then lies in its row, where 4 kB are two further rows of a table of its own.
 */
function knownLength(cold: ArrayBufferLike): number {
  const words = new Int32Array(cold)
  let length = words.length
  while (length > 1 && words[length - 1] === 0) length -= 1
  return length * 4
}

/**
 * The state that was packed. What was packed before there was a week is shorter by it: it goes on with all that it knows, and learns the
 * week from here. Bytes of another version, or of a length that is none of ours, begin anew: a sensor learns again within a
 * day, and a reading is never refused for it.
 */
export function unpackDetector(hot: Uint8Array | null, cold: Uint8Array | null): DetectorState {
  if (hot?.byteLength !== HOT_BYTES || cold === null || cold.byteLength > COLD_BYTES) return newDetector()
  const state = over(copyOf(hot, HOT_BYTES), copyOf(cold, COLD_BYTES))
  return state.hot[HOT.version] === VERSION && state.numbers[COLD.version] === VERSION ? state : newDetector()
}

/** Aligned, and nobody else's: what a driver hands out is a part of a greater buffer. Zeros follow what is shorter. */
function copyOf(bytes: Uint8Array, length: number): ArrayBuffer {
  const copy = new ArrayBuffer(length)
  new Uint8Array(copy).set(bytes)
  return copy
}
