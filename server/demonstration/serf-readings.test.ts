import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { serfReadings } from './serf-readings.ts'

const csv = readFileSync(new URL('data/serf_west_15min.csv', import.meta.url), 'utf8')

test('the measured series is read in quarter-hours of UTC−7, in kW, with the mean of three module temperatures', () => {
  const readings = serfReadings(csv, 'p')
  assert.equal(readings.length, 480 * 4)
  const noon = readings.filter((reading) => Date.parse(reading.ts) === Date.parse('2022-01-02T19:00:00Z'))
  // The line of 2022-01-02 12:01: 4940 W, 997.63 W/m², modules at 41.982, 40.336 and 40.659 °C, air at 7.4611 °C.
  assert.deepEqual(
    noon.map((reading) => [reading.quantity, Number(reading.value.toFixed(6))]),
    [
      ['ac_power_kw', 4.94],
      ['poa_irradiance_w_m2', 997.63],
      ['module_temperature_c', 40.992333],
      ['ambient_temperature_c', 7.4611],
    ],
  )
})

test('a value that is no number is not taken for one', () => {
  assert.throws(() => serfReadings(csv.replace('997.63', ''), 'p'), /2022-01-02 12:01:00: poa_irradiance__771/)
})
