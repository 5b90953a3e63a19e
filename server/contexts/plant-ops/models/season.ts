import { LONGEST_SEASON } from './forecast.ts'

/** Shorter ones are seen by the last three steps already. */
const SHORTEST_SEASON = 5
/** A season shows itself as a correlation of changes with those one season before; below this there is none. */
const PLAIN = 0.1
/** What comes back after 18 steps comes back after 36, too: the shortest that is nearly as plain as the plainest. */
const NEARLY = 0.93
/** A season must have been seen so often. */
const SEEN = 4

/** After how many steps the changes of a series come back; 0 where they do not. Values may be NaN where steps are missing. */
export function findSeason(values: Float64Array): number {
  const changes = new Float64Array(Math.max(0, values.length - 1))
  let square = 0
  for (let i = 0; i < changes.length; i += 1) {
    const change = values[i + 1]! - values[i]!
    changes[i] = Number.isNaN(change) ? 0 : change
    square += changes[i]! ** 2
  }
  const longest = Math.min(LONGEST_SEASON, Math.floor(values.length / SEEN))
  if (square === 0) return 0
  const likeness = new Float64Array(longest + 2)
  for (let lag = SHORTEST_SEASON - 1; lag <= longest; lag += 1) {
    let sum = 0
    for (let i = lag; i < changes.length; i += 1) sum += changes[i]! * changes[i - lag]!
    likeness[lag] = sum / square
  }
  const plainest = Math.max(...likeness.subarray(SHORTEST_SEASON))
  if (plainest < PLAIN) return 0
  return likeness.findIndex((one, lag) => lag >= SHORTEST_SEASON && one >= NEARLY * plainest)
}
