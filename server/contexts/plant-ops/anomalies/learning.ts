import { COLD, type DetectorState, FEATURE, HOT, HOUR_MS, MAX_PENDING, STEP_MS, TAILS } from './detector-state.ts'
import { binsOfStep, countStep, moveScales } from './rarity.ts'
import { closeHourOfWeek, keepPeak, weekHabitAt, weekOffsetAt } from './week.ts'

/** Days over which the profile of the day follows what changes. */
const DAYS = 6
/** Steps over which the level is the mean: five days at five minutes. */
const LEVEL_STEPS = 1500
/** A greater surprise counts as one of this size in the habits of a day: twice what is told. */
const MOST_OF_HABIT = 36

/** The hour of the day, in UTC, also before 1970. */
export const hourOf = (hours: number): number => ((Math.floor(hours) % 24) + 24) % 24

/** What is expected at this time of day, and of the week; NaN where no day was seen yet. */
export const expectedAt = (state: DetectorState, atMs: number): number =>
  expectedOfDay(state, atMs) + weekOffsetAt(state, atMs)

function expectedOfDay({ numbers }: DetectorState, atMs: number): number {
  const place = (((atMs / HOUR_MS - 0.5) % 24) + 24) % 24
  const hour = Math.floor(place)
  const next = (hour + 1) % 24
  const isNextKnown = numbers[COLD.hourVisits + next]! > 0
  if (numbers[COLD.hourVisits + hour] === 0) return isNextKnown ? numbers[COLD.hourMean + next]! : Number.NaN
  const mean = numbers[COLD.hourMean + hour]!
  return isNextKnown ? mean + (place - hour) * (numbers[COLD.hourMean + next]! - mean) : mean
}

/** The surprise that comes at this hour, or one beside it, on most days or in most weeks: what comes daily or weekly is no news. */
export function habitAt(state: DetectorState, atMs: number): number {
  const { numbers } = state
  const hour = hourOf(atMs / HOUR_MS)
  const before = numbers[COLD.habit + ((hour + 23) % 24)]!
  const after = numbers[COLD.habit + ((hour + 1) % 24)]!
  return Math.max(before, numbers[COLD.habit + hour]!, after, weekHabitAt(state, atMs))
}

/** Measures how far a reading is from what was expected, and moves the means on. */
export function measure(state: DetectorState, into: Float64Array, atMs: number, value: number, weight: number): void {
  const { hot } = state
  const isFirst = hot[HOT.readings] === 0
  hot[HOT.seen]! += weight
  const seen = hot[HOT.seen]!
  const level = isFirst ? value : hot[HOT.level]!
  const expected = expectedAt(state, atMs)
  const off = Number.isNaN(expected) ? 0 : value - expected
  const share8 = weight / Math.min(8, seen)
  const share32 = weight / Math.min(32, seen)
  into[FEATURE.value] = value - level
  into[FEATURE.change] = isFirst ? 0 : value - hot[HOT.value]!
  into[FEATURE.season] = off
  into[FEATURE.season8] = hot[HOT.season8]! += share8 * (off - hot[HOT.season8]!)
  into[FEATURE.level8] = (hot[HOT.mean8]! += share8 * (value - hot[HOT.mean8]!)) - level
  hot[HOT.mean16]! += (weight / Math.min(16, seen)) * (value - hot[HOT.mean16]!)
  hot[HOT.mean64]! += (weight / Math.min(64, seen)) * (value - hot[HOT.mean64]!)
  into[FEATURE.slope] = hot[HOT.mean16]! - hot[HOT.mean64]!
  into[FEATURE.level32] = (hot[HOT.mean32]! += share32 * (value - hot[HOT.mean32]!)) - level
  into[FEATURE.season32] = hot[HOT.season32]! += share32 * (off - hot[HOT.season32]!)
  hot[HOT.level]! += (weight / Math.min(LEVEL_STEPS, seen)) * (value - hot[HOT.level]!)
  hot[HOT.hourSum]! += weight * value
  hot[HOT.hourWeight]! += weight
}

