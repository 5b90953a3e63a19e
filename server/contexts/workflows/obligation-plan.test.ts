import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obligationWindow, planObligations, type ObligationRow, type ObligedPlant } from './obligation-plan.ts'
import { weekday } from './plain-date.ts'

const registry = {
  regime: 'RID',
  self_consumption: true,
  sale_mode: 'partial',
  voltage_kv: 15,
  commissioning_date: '2020-05-04',
  adm_license_code: 'RME01234X',
  spi_tested_on: '2025-05-02',
  meters: [{ serial: 'A1', kind: 'static', constant_k: 1, verified_on: '2024-03-01' }],
}
const PLANT: ObligedPlant = {
  type: 'Photovoltaic',
  status: 'In Operation',
  power_kw: 500,
  region: 'Lazio',
  country: 'IT',
  entered_on: '2026-11-21',
  hidden: false,
  registry,
}

const lines = (rows: readonly ObligationRow[]): string[] =>
  rows.map((row) => `${row.due_date} ${row.status} ${row.obligation} ${row.period}`).toSorted()

/** The rows after the plan was carried out. */
const carriedOut = (rows: readonly ObligationRow[], plant: ObligedPlant, today: string): ObligationRow[] => {
  const after = new Map(rows.map((row) => [`${row.obligation} ${row.period}`, row]))
  for (const row of planObligations(plant, rows, today).write) after.set(`${row.obligation} ${row.period}`, row)
  return [...after.values()]
}

test('the window is this year and the next', () => {
  assert.deepEqual(obligationWindow('2026-11-21'), { from: '2026-01-01', to: '2027-12-31' })
})

test('a plant entered in November 2026 knows its next year, and not whether the earlier was done', () => {
  // Counted by hand: 30 September 2026, 16 December 2026, 31 March and 30 September 2027 are working days.
  for (const day of ['2026-09-30', '2026-12-16', '2027-03-31']) assert.equal(weekday(day), 3, day)
  const { write, next } = planObligations(PLANT, [], '2026-11-21')
  assert.deepEqual(lines(write), [
    '2026-03-31 untracked GSE-FM 2025',
    '2026-09-30 untracked ADM-DICH-S 2026-H1',
    '2026-12-16 open ADM-LIC 2027',
    '2027-03-01 open ADM-TAR meter:A1:2027-03-01',
    '2027-03-31 open ADM-DICH-S 2026-H2',
    '2027-03-31 open GSE-FM 2026',
    '2027-09-30 open ADM-DICH-S 2027-H1',
    '2027-12-16 open ADM-LIC 2028',
  ])
  assert.deepEqual(next, { due_date: '2026-12-16', obligation: 'ADM-LIC' })
})

const feeOfPlantEntered = (entered_on: string) =>
  planObligations({ ...PLANT, entered_on }, [], '2026-12-20').write.find((row) => row.period === '2027')?.status

test('what falls due on the day of entry is tracked', () => {
  assert.equal(feeOfPlantEntered('2026-12-16'), 'open')
  assert.equal(feeOfPlantEntered('2026-12-17'), 'untracked')
})

const due = (today: string, obligation: string, period: string) => {
  const rows = planObligations(PLANT, [], today).write
  const row = rows.find((one) => one.obligation === obligation && one.period === period)
  return [row?.base_date, row?.due_date]
}

test('deadlines of the customs on a day off move, the base date stays told', () => {
  // 16 December 2028 is a Saturday, 31 March 2029 is the Saturday before Easter (1 April, Easter Monday is the 2nd).
  assert.deepEqual(due('2028-01-10', 'ADM-LIC', '2029'), ['2028-12-16', '2028-12-18'])
  assert.deepEqual(due('2028-01-10', 'ADM-DICH-S', '2028-H2'), ['2029-03-31', '2029-04-03'])
})

test('carried out, the plan leaves nothing to write', () => {
  const rows = carriedOut([], PLANT, '2026-11-21')
  assert.equal(rows.length, 8)
  assert.deepEqual(planObligations(PLANT, rows, '2026-11-21').write, [])
  assert.deepEqual(planObligations(PLANT, JSON.parse(JSON.stringify(rows)), '2026-11-22').write, [])
})

