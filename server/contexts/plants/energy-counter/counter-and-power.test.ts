import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dailyPerformance } from '../performance-ratio.ts'
import type { PerformanceInterval } from '../performance-sums.ts'
import { statesOf } from '../availability/plant-state.ts'
import { filledByCounter } from './counter-and-power.ts'
import { counterIntervals } from './counter-energy.ts'
import { KWH_METER } from './mounted-meter.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-06-01T00:00:00Z')
const PLANT = { p0_kw: 1000, gamma_per_c: -0.0035, ac_nominal_kw: 900 }
// Golden vector C: 165, 470, 660, 535 and 240 kW; the counter of the same hours shows 1 kWh in 100 more.
const POWER = [165, 470, 660, 535, 240]
const SUN = [200, 600, 900, 700, 300]
const WARMTH = [20, 38, 48, 42, 25]
const hour = (number: number, ac_power_kw: number | null, quality: number | null = 192): PerformanceInterval => ({
  ...{ from: START + number * HOUR, to: START + (number + 1) * HOUR, ac_power_kw, quality },
  ...{ irradiance_w_m2: SUN[number]!, module_temperature_c: WARMTH[number]! },
})
const golden = (change: Record<number, number | null> = {}): PerformanceInterval[] =>
  POWER.map((power, number) => hour(number, number in change ? change[number]! : power))
const counted = (...values: (number | null)[]) =>
  counterIntervals(
    values.flatMap((value, number) => (value === null ? [] : [{ at: START + number * HOUR, value }])),
    [KWH_METER],
    900,
  )
const FULL = counted(0, 166.65, 641.35, 1307.95, 1848.3, 2090.7)
const totals = (intervals: PerformanceInterval[], counter = FULL) =>
  dailyPerformance(filledByCounter(intervals, counter), PLANT, 'Etc/UTC', START, START + 5 * HOUR, 'all', counter)
    .totals
const near = (actual: number | null, expected: number): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) < 5e-7, `${actual} is not ${expected}`)

test('where both are whole the counter is the energy, and both are said with their difference', () => {
  const found = totals(golden())
  assert.equal(found.energy_from, 'counter')
  near(found.energy_kwh, 2090.7)
  near(found.energy_counter_kwh, 2090.7)
  near(found.energy_power_kwh, 2070)
  near(found.energy_difference_kwh, 20.7)
  near(found.specific_yield, 2.0907)
  near(found.capacity_factor, 2090.7 / 4500)
  // Ratios are of the same moments, so of power.
  near(found.performance_ratio, 2070 / 2700)
  near(found.performance_ratio_stc, 0.807931)
  assert.deepEqual([found.completeness, found.completeness_counter, found.completeness_difference], [1, 1, 1])
})

test('where power was not read, or is not good, the counter stands for it in the ratio', () => {
  for (const missing of [golden({ 2: null }), [...golden().slice(0, 2), hour(2, 9, 0), ...golden().slice(3)]]) {
    const found = totals(missing)
    near(found.performance_ratio, (2070 - 660 + 666.6) / 2700)
    near(found.energy_power_kwh, 1410)
    near(found.energy_difference_kwh, 14.1)
    assert.deepEqual([found.completeness_power, found.completeness_difference, found.sums.excluded], [0.8, 0.8, {}])
  }
})

test('a counter that knows less of the time than power fills it, and no more', () => {
  const found = totals(golden({ 4: null }), counted(null, null, null, null, 1848.3, 2090.7))
  assert.equal(found.energy_from, 'power_and_counter')
  near(found.energy_kwh, 1830 + 242.4)
  assert.deepEqual([found.completeness, found.completeness_counter, found.energy_difference_kwh], [1, 0.2, null])
  const power = totals(golden(), counted(0, 166.65))
  assert.deepEqual([power.energy_from, power.energy_kwh], ['power', 2070])
})

test('a plant that has a counter alone has energy, and by the sun a ratio', () => {
  const sun = POWER.map((_, number) => hour(number, null, null))
  near(totals(sun).performance_ratio, 2090.7 / 2700)
  const blind = totals([])
  assert.deepEqual([blind.energy_from, blind.energy_kwh, blind.performance_ratio], ['counter', 2090.7, null])
})

test('a silence that the counter sees through is no hole in the energy, and in the ratio it is', () => {
  const found = totals(golden({ 1: null, 2: null }), counted(0, 166.65, null, 1307.95, 1848.3, 2090.7))
  assert.deepEqual([found.energy_from, found.energy_kwh, found.completeness], ['counter', 2090.7, 1])
  near(found.performance_ratio, (165 + 535 + 240) / 1200)
  assert.equal(found.completeness_ratio, 0.6)
})

test('what a counter rises by proves production; that it stands proves no standstill', () => {
  const states = (values: number[], stoppages: Parameters<typeof statesOf>[3] = []) =>
    statesOf(
      filledByCounter(
        POWER.map((_, number) => hour(number, null, null)),
        counted(...values),
      ),
      { from: START, to: START + 5 * HOUR },
      1000,
      stoppages,
    ).map(({ state }) => state)
  const stands = [0, 165, 635, 635, 1170, 1410]
  assert.deepEqual(states(stands), ['available', 'available', 'unknown', 'available', 'available'])
  const declared = { from: START + 2 * HOUR, to: START + 3 * HOUR, category: 'grid' as const, curtailed_to_kw: null }
  assert.equal(states(stands, [declared])[2], 'outage')
})
