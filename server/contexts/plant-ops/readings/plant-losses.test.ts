import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, type TestTenant } from '#test/harness.ts'
import { importReadings } from './import-readings.ts'
import type { PlantReading, Quantity } from './plant-quantity.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
// Golden vector C: five hours from 10:00 in Rome; ratio of sums 2070 / 2700 = 0.766667, at 25 °C 2070 / 2562.1 = 0.807931.
const START = Date.parse('2026-04-20T08:00:00Z')
const GOLDEN = [
  [200, 20, 165],
  [600, 38, 470],
  [900, 48, 660],
  [700, 42, 535],
  [300, 25, 240],
] as const
const RATIO_STC = 2070 / 2562.1
/** What the golden day’s hour would give by the ratio at 25 °C, kWh. */
const expected = (hour: number): number => GOLDEN[hour]![0] * (1 - 0.0035 * (GOLDEN[hour]![1] - 25)) * RATIO_STC

type Change = { power?: number | null; irradiance?: number | null; quality?: 0 | 192 | 500 }
type Row = Omit<PlantReading, 'plant_id'>

/** The hours of a golden day, with night before and after; `changes` by hour. */
function goldenDay(number: number, changes: Record<number, Change> = {}): Row[] {
  const night = [-2, -1, 5, 6].map((hour) => [hour, -2, 5, -1] as const)
  const hours = [...night, ...GOLDEN.map((values, hour) => [hour, ...values] as const)]
  return hours.flatMap(([hour, irradiance, temperature, power]) => {
    const change = changes[hour] ?? {}
    const ts = new Date(START + number * DAY + hour * HOUR).toISOString()
    const of = (quantity: Quantity, value: number | null, quality: 0 | 192 | 500 = 192): Row[] =>
      value === null ? [] : [{ quantity, ts, value, quality }]
    return [
      ...of('ac_power_kw', change.power === undefined ? power : change.power, change.quality),
      ...of('poa_irradiance_w_m2', change.irradiance === undefined ? irradiance : change.irradiance),
      ...of('module_temperature_c', temperature),
    ]
  })
}
/** Days 0 to 41 as they should be: 20 April to 31 May. */
const BEFORE = Array.from({ length: 42 }, (_, number) => goldenDay(number)).flat()
/** 1 June. */
const JUNE = 42

const PLANT = { name: 'Plant', type: 'Photovoltaic', status: 'In Operation', power_kw: 1000 }
const REGISTRY = { dc_power_kw: 1000, temperature_coefficient_per_c: -0.0035 }

async function plantWith(tenant: TestTenant, rows: readonly Row[], change: object = {}, registry: object = REGISTRY) {
  const { body } = await tenant.admin.call('POST', '/plants', { ...PLANT, code: uuidv7().slice(-12), ...change })
  const id = body.id as string
  assert.equal((await tenant.admin.call('PUT', `/plants/${id}/registry`, registry)).status, 200)
  const readings = rows.map((row) => ({ ...row, plant_id: id }))
  if (readings.length > 0) await tenant.admin.write('readings.write', (work) => importReadings(work, readings))
  return id
}
const declare = async (tenant: TestTenant, id: string, body: object): Promise<void> => {
  const { status, text } = await tenant.admin.call('POST', `/plants/${id}/stoppages`, { cause: 'Cause', ...body })
  assert.equal(status, 201, text)
}
const at = (number: number, hour: number): string => new Date(START + number * DAY + hour * HOUR).toISOString()
const performance = async (tenant: TestTenant, id: string, query = '?from=2026-06-01&to=2026-06-01') => {
  const { status, body, text } = await tenant.admin.call('GET', `/plants/${id}/performance${query}`)
  assert.equal(status, 200, text)
  return body
}
const near = (actual: unknown, wanted: number): void =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - wanted) < 5e-7, `${String(actual)} is not ${wanted}`)

