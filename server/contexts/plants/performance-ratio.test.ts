import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dailyPerformance, temperatureCorrectedRatio, weightedModuleTemperature } from './performance-ratio.ts'
import { judgeIntervals, sumsOf, type PerformanceInterval } from './performance-sums.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-06-01T00:00:00Z')
const PLANT = { p0_kw: 1000, gamma_per_c: -0.0035, ac_nominal_kw: 900 }

// Golden vector C of the performance ratio: five hours, ratio of sums 0.766667, corrected to 25 °C 0.807931.
const GOLDEN: PerformanceInterval[] = [
  [200, 20, 165],
  [600, 38, 470],
  [900, 48, 660],
  [700, 42, 535],
  [300, 25, 240],
].map(([irradiance_w_m2 = 0, module_temperature_c = 0, ac_power_kw = 0], hour) => ({
  from: START + hour * HOUR,
  to: START + (hour + 1) * HOUR,
  irradiance_w_m2,
  module_temperature_c,
  ac_power_kw,
  quality: 192,
}))

const near = (actual: number | null | undefined, expected: number, what?: string) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 5e-7, `${what ?? ''} ${actual} ≉ ${expected}`)

const total = (intervals: PerformanceInterval[], hours = 5, plant: typeof PLANT | Record<string, null> = PLANT) =>
  dailyPerformance(intervals, { ...PLANT, ...plant }, 'Etc/UTC', START, START + hours * HOUR, 'all').totals

const first = (change: Partial<PerformanceInterval>): PerformanceInterval[] =>
  GOLDEN.map((interval, index) => (index === 0 ? { ...interval, ...change } : interval))

test('the golden vector gives a ratio of sums, not a mean of ratios', () => {
  const totals = total(GOLDEN)
  near(totals.energy_kwh, 2070)
  near(totals.specific_yield, 2.07)
  near(totals.irradiation_kwh_m2, 2.7)
  near(totals.performance_ratio, 0.7666666667)
  near(totals.performance_ratio_stc, 0.807931)
  near(totals.capacity_factor, 2070 / (900 * 5))
  assert.equal(totals.completeness, 1)
  const hourly = dailyPerformance(GOLDEN, PLANT, 'Etc/UTC', START, START + 5 * HOUR, '1h').items
  near(hourly.reduce((sum, item) => sum + (item.performance_ratio ?? 0), 0) / 5, 0.7811904762, 'the wrong way')
})

test('a reference temperature taken from the same window cancels the correction', () => {
  const { sums } = total(GOLDEN)
  const reference = weightedModuleTemperature(sums)
  near(reference, 39.5925925926)
  near(temperatureCorrectedRatio(sums, PLANT, reference ?? 0), 0.7666666667)
  near(temperatureCorrectedRatio(sums, PLANT, 25), 0.807931)
})

test('the energy of a meter gives the same as the mean power', () => {
  const metered = GOLDEN.map(({ ac_power_kw, ...rest }) => ({ ...rest, energy_kwh: ac_power_kw ?? 0 }))
  assert.deepEqual(total(metered).sums, total(GOLDEN).sums)
  near(total(first({ energy_kwh: 265 })).energy_kwh, 2170, 'energy goes before power')
})

test('the totals do not depend on the step', () => {
  const from = START - 30 * 24 * HOUR
  const totals = (['1h', '1d', '1mo', '1y', 'all'] as const).map(
    (step) => dailyPerformance(GOLDEN, PLANT, 'Europe/Rome', from, START + 48 * HOUR, step).totals,
  )
  for (const one of totals) {
    near(one.performance_ratio, 0.7666666667)
    near(one.performance_ratio_stc, 0.807931)
    near(one.completeness, 5 / (32 * 24))
    assert.equal(one.sums.step_ms, 32 * 24 * HOUR)
  }
})

test('an interval across the edge of a step gives each side its share', () => {
  const interval = { from: START - HOUR / 2, to: START + HOUR / 2, ac_power_kw: 100, irradiance_w_m2: 500 }
  const report = dailyPerformance([interval], PLANT, 'Etc/UTC', START - HOUR, START + HOUR, '1d')
  assert.deepEqual(
    report.items.map((item) => [item.energy_kwh, item.completeness]),
    [
      [50, 0.5],
      [50, 0.5],
    ],
  )
  near(report.totals.performance_ratio, 0.2)
})

