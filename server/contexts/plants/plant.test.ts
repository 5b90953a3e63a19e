import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedPlant, checkPlant, completePlant, powerText } from './plant.ts'

const carpi = completePlant({
  ...{ name: 'Carpi', code: 'PV-1', type: 'Photovoltaic', status: 'In Operation', power_kw: 998.4 },
})

test('power in words is made from the figure, and follows it until somebody writes their own', () => {
  assert.equal(powerText(5990.4, 'Photovoltaic'), '5.9904 MWp')
  assert.equal(powerText(200, 'Wind'), '200 kW')
  assert.equal(powerText(null, 'Food'), null)
  assert.equal(carpi.power, '998.4 kWp')
  assert.equal(changedPlant(carpi, { power_kw: 500 }).power, '500 kWp')
  assert.equal(changedPlant(carpi, { type: 'Wind' }).power, '998.4 kW')
  const own = changedPlant(carpi, { power: 'about 1 MW' })
  assert.equal(changedPlant(own, { power_kw: 500 }).power, 'about 1 MW')
  assert.equal(changedPlant(own, { power: null }).power, '998.4 kWp')
})

test('coordinates come in pairs and zones exist', () => {
  const fields = (change: object) => checkPlant({ ...carpi, ...change }).problems.map(({ field }) => field)
  assert.deepEqual(fields({}), [])
  assert.deepEqual(fields({ latitude: 45 }), ['longitude'])
  assert.deepEqual(fields({ longitude: 9 }), ['latitude'])
  assert.deepEqual(fields({ time_zone: 'Europe/Nowhere' }), ['time_zone'])
})