test('an outage costs what the plant’s own year before it would have given, at the temperature of the outage', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, [...BEFORE, ...goldenDay(JUNE, { 1: { power: 0 }, 2: { power: -2 } })])
  const { totals, formula } = await performance(tenant, id)
  near(totals.availability, 3 / 5)
  near(totals.availability_contract, 3 / 5)
  const lost = expected(1) + expected(2) + 2
  near(totals.lost_energy_kwh, lost)
  near(totals.availability_energy, 940 / (940 + lost))
  assert.deepEqual([totals.lost_revenue, totals.completeness_lost_energy], [null, 1])
  assert.deepEqual([totals.hours.outage, totals.hours.available, totals.hours.below_threshold], [2, 3, 4])
  assert.deepEqual(
    totals.causes.map((cause: { cause: string; outage_h: number }) => [cause.cause, cause.outage_h]),
    [['undeclared', 2]],
  )
  const [reference] = formula.inputs.references
  assert.deepEqual([reference.month, reference.days, formula.inputs.references.length], ['2026-06', 42, 1])
  near(reference.performance_ratio, 2070 / 2700)
  near(reference.performance_ratio_stc, RATIO_STC)
})

test('what was lost does not depend on the step or on the period that is asked for', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, [...BEFORE, ...goldenDay(JUNE, { 1: { power: 0 } }), ...goldenDay(JUNE + 1)])
  for (const query of [
    '?from=2026-06-01&to=2026-06-02&step=1h',
    '?from=2026-06-01&to=2026-06-02',
    '?from=2026-05-20&to=2026-06-02&step=1mo',
    '?from=2026-01-01&to=2026-12-31&step=all',
    '?from=2026-06-01T09:20:00Z&to=2026-06-01T09:40:00Z',
  ]) {
    const { totals } = await performance(tenant, id, query)
    near(totals.lost_energy_kwh, query.includes('09:20') ? expected(1) / 3 : expected(1))
  }
})

test('a communication loss is no outage: energy is missing, and nothing is lost', async () => {
  const tenant = await newTenant()
  const silent = goldenDay(JUNE, { 1: { power: null }, 2: { power: 660, quality: 500 }, 3: { power: 0, quality: 0 } })
  const id = await plantWith(tenant, [...BEFORE, ...silent])
  const { totals } = await performance(tenant, id)
  assert.deepEqual([totals.availability, totals.lost_energy_kwh, totals.causes], [1, 0, []])
  near(totals.unread_energy_kwh, expected(1) + expected(2) + expected(3))
  // Of the rest of the day nothing at all was read.
  near(totals.hours.communication_loss, 3 + 15)
  near(totals.completeness_availability, 6 / 24)
})

test('days of which nothing was read are a communication loss until today, those before the first reading are nothing', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, goldenDay(0))
  const lost = async (query: string) => (await performance(tenant, id, query)).totals.hours.communication_loss
  near(await lost('?from=2026-04-22&to=2026-04-23'), 48)
  near(await lost('?from=2026-04-10&to=2026-04-11'), 0)
  near(await lost('?from=2030-04-10&to=2030-04-11'), 0)
})