test('a duty that no longer follows is withdrawn, and open again when it follows again', () => {
  const rows = carriedOut([], PLANT, '2026-11-21')
  const small = { ...PLANT, power_kw: 10, registry: { ...registry, adm_license_code: null } }
  const shrunk = carriedOut(rows, small, '2026-11-21')
  assert.deepEqual(
    lines(shrunk).filter((line) => !line.includes('withdrawn')),
    ['2026-03-31 untracked GSE-FM 2025', '2027-03-31 open GSE-FM 2026'],
  )
  assert.equal(shrunk.length, rows.length)
  assert.deepEqual(lines(carriedOut(shrunk, PLANT, '2026-11-21')), lines(rows))
})

test('a hidden plant, one abroad and one that stopped have no deadline', () => {
  const rows = carriedOut([], PLANT, '2026-11-21')
  for (const change of [{ hidden: true }, { country: 'US' }, { status: 'Decommissioned' }]) {
    const { write, next } = planObligations({ ...PLANT, ...change }, rows, '2026-11-21')
    assert.ok(write.length === 8 && write.every((row) => row.status === 'withdrawn'), JSON.stringify(change))
    assert.equal(next, null)
  }
})

test('what was completed stays as it was, and is no deadline', () => {
  const rows = carriedOut([], PLANT, '2026-11-21').map((row): ObligationRow =>
    row.period === '2027' ? { ...row, status: 'completed', source: 'as it was' } : row,
  )
  const { write, next } = planObligations({ ...PLANT, hidden: true }, rows, '2026-11-21')
  assert.ok(write.length === 7 && write.every((row) => row.period !== '2027'))
  assert.equal(next, null)
  assert.equal(planObligations(PLANT, rows, '2026-11-21').next?.due_date, '2027-03-01')
})

test('a new year opens its window and forgets nothing of the old', () => {
  const rows = carriedOut([], PLANT, '2026-11-21')
  const { write, next } = planObligations(PLANT, rows, '2027-01-01')
  assert.deepEqual(lines(write), [
    '2028-03-31 open ADM-DICH-S 2027-H2',
    '2028-03-31 open GSE-FM 2027',
    '2028-10-02 open ADM-DICH-S 2028-H1',
    '2028-12-18 open ADM-LIC 2029',
  ])
  assert.deepEqual(next, { due_date: '2026-12-16', obligation: 'ADM-LIC' }, 'the fee nobody marked as paid is late')
})

test('a later test of the interface protection replaces the one that was due', () => {
  const overdue = { ...PLANT, entered_on: '2026-01-01', registry: { ...registry, spi_tested_on: '2021-06-01' } }
  const rows = carriedOut([], overdue, '2026-11-21')
  assert.ok(lines(rows).includes('2026-06-01 open DSO-SPI 2026-06-01'))
  assert.equal(planObligations(overdue, rows, '2026-11-21').next?.obligation, 'GSE-FM')
  const tested = { ...overdue, registry: { ...registry, spi_tested_on: '2026-11-20' } }
  assert.ok(lines(carriedOut(rows, tested, '2026-11-21')).includes('2026-06-01 withdrawn DSO-SPI 2026-06-01'))
})

test('nothing is due for a plant without a registry, so making one need not ask', () => {
  const types = ['Photovoltaic', 'Wind', 'Hydroelectric', 'Biomass', 'Geothermal', 'Food']
  const statuses = ['In Operation', 'In Authorization', 'Under Construction', 'Decommissioned']
  const plants = types.flatMap((type) =>
    statuses.flatMap((status) =>
      [null, 5, 11.08, 12, 20, 21, 100, 999, 1000, 30_000].map((power_kw) => ({ ...PLANT, type, status, power_kw })),
    ),
  )
  const blank = {
    ...{
      pod: null,
      regime: null,
      self_consumption: null,
      sale_mode: null,
      voltage_kv: null,
      connection_power_kw: null,
    },
    ...{ commissioning_date: null, adm_license_code: null, adm_periodicity: null, spi_tested_on: null, meters: [] },
  }
  const rows = plants.flatMap((plant) =>
    [null, blank].flatMap((none) => planObligations({ ...plant, registry: none }, [], '2026-11-21').write),
  )
  assert.equal(plants.length, 240)
  assert.deepEqual(rows, [])
})
