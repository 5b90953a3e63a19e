import { COLD, type DetectorState, HOT, HOUR_MS, HOURS_A_WEEK, WEEK, WEEKS_OF_PEAKS } from './detector-state.ts'
import { beginFresh, takeFresh } from './rarity.ts'

/**
 * The week, on top of the profile of the day: how far each of its 168 hours usually lies from what the days before had at
 * that hour. Of an hour it is believed while it came nearer than the day alone in three weeks more than it did not; as a whole
 * it is used while that leaves less error than the day does. Whoever has no week is judged by the day alone.
 */

/** Weeks by which an offset must be ahead to be believed; it may be ahead by one more, so that one odd week changes nothing. */
const CERTAIN = 3
const MOST = 4
/** Hours over which the errors of day and week are compared: two weeks. */
const COMPARED = 336
/** The week is taken up where it leaves less than this part of the error, and given up where it leaves all of it. */
const BETTER = 0.9
/** No hour counts more than so many usual ones: one great anomaly says nothing of the week. */
const GREATEST_ERROR = 30

/** The hour of the week, in UTC, also before 1970; 0 is the first hour of a Thursday. */
const hourOfWeek = (hours: number): number => ((Math.floor(hours) % HOURS_A_WEEK) + HOURS_A_WEEK) % HOURS_A_WEEK

const knownOffset = ({ week, support }: DetectorState, hour: number): number =>
  support[hour]! >= CERTAIN ? week[WEEK.offset + hour]! : 0

/** What this time of the week adds to what is expected of the day; 0 while the week explains no more. */
export function weekOffsetAt(state: DetectorState, atMs: number): number {
  if (state.week[WEEK.usedHours] === 0) return 0
  const middle = atMs / HOUR_MS - 0.5
  const hour = hourOfWeek(middle)
  let offset = knownOffset(state, hour)
  // The day has taken in its part of an hour that is over.
  if (hour !== hourOfWeek(atMs / HOUR_MS)) offset *= 1 - 1 / Math.max(1, state.numbers[COLD.hourVisits + (hour % 24)]!)
  return offset + (middle - Math.floor(middle)) * (knownOffset(state, hourOfWeek(middle + 1)) - offset)
}

/**
 * Learns how far the hour that ends was from what the days before had, and says how much of that the day is to follow: all of it
 * where no week is used, and otherwise what the week knows and what the day before had, too. So the days after an odd one are not odd.
 */
export function closeHourOfWeek(state: DetectorState, hours: number, off: number): number {
  const { week } = state
  const hour = hourOfWeek(hours)
  const known = knownOffset(state, hour)
  compare(state, off, off - known)
  learnOffset(state, hour, off)
  judge(state)
  if (week[WEEK.usedHours] === 0) return off
  const before = week[WEEK.lastOff + (hour % 24)]!
  week[WEEK.lastOff + (hour % 24)] = off - known
  return known + lesser(off - known, before)
}

/** The one nearer to 0; 0 where they point to two sides. */
const lesser = (a: number, b: number): number =>
  a > 0 === b > 0 ? Math.sign(a) * Math.min(Math.abs(a), Math.abs(b)) : 0

function learnOffset({ week, support }: DetectorState, hour: number, off: number): void {
  const offset = week[WEEK.offset + hour]!
  if (support[hour]! > 0 && Math.abs(off - offset) < Math.abs(off)) {
    const believed = Math.abs(off) > 2 * Math.abs(offset) ? 2 * offset : off
    week[WEEK.offset + hour] = (offset + believed) / 2
    support[hour] = Math.min(MOST, support[hour]! + 1)
  } else if (support[hour]! > 1) {
    support[hour]! -= 1
  } else {
    week[WEEK.offset + hour] = off
    support[hour] = 1
  }
}

function compare({ week }: DetectorState, dayOff: number, weekOff: number): void {
  const dayError = week[WEEK.dayError]!
  const most = dayError > 0 ? GREATEST_ERROR * dayError : Number.POSITIVE_INFINITY
  const share = dayError > 0 ? 1 / COMPARED : 1
  week[WEEK.dayError]! += share * (Math.min(most, Math.abs(dayOff)) - dayError)
  week[WEEK.weekError]! += share * (Math.min(most, Math.abs(weekOff)) - week[WEEK.weekError]!)
}

/** Takes the week up, or gives it up. The tables that go with it are read once they saw as many weeks as an offset needs. */
function judge(state: DetectorState): void {
  const { hot, week } = state
  const [dayError, weekError] = [week[WEEK.dayError]!, week[WEEK.weekError]!]
  if (week[WEEK.usedHours] === 0) {
    if (weekError >= BETTER * dayError) return
    beginFresh(state)
    // Means of distances from the day alone.
    hot[HOT.season8] = hot[HOT.season32] = 0
  } else if (weekError >= dayError) {
    week[WEEK.usedHours] = 0
    return
  }
  week[WEEK.usedHours]! += 1
  if (week[WEEK.usedHours] === CERTAIN * HOURS_A_WEEK) takeFresh(state)
}

/** Keeps the strongest surprise of the hour that ends, in place of what the same hour had three weeks before. */
export function keepPeak({ peaks }: DetectorState, hours: number, surprise: number): void {
  const turn = ((Math.floor(hours / HOURS_A_WEEK) % WEEKS_OF_PEAKS) + WEEKS_OF_PEAKS) % WEEKS_OF_PEAKS
  peaks[turn * HOURS_A_WEEK + hourOfWeek(hours)] = Math.min(255, Math.floor(surprise))
}

/** The surprise that this hour of the week, or one beside it, brought in two of the last three weeks. */
export function weekHabitAt({ peaks }: DetectorState, atMs: number): number {
  let habit = 0
  for (let beside = -1; beside <= 1; beside++) {
    const hour = hourOfWeek(atMs / HOUR_MS + beside)
    const [a, b, c] = [peaks[hour]!, peaks[HOURS_A_WEEK + hour]!, peaks[2 * HOURS_A_WEEK + hour]!]
    habit = Math.max(habit, Math.min(Math.max(a, b), Math.max(b, c), Math.max(a, c)))
  }
  return habit
}
