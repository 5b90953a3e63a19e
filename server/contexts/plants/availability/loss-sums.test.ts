import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addLosses, lossFiguresOf, lossSumsOf, NO_LOSSES, type Valuation } from './loss-sums.ts'
import type { DeclaredStoppage, PlantState, StateInterval } from './plant-state.ts'

const HOUR = 3_600_000

const stoppage = (category: DeclaredStoppage['category'], curtailed_to_kw: number | null = null) => ({
  ...{ from: 0, to: 100 * HOUR },
  ...{ category, curtailed_to_kw },
})
let hour = 0
const piece = (
  state: PlantState,
  power_kw: number | null,
  declared: DeclaredStoppage | null = null,
  hours = 1,
): StateInterval => {
  const from = hour * HOUR
  hour += hours
  return {
    ...{ from, to: hour * HOUR, state, stoppage: declared, power_kw },
    ...{ irradiance_w_m2: 800, module_temperature_c: 40 },
  }
}
/** 600 kW are expected, a kWh costs 0.1 EUR. */
const VALUED: Valuation = {
  expected_kwh: ({ from, to }) => (600 * (to - from)) / HOUR,
  price_per_kwh: () => 0.1,
}
const figures = (pieces: StateInterval[], valuation: Valuation = VALUED) =>
  lossFiguresOf(lossSumsOf(pieces, valuation), 24 * HOUR)
const near = (actual: number | null, expected: number): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)

test('the technical figure counts every standstill, the contract’s leaves out what contracts leave out', () => {
  const found = figures([
    piece('available', 600, null, 6),
    piece('outage', 0, null, 1),
    piece('outage', 0, stoppage('own_failure'), 1),
    piece('outage', 0, stoppage('grid'), 1),
    piece('outage', null, stoppage('planned_maintenance'), 1),
    piece('below_threshold', -1, null, 12),
    piece('communication_loss', null, null, 2),
  ])
  near(found.availability, 6 / 10)
  near(found.availability_contract, 6 / 8)
  near(found.availability_energy, 3600 / (3600 + 2400))
  near(found.lost_energy_kwh, 2400)
  near(found.lost_revenue, 240)
  near(found.completeness_availability, 22 / 24)
  assert.deepEqual(
    found.causes.map(({ cause, excluded_from_contract, outage_h, lost_energy_kwh, lost_revenue }) => [
      ...[cause, excluded_from_contract, outage_h, lost_energy_kwh, lost_revenue],
    ]),
    [
      ['grid', true, 1, 600, 60],
      ['own_failure', false, 1, 600, 60],
      ['planned_maintenance', true, 1, 600, 60],
      ['undeclared', false, 1, 600, 60],
    ],
  )
  assert.deepEqual(found.hours, {
    ...{ available: 6, outage: 4, communication_loss: 2, unknown: 0, below_threshold: 12 },
  })
})

test('energy that was not read is missing, never lost', () => {
  const found = figures([piece('available', 600), piece('communication_loss', null, null, 3)])
  assert.deepEqual([found.lost_energy_kwh, found.lost_revenue, found.availability], [0, 0, 1])
  near(found.unread_energy_kwh, 1800)
  assert.deepEqual(found.causes, [])
  assert.equal(figures([piece('available', 600)]).unread_energy_kwh, 0)
  const dark = { ...VALUED, expected_kwh: () => null }
  assert.equal(figures([piece('communication_loss', null)], dark).unread_energy_kwh, null)
})

test('a limit costs what lies above it, a plant that stands still under it has a cause of its own', () => {
  const limited = stoppage('curtailment', 200)
  const found = figures([piece('available', 200, limited), piece('available', 250, limited)])
  near(found.lost_energy_kwh, 400 + 350)
  assert.equal(found.availability, 1)
  assert.deepEqual([found.causes[0]?.curtailed_h, found.causes[0]?.outage_h], [2, 0])
  near(figures([piece('available', 150, limited)]).lost_energy_kwh, 400)
  const still = figures([piece('available', 200, limited), piece('outage', 0, limited)])
  near(still.availability_contract, 0.5)
  assert.deepEqual(
    still.causes.map(({ cause, lost_energy_kwh }) => [cause, lost_energy_kwh]),
    [
      ['curtailment', 800],
      ['undeclared', 200],
    ],
  )
  assert.equal(figures([piece('available', 700, limited)]).lost_energy_kwh, 0, 'never below zero')
})

test('a plant that produces under a declared standstill has lost nothing', () => {
  const found = figures([piece('available', 500, stoppage('planned_maintenance'))])
  assert.deepEqual([found.availability, found.lost_energy_kwh, found.causes], [1, 0, []])
})

test('a standstill that takes power has lost that too', () => {
  near(figures([piece('outage', -5)]).lost_energy_kwh, 605)
})

test('what cannot be said is null, and the share that can be is named', () => {
  const unsaid = { ...VALUED, expected_kwh: () => null }
  const found = figures([piece('available', 600), piece('outage', 0)], unsaid)
  assert.deepEqual([found.lost_energy_kwh, found.lost_revenue, found.availability_energy], [null, null, null])
  assert.deepEqual([found.availability, found.completeness_lost_energy], [0.5, 0])
  assert.deepEqual([found.causes[0]?.lost_energy_kwh, found.causes[0]?.lost_revenue], [null, null])
  const half: Valuation = { ...VALUED, expected_kwh: ({ from }) => (from % (2 * HOUR) === 0 ? 600 : null) }
  hour = 0
  const some = figures([piece('outage', 0), piece('outage', 0)], half)
  assert.deepEqual(
    [some.lost_energy_kwh, some.completeness_lost_energy, some.availability_energy, some.availability],
    [600, 0.5, null, 0],
  )
  const nothing = figures([piece('below_threshold', 0, null, 24)])
  assert.deepEqual(
    [nothing.availability, nothing.availability_contract, nothing.availability_energy, nothing.lost_energy_kwh],
    [null, null, null, null],
  )
  assert.equal(nothing.completeness_availability, 1)
})

test('without a price there is no revenue, with one for a part it is that part', () => {
  const free = { ...VALUED, price_per_kwh: () => null }
  assert.equal(figures([piece('outage', 0)], free).lost_revenue, null)
  assert.equal(figures([piece('available', 600)], free).lost_revenue, 0)
  hour = 0
  const half: Valuation = { ...VALUED, price_per_kwh: ({ from }) => (from === 0 ? 0.1 : null) }
  const found = figures([piece('outage', 0), piece('outage', 0)], half)
  assert.deepEqual([found.lost_revenue, found.completeness_lost_revenue], [60, 0.5])
  assert.equal(figures([piece('outage', 0)], { ...VALUED, price_per_kwh: () => 0 }).lost_revenue, 0)
})

test('where all the time was excluded the contract’s figure is not defined', () => {
  const found = figures([piece('outage', 0, stoppage('force_majeure'))])
  assert.deepEqual([found.availability, found.availability_contract], [0, null])
})

test('sums of parts are the sum of the whole', () => {
  const pieces = [
    piece('available', 500, stoppage('curtailment', 500)),
    piece('outage', 0),
    piece('communication_loss', null),
    piece('outage', null, stoppage('grid')),
    piece('unknown', 0),
  ]
  const parts = pieces.map((one) => lossSumsOf([one], VALUED)).reduce(addLosses, NO_LOSSES)
  assert.deepEqual(lossFiguresOf(parts, HOUR), lossFiguresOf(lossSumsOf(pieces, VALUED), HOUR))
})
