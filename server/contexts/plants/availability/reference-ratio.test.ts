import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temperatureCorrectedRatio, weightedModuleTemperature } from '../performance-ratio.ts'
import { judgeIntervals, type PerformanceInterval, sumsOf } from '../performance-sums.ts'
import { statesOf } from './plant-state.ts'
import type { PerformanceMean } from '../performance-intervals.ts'
import { expectedEnergy, REFERENCE_RULES, referenceDays, referenceRatio, steadyMeans } from './reference-ratio.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const FIRST = Date.parse('2026-05-01T08:00:00Z')
const PLANT = { p0_kw: 1000, gamma_per_c: -0.0035, ac_nominal_kw: 900 }

// Golden vector C of the performance ratio: five hours, ratio of sums 0.766667, corrected to 25 °C 0.807931.
const GOLDEN = [
  [200, 20, 165],
  [600, 38, 470],
  [900, 48, 660],
  [700, 42, 535],
  [300, 25, 240],
] as const

type Row = readonly [irradiance: number, temperature: number | null, power: number | null]
const day = (number: number, rows: readonly Row[]): PerformanceInterval[] =>
  rows.map(([irradiance_w_m2, module_temperature_c, ac_power_kw], hour) => ({
    ...{ irradiance_w_m2, module_temperature_c, ac_power_kw, quality: 192 },
    ...{ from: FIRST + number * DAY + hour * HOUR, to: FIRST + number * DAY + (hour + 1) * HOUR },
  }))
const days = (count: number, rows: readonly Row[], first = 0): PerformanceInterval[] =>
  Array.from({ length: count }, (_, number) => day(first + number, rows)).flat()

const states = (intervals: PerformanceInterval[]) =>
  statesOf(intervals, { from: intervals[0]!.from, to: intervals.at(-1)!.to }, PLANT.p0_kw, [])
const reference = (intervals: PerformanceInterval[], before = FIRST + 60 * DAY) =>
  referenceRatio(referenceDays(states(intervals), PLANT, 'Etc/UTC'), before)
const near = (actual: number | null | undefined, expected: number): void =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 5e-7, `${actual} is not ${expected}`)

test('the reference is the ratio of sums of the golden vector, plain and at 25 °C', () => {
  const found = reference(days(30, GOLDEN))
  assert.equal(found?.days, 30)
  near(found?.performance_ratio, 0.7666666667)
  near(found?.performance_ratio_stc, 0.807931)
})

test('fewer than thirty days say nothing, nor do days older than a year or of the time that is valued', () => {
  assert.equal(reference(days(29, GOLDEN)), null)
  assert.equal(reference(days(30, GOLDEN), FIRST + 20 * DAY), null)
  assert.equal(reference(days(30, GOLDEN), FIRST + 380 * DAY), null)
  assert.notEqual(reference(days(30, GOLDEN), FIRST + 364 * DAY), null)
  assert.equal(referenceRatio([], FIRST), null)
})

test('outages, silence and the dark leave the reference as it is', () => {
  const down = GOLDEN.map(([irradiance, temperature]) => [irradiance, temperature, 0] as const)
  const silent = GOLDEN.map(([irradiance, temperature]) => [irradiance, temperature, null] as const)
  const dark = GOLDEN.map(() => [20, 10, 0.1] as const)
  const found = reference([...days(30, GOLDEN), ...days(5, down, 30), ...days(5, silent, 35), ...days(5, dark, 40)])
  assert.equal(found?.days, 30)
  near(found?.performance_ratio, 0.7666666667)
})

test('without temperatures or γ there is the plain ratio alone', () => {
  const cool = GOLDEN.map(([irradiance, , power]) => [irradiance, null, power] as const)
  const found = reference(days(30, cool))
  near(found?.performance_ratio, 0.7666666667)
  assert.equal(found?.performance_ratio_stc, null)
  const without = { ...PLANT, gamma_per_c: null }
  assert.equal(
    referenceRatio(referenceDays(states(days(30, GOLDEN)), without, 'Etc/UTC'), FIRST + 60 * DAY)
      ?.performance_ratio_stc,
    null,
  )
  assert.deepEqual(referenceDays(states(days(30, GOLDEN)), { ...PLANT, p0_kw: null }, 'Etc/UTC'), [])
})

test('expected over the golden day is what it gave, by either ratio', () => {
  const found = reference(days(30, GOLDEN))
  const sum = (piece: Parameters<typeof expectedEnergy>[0][]) =>
    piece.reduce((total, one) => total + (expectedEnergy(one, PLANT, found) ?? Number.NaN), 0)
  near(sum(states(day(31, GOLDEN))), 2070)
  const cool = GOLDEN.map(([irradiance, , power]) => [irradiance, null, power] as const)
  near(sum(states(day(31, cool))), 2070)
  // The hottest hour alone: 900 × 0.807931 × (1 − 0.0035 × 23) = 668.6, not 900 × 0.766667 = 690.
  near(expectedEnergy(states(day(31, GOLDEN))[2]!, PLANT, found), (900 * 0.9195 * 2070) / 2562.1)
  assert.equal(expectedEnergy(states(day(31, GOLDEN))[2]!, PLANT, null), null)
})

