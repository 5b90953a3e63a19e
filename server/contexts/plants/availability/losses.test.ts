import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { localSteps, type Span } from '../local-steps.ts'
import type { PerformanceInterval } from '../performance-sums.ts'
import { stoppageCategories } from '../stoppages/stoppage-category.ts'
import { addLosses, lossFiguresOf, NO_LOSSES, type Valuation } from './loss-sums.ts'
import { piecesOf, sumsBySteps } from './losses.ts'
import { type DeclaredStoppage, statesOf } from './plant-state.ts'

const MINUTE = 60_000
// Across the night in which the clocks of Rome go back.
const FROM = Date.parse('2026-10-24T10:00:00Z')
const MINUTES = 2 * 24 * 60
const PERIOD: Span = { from: FROM, to: FROM + MINUTES * MINUTE }

const value = (least: number, most: number) => fc.oneof(fc.constant(null), fc.integer({ min: least, max: most }))
const interval = fc.record({
  gap: fc.constantFrom(0, 0, 0, 7, 45),
  length: fc.constantFrom(5, 15, 15, 60),
  ac_power_kw: fc.oneof(fc.constant(0), value(-5, 900)),
  irradiance_w_m2: value(-5, 1100),
  module_temperature_c: value(-10, 60),
  quality: fc.constantFrom(192, 192, 192, 0, 500),
})
const intervals = fc.array(interval, { maxLength: 120 }).map((rows) => {
  let at = FROM
  return rows.map(({ gap, length, ...read }): PerformanceInterval => {
    const from = at + gap * MINUTE
    at = from + length * MINUTE
    return { ...read, from, to: at }
  })
})
const stoppages = fc.uniqueArray(fc.integer({ min: -60, max: MINUTES + 60 }), { maxLength: 8 }).chain((edges) => {
  const ordered = edges.toSorted((one, other) => one - other)
  return fc
    .array(
      fc.record({ category: fc.constantFrom(...stoppageCategories), curtailed_to_kw: fc.constantFrom(null, 0, 200) }),
      { minLength: ordered.length >> 1, maxLength: ordered.length >> 1 },
    )
    .map((said) =>
      said.map((one, index): DeclaredStoppage => ({
        ...one,
        from: FROM + ordered[2 * index]! * MINUTE,
        to: FROM + ordered[2 * index + 1]! * MINUTE,
      })),
    )
})
const VALUED: Valuation = {
  expected_kwh: ({ from, to, irradiance_w_m2: sun }) => (sun === null ? null : (0.8 * sun * (to - from)) / 3_600_000),
  price_per_kwh: () => 0.1,
}
const near = (actual: number | null, wanted: number | null, what: string): void =>
  assert.ok(
    actual === wanted || Math.abs((actual ?? Number.NaN) - (wanted ?? Number.NaN)) < 1e-6,
    `${what}: ${actual}, ${wanted}`,
  )

test('whatever was read and declared: all time has one state, no step loses any, and no figure leaves its bounds', () => {
  fc.assert(
    fc.property(intervals, stoppages, (read, declared) => {
      const states = statesOf(read, PERIOD, 1000, declared)
      const figuresBy = (steps: Span[]) => {
        const sums = sumsBySteps(piecesOf(states, PERIOD, steps, 'Europe/Rome'), steps, VALUED)
        return lossFiguresOf(sums.reduce(addLosses, NO_LOSSES), PERIOD.to - PERIOD.from)
      }
      const whole = figuresBy([PERIOD])
      const hours = Object.values(whole.hours).reduce((sum, one) => sum + one, 0)
      near(hours, MINUTES / 60, 'hours')
      for (const share of [whole.availability, whole.availability_contract, whole.availability_energy]) {
        assert.ok(share === null || (share >= 0 && share <= 1), `${share}`)
      }
      if (whole.availability !== null && whole.availability_contract !== null) {
        assert.ok(whole.availability_contract >= whole.availability)
      }
      for (const { lost_energy_kwh, outage_h, curtailed_h } of whole.causes) {
        assert.ok((lost_energy_kwh ?? 0) >= 0 && outage_h + curtailed_h > 0)
      }
      near(
        whole.causes.reduce((sum, one) => sum + one.outage_h, 0),
        whole.hours.outage,
        'outage by cause',
      )
      for (const step of ['1h', '1d'] as const) {
        const cut = figuresBy(localSteps(PERIOD.from, PERIOD.to, step, 'Europe/Rome'))
        near(cut.lost_energy_kwh, whole.lost_energy_kwh, step)
        near(cut.availability, whole.availability, step)
        near(cut.lost_revenue, whole.lost_revenue, step)
        near(cut.unread_energy_kwh, whole.unread_energy_kwh, step)
      }
    }),
    { numRuns: 200, seed: 20_261_121 },
  )
})
