import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PerformanceInterval } from '../performance-sums.ts'
import { declaredStates, type DeclaredStoppage, type PlantState, statesOf } from './plant-state.ts'

const MINUTE = 60_000
const P0 = 1000

type Reading = Partial<PerformanceInterval>
const SUN: Reading = { ac_power_kw: 600, irradiance_w_m2: 800, module_temperature_c: 40, quality: 192 }
const STILL: Reading = { ...SUN, ac_power_kw: 0 }
const NIGHT: Reading = { ...SUN, ac_power_kw: -2, irradiance_w_m2: -3 }

/** Readings of `step` minutes in a row; undefined is a time without any. */
const readings = (step: number, ...rows: (Reading | undefined)[]): PerformanceInterval[] =>
  rows.flatMap((row, index) =>
    row === undefined ? [] : [{ ...row, from: index * step * MINUTE, to: (index + 1) * step * MINUTE }],
  )
const stoppage = (from: number, to: number, curtailed_to_kw: number | null = null): DeclaredStoppage => ({
  ...{ from: from * MINUTE, to: to * MINUTE },
  ...{ category: 'grid' as const, curtailed_to_kw },
})
const states = (step: number, rows: (Reading | undefined)[], stoppages: DeclaredStoppage[] = []): PlantState[] =>
  statesOf(readings(step, ...rows), { from: 0, to: rows.length * step * MINUTE }, P0, stoppages).map(
    ({ state }) => state,
  )

test('each reading has its state', () => {
  const cases: [Reading | undefined, PlantState][] = [
    [SUN, 'available'],
    [STILL, 'outage'],
    [{ ...SUN, ac_power_kw: -2 }, 'outage'],
    [{ ...SUN, ac_power_kw: 39 }, 'outage'],
    [{ ...SUN, ac_power_kw: 41 }, 'available'],
    [{ ...SUN, ac_power_kw: null, energy_kwh: 0 }, 'outage'],
    [{ ...SUN, ac_power_kw: 0, energy_kwh: 150 }, 'available'],
    [{ ...SUN, ac_power_kw: null }, 'communication_loss'],
    [{ ...STILL, quality: 0 }, 'communication_loss'],
    [{ ...STILL, quality: 500 }, 'communication_loss'],
    [{ ...STILL, ac_power_kw: Number.NaN }, 'communication_loss'],
    [undefined, 'communication_loss'],
    [{ ...SUN, irradiance_w_m2: null }, 'available'],
    [{ ...STILL, irradiance_w_m2: null }, 'unknown'],
    [{ ...SUN, ac_power_kw: null, irradiance_w_m2: null }, 'communication_loss'],
    [NIGHT, 'below_threshold'],
    [{ ...SUN, irradiance_w_m2: 49.9 }, 'below_threshold'],
    [{ ...STILL, irradiance_w_m2: 50 }, 'outage'],
    [{ ...NIGHT, ac_power_kw: null }, 'below_threshold'],
    [{ ...NIGHT, quality: 500 }, 'below_threshold'],
  ]
  for (const [row, state] of cases) assert.deepEqual(states(60, [row]), [state], JSON.stringify(row))
})

test('a silence of the plant is a loss of communication, a zero that was read is an outage', () => {
  const silent = { ...SUN, ac_power_kw: null }
  assert.deepEqual(states(60, [SUN, silent, silent, SUN]), [
    'available',
    'communication_loss',
    'communication_loss',
    'available',
  ])
  assert.deepEqual(states(60, [SUN, STILL, STILL, SUN]), ['available', 'outage', 'outage', 'available'])
  // Readings that come later fill the silence: production shows that there was no outage.
  assert.deepEqual(states(60, [SUN, SUN, SUN, SUN]), Array.from({ length: 4 }).fill('available'))
})

test('a declared standstill explains a silence in the sun, not one of which nothing at all is known', () => {
  const silent = { ...SUN, ac_power_kw: null }
  assert.deepEqual(states(60, [SUN, silent, undefined], [stoppage(60, 180)]), [
    'available',
    'outage',
    'communication_loss',
  ])
  assert.deepEqual(states(60, [silent], [stoppage(0, 60, 300)]), ['communication_loss'], 'a limit explains none')
})

test('what was measured goes before what was declared', () => {
  assert.deepEqual(states(60, [SUN, STILL, SUN], [stoppage(0, 180)]), ['available', 'outage', 'available'])
})

test('a stoppage cuts the interval in which it begins or ends', () => {
  const pieces = statesOf(readings(60, STILL, STILL), { from: 0, to: 120 * MINUTE }, P0, [stoppage(10, 80)])
  assert.deepEqual(
    pieces.map(({ from, to, stoppage: one }) => [from / MINUTE, to / MINUTE, one?.category ?? null]),
    [
      [0, 10, null],
      [10, 60, 'grid'],
      [60, 80, 'grid'],
      [80, 120, null],
    ],
  )
})

test('stoppages one after the other each have their time, and one without an end lasts', () => {
  const second = { ...stoppage(60, 0), to: Number.POSITIVE_INFINITY, category: 'own_failure' as const }
  const pieces = statesOf(readings(60, STILL, STILL, STILL), { from: 0, to: 180 * MINUTE }, P0, [
    second,
    stoppage(0, 60),
  ])
  assert.deepEqual(
    pieces.map(({ stoppage: one }) => one?.category),
    ['grid', 'own_failure', 'own_failure'],
  )
})

test('a standstill shorter than a quarter of an hour is flicker', () => {
  const of = (still: number) => [SUN, SUN, ...Array.from({ length: still }, () => STILL), SUN]
  const outages = (still: number, stoppages: DeclaredStoppage[] = []) =>
    states(5, of(still), stoppages).filter((state) => state === 'outage').length
  assert.equal(outages(2), 0)
  assert.equal(outages(3), 3)
  assert.equal(outages(2, [stoppage(0, 60)]), 2, 'a declared one is none')
})

test('a short standstill whose end nobody saw stays one', () => {
  assert.deepEqual(states(5, [SUN, STILL, undefined, SUN]), ['available', 'outage', 'communication_loss', 'available'])
  assert.deepEqual(states(5, [SUN, STILL]), ['available', 'outage'])
})

test('inverters that start and stop at the threshold are no outage, those that never start are', () => {
  const low = { ...STILL, irradiance_w_m2: 60 }
  const outages = (rows: Reading[]) => states(15, rows).filter((state) => state === 'outage').length
  assert.equal(outages([SUN, low, NIGHT, NIGHT, low, SUN]), 0)
  assert.equal(outages([SUN, NIGHT, low, low, SUN]), 2)
  assert.equal(outages([SUN, NIGHT, low, NIGHT, low, NIGHT, low, NIGHT, low, SUN]), 4, 'dark clouds over an outage')
})

test('of other plants only what was declared is known', () => {
  const seen = { from: 0, to: 180 * MINUTE }
  const declared = [stoppage(60, 120), stoppage(130, 150, 200)]
  assert.deepEqual(
    declaredStates(seen, declared).map(({ from, to, state }) => [from / MINUTE, to / MINUTE, state]),
    [
      [0, 60, 'available'],
      [60, 120, 'outage'],
      [120, 130, 'available'],
      [130, 150, 'available'],
      [150, 180, 'available'],
    ],
  )
  assert.deepEqual(declaredStates({ from: 1, to: 1 }, []), [])
})