test('declared stoppages: both availabilities, what is left out by name, energy and revenue by cause', async () => {
  const tenant = await newTenant()
  const down = { 0: { power: 0 }, 1: { power: 0 }, 2: { power: null }, 3: { power: 0 } }
  const id = await plantWith(tenant, [...BEFORE, ...goldenDay(JUNE, down)])
  await declare(tenant, id, { category: 'planned_maintenance', starts_at: at(JUNE, 0), ends_at: at(JUNE, 1) })
  await declare(tenant, id, { category: 'grid', starts_at: at(JUNE, 1), ends_at: at(JUNE, 2.5) })
  await declare(tenant, id, { category: 'own_failure', starts_at: at(JUNE, 2.5), ends_at: at(JUNE, 3) })
  for (const [valid_from, price_eur_per_kwh] of [
    ['2026-01-01', 0.05],
    ['2026-06-01', 0.1],
    ['2026-06-02', 9],
  ]) {
    const price = { valid_from, price_eur_per_kwh, source: 'RID' }
    assert.equal((await tenant.admin.call('POST', `/plants/${id}/energy-prices`, price)).status, 201)
  }
  const { totals, currency } = await performance(tenant, id)
  near(totals.availability, 1 / 5)
  near(totals.availability_contract, 1 / (5 - 2.5))
  assert.deepEqual(totals.exclusions, [
    { category: 'grid', outage_h: 1.5 },
    { category: 'planned_maintenance', outage_h: 1 },
  ])
  const lost = { grid: expected(1) + expected(2) / 2, own_failure: expected(2) / 2, planned_maintenance: expected(0) }
  const all = { ...lost, undeclared: expected(3) }
  assert.deepEqual(
    totals.causes.map(({ cause }: { cause: string }) => cause),
    ['grid', 'own_failure', 'planned_maintenance', 'undeclared'],
  )
  for (const { cause, lost_energy_kwh, lost_revenue } of totals.causes) {
    near(lost_energy_kwh, all[cause as keyof typeof all])
    near(lost_revenue, all[cause as keyof typeof all] / 10)
  }
  near(totals.lost_revenue, Object.values(all).reduce((sum, one) => sum + one) / 10)
  assert.deepEqual([currency, totals.completeness_lost_revenue], ['EUR', 1])
})

test('a plant that is held back is available, and has lost what lies above the limit', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, [...BEFORE, ...goldenDay(JUNE, { 2: { power: 300 } })])
  const held = { category: 'curtailment', curtailed_to_kw: 300, starts_at: at(JUNE, 2), ends_at: at(JUNE, 3) }
  await declare(tenant, id, held)
  const { totals } = await performance(tenant, id)
  assert.equal(totals.availability, 1)
  near(totals.lost_energy_kwh, expected(2) - 300)
  assert.deepEqual([totals.causes[0].cause, totals.causes[0].curtailed_h], ['curtailment', 1])
  // Time that was held back says nothing of what the plant can do.
  const later = await performance(tenant, id, '?from=2026-07-01&to=2026-07-01')
  assert.deepEqual([later.totals.lost_energy_kwh, later.formula.inputs.references], [null, []])
})

test('a new plant has no year before it: what it lost is not known, and the answer says why', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, [...BEFORE.slice(-29 * 27), ...goldenDay(JUNE, { 1: { power: 0 } })])
  const { totals, formula } = await performance(tenant, id)
  near(totals.availability, 4 / 5)
  assert.deepEqual(
    [totals.lost_energy_kwh, totals.availability_energy, totals.completeness_lost_energy],
    [null, null, 0],
  )
  assert.equal(formula.inputs.references[0].days, null)
  assert.ok(formula.notes.some((note: string) => note.startsWith('Lost energy is not known')))
})

test('other plants are available but for what was declared; where nothing ever was, nobody knows', async () => {
  const tenant = await newTenant()
  const id = await plantWith(tenant, goldenDay(0, { 1: { power: 0 } }), { type: 'Hydroelectric' }, {})
  const day = '?from=2026-04-20&to=2026-04-20'
  const unknown = await performance(tenant, id, day)
  assert.deepEqual([unknown.totals.availability, unknown.totals.lost_energy_kwh], [null, null])
  assert.ok(unknown.formula.notes.includes('Availability is not known: no stoppage was ever declared of this plant.'))
  await declare(tenant, id, { category: 'grid', starts_at: at(0, 0), ends_at: at(0, 6) })
  await declare(tenant, id, { category: 'own_failure', starts_at: at(0, 6), ends_at: at(0, 9) })
  await declare(tenant, id, { category: 'curtailment', starts_at: at(0, 9), ends_at: at(0, 10), curtailed_to_kw: 10 })
  const { totals, formula } = await performance(tenant, id, day)
  near(totals.availability, 15 / 24)
  near(totals.availability_contract, 15 / 18)
  assert.deepEqual([totals.lost_energy_kwh, totals.lost_revenue, totals.availability_energy], [null, null, null])
  assert.deepEqual(
    totals.causes.map((one: { lost_energy_kwh: number | null }) => one.lost_energy_kwh),
    [null, null, null],
  )
  assert.deepEqual([formula.inputs.irradiance_threshold_w_m2, formula.inputs.references], [null, []])
  const ahead = await performance(tenant, id, '?from=2030-01-01&to=2030-01-02')
  assert.equal(ahead.totals.availability, null, 'of the future nothing is known')
})