test('what is not good is left out, counted and seen in the completeness', () => {
  const cases: [Partial<PerformanceInterval>, string][] = [
    [{ quality: 0 }, 'quality'],
    [{ quality: 500 }, 'quality'],
    [{ ac_power_kw: null }, 'energy_missing'],
    [{ ac_power_kw: Number.NaN }, 'energy_missing'],
    [{ to: START }, 'invalid_interval'],
  ]
  for (const [change, reason] of cases) {
    const { energy_kwh, completeness, completeness_ratio, sums } = total(first(change))
    assert.deepEqual([energy_kwh, completeness, completeness_ratio], [1905, 0.8, 0.8], reason)
    assert.deepEqual(sums.excluded, { [reason]: 1 })
  }
})

test('energy without irradiance counts as energy, but not in the ratio', () => {
  const { energy_kwh, completeness, completeness_ratio, performance_ratio, sums } = total(
    first({ irradiance_w_m2: null }),
  )
  assert.deepEqual([energy_kwh, completeness, completeness_ratio], [2070, 1, 0.8])
  near(performance_ratio, 1905 / 2500)
  assert.deepEqual(sums.excluded, { irradiance_missing: 1 })
})

test('time without a module temperature is left out of the corrected ratio alone', () => {
  const { performance_ratio, performance_ratio_stc, completeness_stc } = total(first({ module_temperature_c: null }))
  near(performance_ratio, 0.7666666667)
  near(performance_ratio_stc, 1905 / 2358.6)
  assert.equal(completeness_stc, 0.8)
})

test('an interval measured twice counts once', () => {
  const { energy_kwh, sums } = total([...GOLDEN, ...GOLDEN.slice(0, 2)])
  near(energy_kwh, 2070)
  assert.deepEqual(sums.excluded, { overlap: 2 })
  const replaced = [...first({ quality: 0 }), { ...GOLDEN[0], from: START, to: START + HOUR }]
  near(total(replaced).energy_kwh, 2070, 'a bad value does not hide a good one')
})

test('consumption at night counts as it is, negative irradiance as zero', () => {
  const night = { from: START, to: START + HOUR, ac_power_kw: -2, irradiance_w_m2: -4.5, module_temperature_c: 5 }
  const { energy_kwh, irradiation_kwh_m2, performance_ratio, sums } = total([night], 1)
  assert.deepEqual([energy_kwh, irradiation_kwh_m2, performance_ratio], [-2, 0, null])
  assert.equal(sums.irradiance_zeroed_ms, HOUR)
})

test('nothing is capped: a standstill is near zero, too small a P0 is above one', () => {
  const outage = GOLDEN.map((interval) => ({ ...interval, ac_power_kw: -1 }))
  near(total(outage).performance_ratio, -5 / 2700)
  near(
    dailyPerformance(GOLDEN, { ...PLANT, p0_kw: 500 }, 'Etc/UTC', START, START + 5 * HOUR, 'all').totals
      .performance_ratio,
    1.5333333333,
  )
})

test('what is not defined is null', () => {
  const nothing = total([])
  assert.deepEqual(
    [nothing.energy_kwh, nothing.specific_yield, nothing.performance_ratio, nothing.performance_ratio_stc],
    [null, null, null, null],
  )
  assert.deepEqual([nothing.capacity_factor, nothing.completeness], [null, 0])
  const unknown = total(GOLDEN, 5, { p0_kw: null, gamma_per_c: null, ac_nominal_kw: null })
  assert.deepEqual(
    [unknown.specific_yield, unknown.performance_ratio, unknown.performance_ratio_stc, unknown.capacity_factor],
    [null, null, null, null],
  )
  assert.equal(unknown.energy_kwh, 2070)
  const { items } = dailyPerformance(GOLDEN, PLANT, 'Etc/UTC', START, START + 48 * HOUR, '1d')
  assert.deepEqual([items.length, items[1]?.energy_kwh, items[1]?.completeness], [2, null, 0])
})

const energyByDay = (timeZone: string) =>
  dailyPerformance(GOLDEN, PLANT, timeZone, START - 24 * HOUR, START + 24 * HOUR, '1d').items.map(
    (item) => item.energy_kwh,
  )

test('days follow the time zone', () => {
  assert.deepEqual(energyByDay('Etc/UTC'), [null, 2070])
  assert.deepEqual(energyByDay('Etc/GMT+3'), [null, 165 + 470 + 660, 535 + 240])
})

test('every report names its formula', () => {
  assert.equal(dailyPerformance([], PLANT, 'Etc/UTC', START, START, 'all').formula.version, 'pr-3')
  const judged = judgeIntervals(GOLDEN.toReversed())
  near(sumsOf(judged, { from: START, to: START + HOUR }).energy_kwh, 165)
})