test('a hot window is expected by the reference’s own temperatures: its own mean would cancel the correction', () => {
  // The reference is cool: all at 15 °C, P = 0.8 × (1 − 0.0035 × (15 − 25)) × P0 × G. The window is the same plant at 55 °C.
  const at = (temperature: number): Row[] =>
    GOLDEN.map(([irradiance]) => [irradiance, temperature, irradiance * 0.8 * (1 - 0.0035 * (temperature - 25))])
  const found = reference(days(30, at(15)))
  near(found?.performance_ratio_stc, 0.8)
  near(found?.performance_ratio, 0.828)
  const window = day(40, at(55))
  const given = window.reduce((sum, { ac_power_kw }) => sum + (ac_power_kw ?? 0), 0)
  const expected = (stc: number | null) =>
    states(window).reduce((sum, piece) => {
      const ratio = { ...found!, performance_ratio_stc: stc }
      return sum + (expectedEnergy(piece, PLANT, ratio) ?? Number.NaN)
    }, 0)
  near(expected(0.8), given)
  // Uncorrected it would expect 15.7 % too much, and call the heat a loss.
  near(expected(null) / given, 0.828 / 0.716)
  // The trap: corrected to the window's own mean, the ratio is the plain one again.
  const sums = sumsOf(judgeIntervals(window), { from: window[0]!.from, to: window.at(-1)!.to })
  near(temperatureCorrectedRatio(sums, PLANT, weightedModuleTemperature(sums)!), given / 2700)
  near(temperatureCorrectedRatio(sums, PLANT, 25), 0.8)
})

/** Means of every so many minutes, as the reader of buckets makes them. */
function meansOf(minutes: readonly PerformanceInterval[], every: number): PerformanceMean[] {
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
  return Array.from({ length: minutes.length / every }, (_, n) => {
    const part = minutes.slice(n * every, (n + 1) * every)
    const of = (field: 'ac_power_kw' | 'irradiance_w_m2' | 'module_temperature_c') => part.map((one) => one[field] ?? 0)
    return {
      ...{ at: part[0]!.from, power_quality: 192, least_power_kw: Math.min(...of('ac_power_kw')) },
      most_power_kw: Math.max(...of('ac_power_kw')),
      ...{ ac_power_kw: mean(of('ac_power_kw')), irradiance_w_m2: mean(of('irradiance_w_m2')) },
      module_temperature_c: mean(of('module_temperature_c')),
    }
  })
}
const intervalsFrom = (means: ReturnType<typeof steadyMeans>, ms: number): PerformanceInterval[] =>
  means.map(({ at, power_quality, ...read }) => ({ ...read, from: at, to: at + ms, quality: power_quality }))

test('a reference of minutes read as quarters of an hour is the same to three parts in a thousand', () => {
  // A bad plant: thirty days of ten hours with clouds of a minute, an inverter that trips for 5 minutes every other day, and a standstill of 47 every fifth.
  const minutes = Array.from({ length: 30 * 600 }, (_, n): PerformanceInterval => {
    const [number, minute] = [Math.floor(n / 600), n % 600]
    const from = FIRST + number * DAY + minute * 60_000
    const clear = 900 * Math.sin(((minute + 1) / 602) * Math.PI)
    const sun = clear * (n % 7 === 0 ? 0.4 : 1)
    // Modules do not cool in a minute.
    const warmth = 15 + clear / 40
    const down =
      (number % 2 === 0 && minute >= 203 && minute < 208) || (number % 5 === 0 && minute >= 311 && minute < 358)
    const ac_power_kw = down ? 0 : 0.8 * sun * (1 - 0.0035 * (warmth - 25))
    return { from, to: from + 60_000, ac_power_kw, irradiance_w_m2: sun, module_temperature_c: warmth, quality: 192 }
  })
  const exact = reference(minutes)!
  const quarters = REFERENCE_RULES.mean_ms
  const averaged = reference(intervalsFrom(steadyMeans(meansOf(minutes, quarters / 60_000), PLANT), quarters))!
  assert.equal(averaged.days, exact.days)
  for (const figure of ['performance_ratio', 'performance_ratio_stc'] as const) {
    const apart = Math.abs((averaged[figure] ?? 0) / (exact[figure] ?? 1) - 1)
    assert.ok(apart < 0.003 && apart > 0, `${figure}: ${averaged[figure]} beside ${exact[figure]}`)
  }
  // Without standstills nothing but the clouds within a quarter is left.
  const whole = minutes.map((one) => ({ ...one, ac_power_kw: 0.8 * (one.irradiance_w_m2 ?? 0) }))
  const [plain, mean] = [reference(whole)!, reference(intervalsFrom(steadyMeans(meansOf(whole, 15), PLANT), quarters))!]
  near(mean.performance_ratio, plain.performance_ratio)
})

test('readings that are as far apart as a mean is long are what they are', () => {
  const hours = days(30, GOLDEN)
  const means = intervalsFrom(steadyMeans(meansOf(hours, 1), PLANT), HOUR)
  assert.deepEqual(reference(means), reference(hours))
})

test('of a quarter of an hour in which the plant stood still for most, and not for all, power is not looked at', () => {
  const mean = (least_power_kw: number, ac_power_kw: number, most_power_kw: number): PerformanceMean => ({
    ...{ at: FIRST, power_quality: 192, irradiance_w_m2: 500, module_temperature_c: null },
    ...{ least_power_kw, ac_power_kw, most_power_kw },
  })
  const means = [mean(0, 100, 400), mean(0, 300, 400), mean(26, 100, 400), mean(0, 10, 15)]
  assert.deepEqual(
    steadyMeans(means, PLANT).map(({ ac_power_kw }) => ac_power_kw),
    [null, 300, 100, 10],
  )
})