test('the outage of the measured plant costs what its days before it would have given', async () => {
  const tenant = await newTenant()
  // Its measured 3 to 5 January stand for the 39 days before the snow, by thirteen; 6 January is as it was measured.
  const file = new URL('../../../demonstration/data/serf_west_15min.csv', import.meta.url)
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1)
  const measured = lines.map((line) => {
    const cells = line.split(',')
    const module = (Number(cells[12]) + Number(cells[13]) + Number(cells[14])) / 3
    const stamp = Date.parse(`${cells[0]!.replace(' ', 'T')}-07:00`)
    return {
      day: cells[0]!.slice(0, 10),
      at: stamp - (stamp % 900_000),
      power: Number(cells[2]) / 1000,
      sun: Number(cells[15]),
      module,
    }
  })
  const good = measured.filter(({ day }) => ['2022-01-03', '2022-01-04', '2022-01-05'].includes(day))
  const snow = measured.filter(({ day }) => day === '2022-01-06')
  const shifted = (rows: typeof measured, days: number) => rows.map((row) => ({ ...row, at: row.at + days * DAY }))
  // To February, so that all of what it is compared with lies before the month.
  const series = [
    ...Array.from({ length: 13 }, (_, number) => shifted(good, 3 * number - 12)).flat(),
    ...shifted(snow, 27),
  ]
  const rows = series.flatMap(({ at: ms, power, sun, module }) => {
    const of = (quantity: Quantity, value: number): Row => ({
      quantity,
      value,
      ts: new Date(ms).toISOString(),
      quality: 192,
    })
    return [of('ac_power_kw', power), of('poa_irradiance_w_m2', sun), of('module_temperature_c', module)]
  })
  const id = await plantWith(
    tenant,
    rows,
    { power_kw: 6, time_zone: 'America/Denver', country: 'US' },
    { dc_power_kw: 6, temperature_coefficient_per_c: -0.004 },
  )
  const { totals, formula } = await performance(tenant, id, '?from=2022-02-02&to=2022-02-02')
  assert.deepEqual([totals.availability, totals.hours.outage, formula.inputs.references[0].days], [0, 8.5, 39])

  // By a plain loop: E / Σ(1 + γ (T − 25)) P0 G of the good days from 50 W/m² on, times the same of the day under snow.
  const corrected = ({ sun, module }: (typeof measured)[number]) => ((1 - 0.004 * (module - 25)) * 6 * sun) / 1000 / 4
  const bright = good.filter(({ sun }) => sun >= 50)
  const ratio =
    bright.reduce((sum, { power }) => sum + power / 4, 0) / bright.reduce((sum, row) => sum + corrected(row), 0)
  const lost = snow
    .filter(({ sun }) => sun >= 50)
    .reduce((sum, row) => sum + Math.max(0, corrected(row) * ratio - row.power / 4), 0)
  near(formula.inputs.references[0].performance_ratio_stc, ratio)
  near(totals.lost_energy_kwh, lost)
  assert.ok(lost > 20 && lost < 35, `${lost} kWh of a 6 kWp plant on a clear winter day`)
})

test('to a stranger and beyond the scope there is no such plant', async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()]
  const id = await plantWith(tenant, goldenDay(0))
  const limited = await tenant.user('Viewer', [await plantWith(tenant, [])])
  for (const user of [stranger.admin, limited]) {
    const { status, body } = await user.call('GET', `/plants/${id}/performance`)
    assert.deepEqual([status, body.error.code], [404, 'plants.not_found'])
  }
})
