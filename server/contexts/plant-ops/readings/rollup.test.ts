import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readBucket, pieceOf, summaries, type Summary } from './bucket.ts'
import { blocksOf } from './block.ts'
import { rounded } from './exact-sum.ts'
import { extremesOf, HOUR_MS, hoursWithin, packHours, rollUp, unpackHours, type RolledHour } from './rollup.ts'
import { newSeries, sliceOf, type Series } from './series.ts'

const START = Date.parse('2026-03-28T00:00:00Z')

const value = fc.oneof(
  fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
  fc.integer({ min: -1000, max: 1000 }).map((n) => n / 10),
)
const reading = fc.record({
  at_ms: fc.integer({ min: START, max: START + 90 * HOUR_MS }),
  value,
  score: fc.integer({ min: 0, max: 255 }),
  mark: fc.constantFrom(0, 1, 1, 1, 2, 5, 9),
})
const series = fc
  .uniqueArray(reading, { minLength: 1, maxLength: 300, selector: ({ at_ms }) => at_ms })
  .map((all): Series => {
    const made = newSeries(all.length)
    for (const [i, one] of all.toSorted((a, b) => a.at_ms - b.at_ms).entries()) {
      made.at_ms[i] = one.at_ms
      made.value[i] = one.value + 0
      made.score[i] = one.score
      made.mark[i] = one.mark
    }
    return made
  })
const hoursOf = (from: Series): RolledHour[] => {
  const hours: RolledHour[] = []
  rollUp(hours, from)
  return hours
}
const shown = (all: readonly Summary[] | null) =>
  all!.map(({ sum, sum_low, ...figures }) => ({ ...figures, sum: rounded({ sum, sum_low }) }))

test('hours come back as they were packed', () => {
  fc.assert(
    fc.property(series, (readings) => {
      const hours = hoursOf(readings)
      assert.deepEqual(unpackHours(packHours(hours)), hours)
      assert.equal(
        hours.reduce((sum, { good, excluded }) => sum + good + excluded, 0),
        readings.length,
      )
    }),
  )
})

test('buckets of whole hours are to the last bit the same, of readings, of blocks however they are cut, and of hours', () => {
  fc.assert(
    fc.property(series, fc.constantFrom('1h', '3h', '24h', '1d', '1mo', '1y'), fc.nat(), (readings, text, seed) => {
      const bucket = readBucket(text)
      const raw = shown(summaries([readings], bucket, 'Europe/Rome', 10_000))
      assert.deepEqual(shown(summaries(hoursOf(readings).map(pieceOf), bucket, 'Europe/Rome', 10_000)), raw)
      const cut = seed % readings.length
      const parts = [sliceOf(readings, 0, cut), sliceOf(readings, cut, readings.length)].filter((one) => one.length > 0)
      const hours: RolledHour[] = []
      for (const part of parts) rollUp(hours, part)
      assert.deepEqual(hours, hoursOf(readings), 'a series after the other')
      // As many blocks as there are buckets, and more: each whole in its own.
      const ofOne = hoursOf(readings).flatMap(({ first_ms }) =>
        blocksOf(
          sliceOf(
            readings,
            readings.at_ms.findIndex((at) => at >= first_ms),
            readings.at_ms.findLastIndex((at) => at < first_ms + HOUR_MS) + 1,
          ),
        ),
      )
      if (ofOne.every(({ good, sum }) => good === 0 || sum !== null)) {
        const whole = ofOne.map((one) => ({
          ...one,
          min: one.min ?? 0,
          max: one.max ?? 0,
          sum: one.sum ?? 0,
          last_value: one.last_value ?? 0,
        }))
        assert.deepEqual(shown(summaries(whole, bucket, 'Europe/Rome', 10_000)), raw)
      }
    }),
  )
})

test('a plot of hours has the lowest and the highest reading of each, at their times', () => {
  const made = newSeries(4)
  made.at_ms.set([START + 1, START + 2, START + 3, START + HOUR_MS])
  made.value.set([3, 9, 1, 5])
  made.mark.fill(1)
  const { at_ms, value: values, length } = extremesOf(hoursOf(made))
  assert.deepEqual([[...at_ms], [...values], length], [[START + 2, START + 3, START + HOUR_MS], [9, 1, 5], 3])
})

test('an hour belongs to the period that it begins in', () => {
  const made = newSeries(2)
  made.at_ms.set([START + 59 * 60_000, START + HOUR_MS + 1])
  made.mark.fill(1)
  const hours = hoursOf(made)
  const firsts = (from: number, to: number) => hoursWithin(hours, from, to).map(({ first_ms }) => first_ms - START)
  assert.deepEqual([firsts(START, START + HOUR_MS), firsts(START + 1, START + 2 * HOUR_MS)], [[0], [HOUR_MS]])
})