export type Learned = { atMs: number; value: number; gap: number; surprise: number; isFirst: boolean }

/** Weight of the newest in what is known of the rhythm. */
const RHYTHM = 0.02

/** Keeps what the next reading is measured against. */
export function learn({ hot, greatest }: DetectorState, distances: Float64Array, seen: Learned): void {
  const { atMs, value, gap, surprise, isFirst } = seen
  for (let feature = 0; feature < TAILS / 2; feature++) {
    const distance = distances[feature]!
    const tail = distance > 0 ? 2 * feature : 2 * feature + 1
    const size = Math.abs(distance)
    if (size > greatest[tail]!) greatest[tail] = size
  }
  if (surprise > hot[HOT.hourPeak]!) hot[HOT.hourPeak] = surprise
  const share = Math.max(RHYTHM, 1 / (hot[HOT.readings]! + 1))
  if (isFirst || value !== hot[HOT.value]) {
    if (!isFirst) hot[HOT.longestFlat] = Math.max(hot[HOT.longestFlat]!, hot[HOT.at]! - hot[HOT.flatSince]!)
    hot[HOT.flatSince] = atMs
    hot[HOT.changes]! += 1
  }
  if (!isFirst) {
    const off = Math.log2(gap) - hot[HOT.gap]!
    // The first gap is the first that is known of them.
    hot[HOT.gap]! += (hot[HOT.readings] === 1 ? 1 : share) * off
    if (hot[HOT.readings]! > 1) hot[HOT.gapSpread]! += share * (Math.abs(off) - hot[HOT.gapSpread]!)
  }
  if (isFirst) hot[HOT.first] = atMs
  hot[HOT.at] = atMs
  hot[HOT.value] = value
  hot[HOT.readings]! += 1
}

/** Ends what ended before this reading: the step, and perhaps the hour. */
export function closeStep(state: DetectorState, atMs: number): void {
  const { hot, greatest, pending } = state
  const step = Math.floor(atMs / STEP_MS)
  const hour = Math.floor(atMs / HOUR_MS)
  if (hot[HOT.readings] === 0) {
    hot[HOT.step] = step
    hot[HOT.hour] = hour
    return
  }
  if (step === hot[HOT.step]) return
  hot[HOT.step] = step
  const place = hot[HOT.pendingCount]! * TAILS
  if (binsOfStep(state, pending.subarray(place, place + TAILS))) hot[HOT.pendingCount]! += 1
  greatest.fill(0)
  if (hour === hot[HOT.hour] && hot[HOT.pendingCount]! < MAX_PENDING) return
  for (let i = 0; i < hot[HOT.pendingCount]!; i++) countStep(state, pending.subarray(i * TAILS, (i + 1) * TAILS))
  hot[HOT.pendingCount] = 0
  moveScales(state)
  if (hour === hot[HOT.hour]) return
  closeHour(state)
  hot[HOT.hour] = hour
}

function closeHour(state: DetectorState): void {
  const { hot, numbers } = state
  const hour = hourOf(hot[HOT.hour]!)
  const mean = hot[HOT.hourSum]! / hot[HOT.hourWeight]!
  const visits = Math.min(DAYS, numbers[COLD.hourVisits + hour]! + 1)
  const off = mean - numbers[COLD.hourMean + hour]!
  numbers[COLD.hourMean + hour]! += (visits > 1 ? closeHourOfWeek(state, hot[HOT.hour]!, off) : off) / visits
  keepPeak(state, hot[HOT.hour]!, hot[HOT.hourPeak]!)
  numbers[COLD.hourVisits + hour] = visits
  // Not by visits: what came once is no habit, however great it was.
  numbers[COLD.habit + hour]! += (Math.min(MOST_OF_HABIT, hot[HOT.hourPeak]!) - numbers[COLD.habit + hour]!) / DAYS
  hot[HOT.hourSum] = hot[HOT.hourWeight] = hot[HOT.hourPeak] = 0
  state.coldChanged = true
}
