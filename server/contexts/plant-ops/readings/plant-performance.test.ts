import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, type TestTenant } from '#test/harness.ts'
import { blocksOf } from './block.ts'
import { importReadings } from './import-readings.ts'
import type { PlantReading, Quantity } from './plant-quantity.ts'
import { GOOD_MARK, newSeries } from './series.ts'
import { insertBlocks } from './write-states.ts'

const HOUR = 3_600_000
// Five hours of a summer day in Rome, from 10:00; ratio of sums 2070 / (1000 × 2.7) = 0.766667, at 25 °C 0.807931.
const START = Date.parse('2026-06-01T08:00:00Z')
const GOLDEN = [
  [200, 20, 165],
  [600, 38, 470],
  [900, 48, 660],
  [700, 42, 535],
  [300, 25, 240],
] as const

const PLANT = { name: 'Plant', code: 'P', type: 'Photovoltaic', status: 'In Operation', power_kw: 900 }
const REGISTRY = { dc_power_kw: 1000, temperature_coefficient_per_c: -0.0035 }

async function plantOf(tenant: TestTenant, change: object = {}, registry: object | null = REGISTRY): Promise<string> {
  const { body } = await tenant.admin.call('POST', '/plants', { ...PLANT, code: uuidv7().slice(-12), ...change })
  if (registry) assert.equal((await tenant.admin.call('PUT', `/plants/${body.id}/registry`, registry)).status, 200)
  return body.id
}

const readings = (plant_id: string): PlantReading[] =>
  GOLDEN.flatMap(([irradiance, temperature, power], hour) => {
    const ts = new Date(START + hour * HOUR).toISOString()
    const of = (quantity: Quantity, value: number) => ({ plant_id, quantity, ts, value, quality: 192 as const })
    return [of('ac_power_kw', power), of('poa_irradiance_w_m2', irradiance), of('module_temperature_c', temperature)]
  })

const importAll = (tenant: TestTenant, rows: readonly PlantReading[]): Promise<number> =>
  tenant.admin.write('readings.write', (work) => importReadings(work, rows))

const near = (actual: unknown, expected: number): void =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 5e-7, `${String(actual)} is not ${expected}`)

const performance = (tenant: TestTenant, id: string, query = '', user = tenant.admin) =>
  user.call('GET', `/plants/${id}/performance${query}`)

test('the figures of a day are those of the golden vector, with what they are made of', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  await importAll(tenant, readings(id))
  const { status, body } = await performance(tenant, id, '?from=2026-06-01&to=2026-06-01')
  assert.equal(status, 200)
  assert.equal(body.items.length, 1)
  const [day] = body.items
  assert.deepEqual([day.from, day.to], ['2026-05-31T22:00:00.000Z', '2026-06-01T22:00:00.000Z'])
  near(day.energy_kwh, 2070)
  near(day.specific_yield, 2.07)
  near(day.performance_ratio, 0.7666666667)
  near(day.performance_ratio_stc, 0.807931)
  near(day.capacity_factor, 2070 / (900 * 5))
  near(day.completeness, 5 / 24)
  assert.deepEqual([day.availability, day.availability_contract, day.lost_energy_kwh, day.excluded], [1, 1, 0, {}])
  near(body.totals.performance_ratio, 0.7666666667)
  assert.equal(body.formula.version, 'pr-3')
  assert.deepEqual(body.formula.inputs, {
    ...{ p0_kw: 1000, p0_from: 'registry.dc_power_kw', gamma_per_c: -0.0035, ac_nominal_kw: 900 },
    ...{ time_zone: 'Europe/Rome', interval_s: 3600, counter: null, references: [] },
    ...{ irradiance_threshold_w_m2: 50, standstill_share: 0.05, shortest_outage_s: 900 },
  })
})

test('steps of an hour, a month, a year and all give the same total', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  await importAll(tenant, readings(id))
  for (const [step, items] of [
    ['1h', 24],
    ['1mo', 1],
    ['1y', 1],
    ['all', 1],
  ]) {
    const { body } = await performance(tenant, id, `?from=2026-06-01&to=2026-06-01&step=${step}`)
    assert.equal(body.items.length, items)
    near(body.totals.performance_ratio, 0.7666666667)
  }
})

test('only good readings count', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const rows = readings(id)
  rows[0]!.quality = 0
  rows[4]!.quality = 500
  await importAll(tenant, rows)
  const { totals } = (await performance(tenant, id, '?from=2026-06-01&to=2026-06-01')).body
  near(totals.energy_kwh, 2070 - 165)
  // The second hour has energy but no irradiance that can be used.
  near(totals.performance_ratio, (2070 - 165 - 470) / (2700 - 200 - 600))
  assert.deepEqual(totals.excluded, { quality: 1, irradiance_missing: 1 })
})

