/**
 * What stays of an hour when its readings are no longer kept one by one. Hours are packed as chunks one after the other, each a
 * column in the order of time:
 *
 *     counts    how many good readings, at the hour's beginning, with the highest score of all its readings
 *     excluded  how many others
 *     min, max, last   these readings themselves, of the hours with a good one
 *     sum, low  of the good ones, and what the sum lost when it was rounded
 *
 * Where no hour has a good reading, the last five are left out.
 */
import { packChunk, unpackEach } from './chunk.ts'
import { addTo, type ExactSum } from './exact-sum.ts'
import { GOOD_MARK, isGood, newSeries, type Series } from './series.ts'

export const HOUR_MS = 3_600_000
export const hourOf = (at_ms: number): number => at_ms - (at_ms % HOUR_MS)

type Reading = { at_ms: number; value: number; score: number; mark: number }

/** The good readings of an hour; `excluded` counts the others. */
export type RolledHour = ExactSum & {
  first_ms: number
  good: number
  excluded: number
  worst_score: number
  /** Null where none is good. */
  min: Reading | null
  max: Reading | null
  last: Reading | null
}

/** Goes on with the hours of readings that come in the order of time, a series after the other. */
export function rollUp(hours: RolledHour[], { length, at_ms, value, score, mark }: Series): void {
  let open = hours.at(-1)
  for (let i = 0; i < length; i += 1) {
    const first_ms = hourOf(at_ms[i]!)
    if (open?.first_ms !== first_ms) hours.push((open = { first_ms, ...EMPTY }))
    if (score[i]! > open.worst_score) open.worst_score = score[i]!
    if (!isGood(mark[i]!)) {
      open.excluded += 1
      continue
    }
    const one = value[i]!
    open.good += 1
    addTo(open, one)
    const reading = { at_ms: at_ms[i]!, value: one, score: score[i]!, mark: mark[i]! }
    if (open.min === null || one < open.min.value) open.min = reading
    if (open.max === null || one > open.max.value) open.max = reading
    open.last = reading
  }
}
const EMPTY = { good: 0, excluded: 0, worst_score: 0, min: null, max: null, last: null, sum: 0, sum_low: 0 }

function seriesOf(readings: readonly Reading[]): Series {
  const series = newSeries(readings.length)
  for (const [i, { at_ms, value, score, mark }] of readings.entries()) {
    series.at_ms[i] = at_ms
    series.value[i] = value
    series.score[i] = score
    series.mark[i] = mark
  }
  return series
}

/** Packs hours, of which there is one at least. */
export function packHours(hours: readonly RolledHour[]): Buffer {
  const figure = (of: readonly RolledHour[], take: (hour: RolledHour) => number): Reading[] =>
    of.map((hour) => ({ at_ms: hour.first_ms, value: take(hour), score: 0, mark: GOOD_MARK }))
  const good = hours.filter((hour) => hour.good > 0)
  const counts = hours.map((hour) => ({
    ...{ at_ms: hour.first_ms, value: hour.good, score: hour.worst_score, mark: GOOD_MARK },
  }))
  const columns = [
    ...[counts, figure(hours, ({ excluded }) => excluded)],
    ...[good.map(({ min }) => min!), good.map(({ max }) => max!), good.map(({ last }) => last!)],
    ...[figure(good, ({ sum }) => sum), figure(good, ({ sum_low }) => sum_low)],
  ]
  return Buffer.concat(columns.filter((column) => column.length > 0).map((column) => packChunk(seriesOf(column))))
}

const readingAt = ({ at_ms, value, score, mark }: Series, i: number): Reading => ({
  at_ms: at_ms[i]!,
  value: value[i]!,
  score: score[i]!,
  mark: mark[i]!,
})

/** The hours that `packHours` packed. */
export function unpackHours(bytes: Uint8Array): RolledHour[] {
  const [counts, excluded, min, max, last, sum, low] = unpackEach(bytes)
  if (counts === undefined || excluded === undefined) throw new Error('Hours of readings end too early')
  let place = 0
  return Array.from({ length: counts.length }, (_, i) => {
    const good = counts.value[i]!
    const hour = { ...EMPTY, first_ms: counts.at_ms[i]!, good, excluded: excluded.value[i]! }
    const whole = { ...hour, worst_score: counts.score[i]! }
    if (good === 0) return whole
    const at = place
    place += 1
    return {
      ...whole,
      ...{ min: readingAt(min!, at), max: readingAt(max!, at), last: readingAt(last!, at) },
      ...{ sum: sum!.value[at]!, sum_low: low!.value[at]! },
    }
  })
}

/** The hours that begin in `from` (included) to `to` (not included): periods that follow each other share none. */
export const hoursWithin = (hours: readonly RolledHour[], from: number, to: number): RolledHour[] =>
  hours.filter(({ first_ms }) => first_ms >= from && first_ms < to)

/** The lowest and the highest reading of each hour, in the order of time: what a plot of all of them is made of. */
export function extremesOf(hours: readonly RolledHour[]): Series {
  return seriesOf(
    hours.flatMap(({ min, max }) => {
      if (min === null || max === null) return []
      if (min.at_ms === max.at_ms) return [min]
      return min.at_ms < max.at_ms ? [min, max] : [max, min]
    }),
  )
}