test('a plant that is not photovoltaic has energy, yield and capacity factor, and no ratio', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, { type: 'Wind' })
  await importAll(tenant, readings(id))
  const { totals, formula } = (await performance(tenant, id, '?from=2026-06-01&to=2026-06-01')).body
  near(totals.energy_kwh, 2070)
  near(totals.specific_yield, 2070 / 900)
  assert.deepEqual([totals.performance_ratio, totals.performance_ratio_stc], [null, null])
  assert.ok(formula.notes.includes('The performance ratio is defined for photovoltaic plants only.'))
})

test('without a DC power the peak power of the plant stands for it, and the answer says so', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, { power_kw: 1000 }, null)
  await importAll(tenant, readings(id))
  const { totals, formula } = (await performance(tenant, id, '?from=2026-06-01&to=2026-06-01')).body
  near(totals.performance_ratio, 0.7666666667)
  assert.equal(totals.performance_ratio_stc, null)
  assert.equal(formula.inputs.p0_from, 'power_kw')
  assert.ok(formula.notes.some((note: string) => note.includes('registry.dc_power_kw is not known')))
})

test('a plant without readings has steps without figures', async () => {
  const tenant = await newTenant({ configuration: { time_zone: 'America/Denver' } })
  const { status, body } = await performance(tenant, await plantOf(tenant))
  assert.equal(status, 200)
  assert.ok(body.items.length >= 30)
  assert.deepEqual([body.totals.energy_kwh, body.totals.performance_ratio, body.totals.completeness], [null, null, 0])
  assert.deepEqual([body.formula.inputs.time_zone, body.formula.inputs.interval_s], ['America/Denver', null])
})

test('a period that cannot be is refused', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  for (const query of [
    '?from=2026-06-02&to=2026-06-01',
    '?from=2020-01-01&to=2026-01-01',
    '?from=2026-01-01&to=2026-06-01&step=1h',
  ]) {
    const { status, body } = await performance(tenant, id, query)
    assert.deepEqual([status, body.error.code], [422, 'plants.period_not_usable'], query)
  }
  for (const query of ['?step=1w', '?from=yesterday', '?from=2026-02-30', '?until=2026-01-01']) {
    assert.equal((await performance(tenant, id, query)).status, 422, query)
  }
})

test("another tenant's plant, one out of scope and a hidden one have no performance", async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const [mine, theirs] = [await plantOf(tenant), await plantOf(tenant)]
  const limited = await tenant.user('Viewer', [mine])
  assert.equal((await performance(tenant, mine, '', limited)).status, 200)
  for (const [id, user] of [
    [theirs, limited],
    [mine, other.admin],
    [uuidv7(), tenant.admin],
  ] as const) {
    const { status, body } = await performance(tenant, id, '', user)
    assert.deepEqual([status, body.error.code], [404, 'plants.not_found'])
  }
  assert.equal((await tenant.admin.call('DELETE', `/plants/${mine}`)).status, 204)
  assert.equal((await performance(tenant, mine)).status, 404)
})

test('readings sent again change nothing, a changed one replaces, of two at once the later stands', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const rows = readings(id)
  assert.equal(await importAll(tenant, rows), 15)
  assert.equal(await importAll(tenant, rows), 0)
  const [first] = rows
  assert.equal(
    await importAll(tenant, [
      { ...first!, value: 1 },
      { ...first!, value: 2 },
    ]),
    1,
  )
  const { totals } = (await performance(tenant, id, '?from=2026-06-01&to=2026-06-01')).body
  near(totals.energy_kwh, 2070 - 165 + 2)
})

test('more readings than one statement takes are all written', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const rows = Array.from({ length: 12_001 }, (_, minute): PlantReading => {
    const ts = new Date(START + minute * 60_000).toISOString()
    return { plant_id: id, quantity: 'ac_power_kw', ts, value: 60, quality: 192 }
  })
  assert.equal(await importAll(tenant, rows), 12_001)
  const kept = await tenant.admin.read(
    'readings.read',
    async ({ db }) =>
      (
        await sql<{
          count: number
        }>`select sum(readings)::int as count from reading_blocks where tenant_id = ${tenant.id}`.execute(db)
      ).rows,
  )
  assert.equal(kept[0]?.count, 12_001)
  const { body } = await performance(tenant, id)
  near(body.totals.energy_kwh, 12_001)
})

const METER = { serial: 'MT1', role: 'production', constant_k: 80, register_digits: 5 }
/** A counter by the hour from the first golden hour on, in units of 80 kWh. */
const counter = (plant_id: string, values: readonly number[], first = 0): PlantReading[] =>
  values.map((value, hour) => {
    const ts = new Date(START + (first + hour) * HOUR).toISOString()
    return { plant_id, quantity: 'ac_energy_counter', ts, value, quality: 192 }
  })
// By hand: 20.875 units × 80 kWh are 1670 kWh; of the last hour, 240 kWh, nothing was counted.
const UNITS = [99_990, 99_992.0625, 99_997.9375, 6.1875, 12.875] as const

test('the counter of the meter gives the energy by its K, through the end of its digits, beside power', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, {}, { ...REGISTRY, meters: [METER] })
  await importAll(tenant, [...readings(id), ...counter(id, [...UNITS, 15.875])])
  const { totals, formula } = (await performance(tenant, id, '?from=2026-06-01T08:00:00Z&to=2026-06-01T13:00:00Z')).body
  assert.equal(totals.energy_from, 'counter')
  near(totals.energy_kwh, 25.875 * 80)
  near(totals.energy_counter_kwh, 2070)
  near(totals.energy_power_kwh, 2070)
  near(totals.energy_difference_kwh, 0)
  near(totals.performance_ratio, 0.7666666667)
  assert.deepEqual([totals.completeness_counter, totals.completeness_difference, totals.excluded], [1, 1, {}])
  assert.deepEqual(formula.inputs.counter, {
    meters: [{ serial: 'MT1', constant_k: 80, register_digits: 5, mounted_at: null, removed_at: null }],
    ...{ roll_overs: 1, resets: 0, exchanges: 0, plausible_power: 1.5 },
  })
})

test('a plant with a counter and no power has energy, its default period and a beginning', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant, {}, { ...REGISTRY, meters: [METER] })
  await importAll(tenant, counter(id, UNITS))
  const { items, totals } = (await performance(tenant, id)).body
  assert.deepEqual([items.length, items.at(-1).to], [30, '2026-06-01T22:00:00.000Z'])
  near(totals.energy_kwh, 22.875 * 80)
  assert.deepEqual([totals.energy_from, totals.energy_power_kwh, totals.energy_difference_kwh], ['counter', null, null])
})

test('a counter of which K is not known says nothing, one of no meter shows kWh, and the answer says so', async () => {
  const tenant = await newTenant()
  const unknown = await plantOf(tenant, {}, { ...REGISTRY, meters: [{ serial: 'MT1', role: 'production' }] })
  const kwh = await plantOf(tenant)
  await importAll(tenant, [...counter(unknown, [1, 2]), ...counter(kwh, [1, 2])])
  const none = (await performance(tenant, unknown, '?from=2026-06-01&to=2026-06-01')).body
  assert.deepEqual([none.totals.energy_kwh, none.totals.excluded], [null, { counter_factor_unknown: 1 }])
  assert.ok(none.formula.notes.some((note: string) => note.includes('its constant K')))
  const one = (await performance(tenant, kwh, '?from=2026-06-01&to=2026-06-01')).body
  near(one.totals.energy_kwh, 1)
  assert.ok(one.formula.notes.some((note: string) => note.includes('is taken to show kWh')))
})

test('counter readings that are not good count as not read, and late ones change the figure', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const [a, b, c] = counter(id, [100, 9, 300]) as [PlantReading, PlantReading, PlantReading]
  await importAll(tenant, [a, { ...b, quality: 0 }, c])
  const day = '?from=2026-06-01&to=2026-06-01'
  const before = (await performance(tenant, id, day)).body.totals
  near(before.energy_kwh, 200)
  assert.deepEqual(before.excluded, {})
  await importAll(tenant, counter(id, [350], 3))
  near((await performance(tenant, id, day)).body.totals.energy_kwh, 250)
})

test('more readings than one answer is made of are averaged, and the answer says so', async () => {
  const tenant = await newTenant()
  const id = await plantOf(tenant)
  const [first] = readings(id)
  await importAll(tenant, [first!])
  const series = newSeries(200_400)
  series.at_ms.forEach((_, i) => (series.at_ms[i] = START + HOUR + i * 15_000))
  series.value.forEach((_, i) => (series.value[i] = 60 + (i % 2)))
  series.mark.fill(GOOD_MARK)
  await tenant.admin.write('readings.write', async (work) => {
    const { rows } = await sql<{ id: string }>`select id from sensors where tenant_id = ${tenant.id}`.execute(work.db)
    await insertBlocks(
      work,
      blocksOf(series).map((block) => ({ ...block, sensor_id: rows[0]!.id, plant_id: id })),
    )
  })
  const { totals, formula } = (await performance(tenant, id, '?from=2026-06-01&to=2026-07-31&step=all')).body
  near(totals.energy_kwh, (200_400 * 60.5) / 240 + 165 / 4)
  assert.equal(formula.inputs.interval_s, 900)
  assert.ok(formula.notes.some((note: string) => note.startsWith('There are more readings')))
})
