import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoliday } from './italian-holidays.ts'
import { OBLIGATION_CATALOGUE } from './obligation-catalogue.ts'
import { dueObligations, type ObligationRule, type PlantFacts } from './obligation-rules.ts'
import { weekday } from './plain-date.ts'

const registry = {
  pod: 'IT001E12345678',
  regime: 'RID',
  self_consumption: true,
  sale_mode: 'partial',
  voltage_kv: 15,
  connection_power_kw: 500,
  commissioning_date: '2020-05-04',
  adm_license_code: 'RME01234X',
  adm_periodicity: null,
  spi_tested_on: '2025-05-02',
  meters: [{ serial: 'A1', kind: 'static', constant_k: 1, verified_on: '2024-03-01' }],
} satisfies PlantFacts['registry']

type Change = Omit<PlantFacts, 'registry'> & { registry?: Partial<typeof registry> | Record<string, unknown> }

function plant({ registry: changed, ...rest }: Change = {}): PlantFacts {
  const base = { type: 'Photovoltaic', status: 'In Operation', power_kw: 500, region: 'Lazio' }
  return { ...base, ...rest, registry: { ...registry, ...changed } }
}

const outlook = (facts: PlantFacts, from = '2026-11-21', to = '2027-12-31') =>
  dueObligations(facts, from, to, OBLIGATION_CATALOGUE)

const listed = (...args: Parameters<typeof outlook>) =>
  outlook(...args).due.map((one) => `${one.due_date} ${one.obligation} ${one.period}`)

const of = (id: string, ...args: Parameters<typeof outlook>) =>
  outlook(...args).due.filter((one) => one.obligation === id)

const ids = (...args: Parameters<typeof outlook>) =>
  [...new Set(outlook(...args).due.map((one) => one.obligation))].toSorted()

const tested = (power_kw: number) => of('DSO-SPI', plant({ power_kw }), '2030-01-01', '2030-12-31').length

const declares = (sale_mode: string | null, self_consumption: boolean | null) => {
  const facts = plant({ registry: { sale_mode, self_consumption } })
  const missing = outlook(facts).missing.find((one) => one.obligation === 'ADM-DICH-S')
  return of('ADM-DICH-S', facts).length > 0 || (missing?.fields ?? false)
}

const halvesSince = (commissioning_date: string) =>
  of('ADM-DICH-S', plant({ registry: { commissioning_date } }), '2026-01-01', '2027-12-31').map((one) => one.period)

const mixesSince = (commissioning_date: string) => of('GSE-FM', plant({ registry: { commissioning_date } })).length

const firstFeeSince = (commissioning_date: string) =>
  of('ADM-LIC', plant({ registry: { commissioning_date } }))[0]?.period

test('a partial-sale plant of 500 kW has its year of duties, in order', () => {
  assert.deepEqual(listed(plant()), [
    '2026-12-16 ADM-LIC 2027',
    '2027-03-01 ADM-TAR meter:A1:2027-03-01',
    '2027-03-31 ADM-DICH-S 2026-H2',
    '2027-03-31 GSE-FM 2026',
    '2027-09-30 ADM-DICH-S 2027-H1',
    '2027-12-16 ADM-LIC 2028',
  ])
  assert.deepEqual(outlook(plant()).missing, [])
})

test('each duty says who, where, on what ground, from when and how sure', () => {
  const [declaration] = of('ADM-DICH-S', plant())
  assert.equal(declaration?.responsible_entity, 'Customs')
  assert.equal(declaration?.confidence, 'high')
  assert.equal(declaration?.source_year, 2025)
  assert.equal(declaration?.open_date, '2027-01-30')
  assert.equal(declaration?.safe_date, '2027-03-31')
  assert.equal(of('GSE-FM', plant())[0]?.confidence, 'low')
  for (const rule of OBLIGATION_CATALOGUE) {
    assert.ok(rule.source.length > 0 && rule.legal_basis.length > 0 && rule.source_year >= 1998, rule.id)
    assert.deepEqual(JSON.parse(JSON.stringify(rule)), rule, `${rule.id} is data`)
  }
  assert.equal(new Set(OBLIGATION_CATALOGUE.map((rule) => rule.id)).size, OBLIGATION_CATALOGUE.length)
})

test('food plants and plants that are not in operation have none', () => {
  for (const change of [
    { type: 'Food' },
    { status: 'Under Construction' },
    { status: 'In Authorization' },
    { status: 'Decommissioned' },
  ]) {
    assert.deepEqual(outlook(plant(change)), { due: [], missing: [] })
  }
})

test('exactly 20 kW is below the customs threshold, a hair more is above', () => {
  const unlicensed = { adm_license_code: null }
  assert.deepEqual(ids(plant({ power_kw: 20, registry: unlicensed })), ['GSE-FM'])
  const above = ['ADM-DICH-S', 'ADM-LIC', 'ADM-TAR', 'GSE-FM']
  assert.deepEqual(ids(plant({ power_kw: 20.001, registry: unlicensed })), above)
  assert.deepEqual(ids(plant({ power_kw: 20 })), ['ADM-LIC', 'GSE-FM'])
})

test('exactly 11.08 kW needs no test of the interface protection, a hair more does', () => {
  assert.equal(tested(11.08), 0)
  assert.equal(tested(11.081), 1)
})

test('own use is known from either fact, and asked for when both are silent', () => {
  assert.equal(declares('partial', null), true)
  assert.equal(declares('partial', false), true)
  assert.equal(declares(null, true), true)
  assert.equal(declares('total', true), true)
  assert.equal(declares('total', null), false)
  assert.equal(declares('total', false), false)
  assert.equal(declares(null, false), false)
  assert.deepEqual(declares(null, null), ['registry.self_consumption'])
})

test('a plant set to the yearly declaration has that one instead', () => {
  const facts = plant({ registry: { adm_periodicity: 'annual' } })
  assert.deepEqual(of('ADM-DICH-S', facts), [])
  assert.deepEqual(
    of('ADM-DICH-A', facts).map((one) => [one.period, one.due_date, one.confidence]),
    [['2026', '2027-03-31', 'low']],
  )
})

test('a total-sale plant is asked how often it declares, since the sources disagree', () => {
  const total = { sale_mode: 'total', self_consumption: false }
  const { missing } = outlook(plant({ registry: total }))
  assert.deepEqual(missing, [{ obligation: 'ADM-DICH-A', fields: ['registry.adm_periodicity'], blocks: true }])
  const [declared] = of('ADM-DICH-S', plant({ registry: { ...total, adm_periodicity: 'semiannual' } }))
  assert.equal(declared?.period, '2026-H2')
  assert.match(declared?.doubts.join(' ') ?? '', /disagree/)
  assert.match(of('ADM-LIC', plant({ registry: total }))[0]?.doubts.join(' ') ?? '', /only if the customs office/)
})

test('half-yearly declarations begin with the first half of 2026', () => {
  const periods = of('ADM-DICH-S', plant(), '2025-01-01', '2027-06-30').map((one) => one.period)
  assert.deepEqual(periods, ['2026-H1', '2026-H2'])
})

test('customs deadlines on a Saturday, Sunday or holiday move to the next working day, others stay', () => {
  const due = (id: string, from: string, to: string) =>
    of(id, plant(), from, to).map((one) => [one.base_date, one.due_date])
  assert.equal(weekday('2028-12-16'), 6)
  assert.deepEqual(due('ADM-LIC', '2028-12-01', '2028-12-31'), [['2028-12-16', '2028-12-18']])
  assert.equal(weekday('2029-12-16'), 0)
  assert.deepEqual(due('ADM-LIC', '2029-12-01', '2029-12-31'), [['2029-12-16', '2029-12-17']])
  assert.equal(weekday('2029-03-31'), 6)
  assert.deepEqual(due('ADM-DICH-S', '2029-03-01', '2029-04-30'), [['2029-03-31', '2029-04-03']])
  assert.deepEqual(due('GSE-FM', '2029-03-01', '2029-04-30'), [['2029-03-31', '2029-03-31']])
  assert.equal(of('GSE-FM', plant(), '2029-03-01', '2029-04-30')[0]?.safe_date, '2029-03-30')
})

test('a shifted deadline also walks over 4 October', () => {
  const rules = OBLIGATION_CATALOGUE.filter((rule) => rule.id === 'ADM-LIC').map((rule): ObligationRule => {
    const dates = [{ period: 'Y' as const, month: 10, day: 2, year_offset: 0 }]
    return { ...rule, recurrence: { kind: 'fixed_dates', dates, first_period_year: null, operating_by: 'base_date' } }
  })
  assert.equal(weekday('2027-10-02'), 6)
  assert.equal(isHoliday('2027-10-04'), true)
  assert.equal(dueObligations(plant(), '2027-10-01', '2027-10-31', rules).due[0]?.due_date, '2027-10-05')
})

test('the window is inclusive and judged by the shifted date', () => {
  assert.equal(of('ADM-LIC', plant(), '2028-12-18', '2028-12-18').length, 1)
  assert.equal(of('ADM-LIC', plant(), '2028-12-16', '2028-12-17').length, 0)
})

test('nothing is declared for halves before the commissioning; its own half counts whole', () => {
  assert.deepEqual(halvesSince('2026-06-30'), ['2026-H1', '2026-H2', '2027-H1'])
  assert.deepEqual(halvesSince('2026-07-01'), ['2026-H2', '2027-H1'])
  assert.deepEqual(halvesSince('2026-11-20'), ['2026-H2', '2027-H1'])
  assert.equal(mixesSince('2026-12-31'), 1)
  assert.equal(mixesSince('2027-01-01'), 0)
  assert.equal(firstFeeSince('2026-12-16'), '2027')
  assert.equal(firstFeeSince('2026-12-17'), '2028')
})

test('without a commissioning date the periods are listed, marked, and the date is asked for', () => {
  const { due, missing } = outlook(plant({ registry: { commissioning_date: null } }))
  const declaration = due.find((one) => one.obligation === 'ADM-DICH-S')
  assert.deepEqual(declaration?.unverified, ['registry.commissioning_date'])
  assert.deepEqual(missing, [
    { obligation: 'ADM-DICH-S', fields: ['registry.commissioning_date'], blocks: false },
    { obligation: 'ADM-LIC', fields: ['registry.commissioning_date'], blocks: false },
    { obligation: 'GSE-FM', fields: ['registry.commissioning_date'], blocks: false },
  ])
})

test('the protection test is counted from the last test, else from the commissioning, else asked for', () => {
  const spi = (change: Record<string, unknown>, from = '2026-11-21', to = '2040-12-31') =>
    of('DSO-SPI', plant({ registry: change }), from, to).map((one) => [one.period, one.due_date, one.unverified])
  assert.deepEqual(spi({}), [['2030-05-02', '2030-05-02', []]])
  assert.deepEqual(spi({ spi_tested_on: null, commissioning_date: '2024-02-29' }), [['2029-02-28', '2029-02-28', []]])
  const { missing } = outlook(plant({ registry: { spi_tested_on: null, commissioning_date: null } }))
  assert.deepEqual(
    missing.find((one) => one.obligation === 'DSO-SPI'),
    { obligation: 'DSO-SPI', fields: ['registry.spi_tested_on', 'registry.commissioning_date'], blocks: true },
  )
})

test('an overdue test stays listed, and is marked when it may only be unrecorded', () => {
  const [recorded] = of('DSO-SPI', plant({ registry: { spi_tested_on: '2021-01-10' } }))
  assert.deepEqual([recorded?.due_date, recorded?.unverified], ['2026-01-10', []])
  const [unrecorded] = of('DSO-SPI', plant({ registry: { spi_tested_on: null } }))
  assert.deepEqual([unrecorded?.due_date, unrecorded?.unverified], ['2025-05-04', ['registry.spi_tested_on']])
})

test('meters are verified after 3, 5 or 15 years by their kind', () => {
  const verified_on = '2024-02-29'
  const meters = ['static', 'electrodynamic', 'direct_lv'].map((kind) => ({ serial: kind, kind, verified_on }))
  const due = of('ADM-TAR', plant({ registry: { meters } }), '2026-11-21', '2040-01-01')
  assert.deepEqual(
    due.map((one) => [one.meter, one.due_date, one.period]),
    [
      ['static', '2027-02-28', 'meter:static:2027-02-28'],
      ['electrodynamic', '2029-02-28', 'meter:electrodynamic:2029-02-28'],
      ['direct_lv', '2039-02-28', 'meter:direct_lv:2039-02-28'],
    ],
  )
})

test('what a meter does not say is asked for, meter by meter', () => {
  const meters = [
    { serial: 'A1', kind: 'static', verified_on: '2024-03-01' },
    { serial: 'A2', kind: 'unheard of', verified_on: '2024-02-30' },
  ]
  const { due, missing } = outlook(plant({ registry: { meters } }))
  assert.equal(due.filter((one) => one.obligation === 'ADM-TAR').length, 1)
  assert.deepEqual(
    missing.map((one) => one.fields),
    [['registry.meters.1.verified_on'], ['registry.meters.1.kind']],
  )
  assert.deepEqual(outlook(plant({ registry: { meters: [] } })).missing, [
    { obligation: 'ADM-TAR', fields: ['registry.meters'], blocks: true },
  ])
})

test('the fuel mix is declared by who injects, unless the regime exempts', () => {
  const mix = (change: Change) => of('GSE-FM', plant(change)).length
  assert.equal(mix({}), 1)
  assert.equal(mix({ registry: { regime: 'SSP' } }), 0)
  assert.equal(mix({ registry: { regime: 'ssp legacy' } }), 0)
  assert.equal(mix({ registry: { regime: 'CIP6' } }), 0)
  assert.equal(mix({ power_kw: 1000, registry: { regime: 'V Conto Energia' } }), 0)
  assert.equal(mix({ power_kw: 1000.1, registry: { regime: 'V Conto Energia' } }), 1)
  assert.equal(mix({ type: 'Wind', registry: { regime: 'V Conto Energia' } }), 1)
  const [unsure] = of('GSE-FM', plant({ registry: { regime: 'Conto Energia' } }))
  assert.match(unsure?.doubts.join(' ') ?? '', /fifth Conto Energia/)
})

test('an empty registry guesses nothing: every duty that may exist is asked about', () => {
  const { due, missing } = outlook({ type: 'Wind', status: 'In Operation', power_kw: 900, registry: null })
  assert.deepEqual(due, [])
  assert.deepEqual(missing, [
    { obligation: 'ADM-DICH-S', fields: ['registry.self_consumption'], blocks: true },
    { obligation: 'ADM-LIC', fields: ['registry.self_consumption'], blocks: true },
    { obligation: 'DSO-SPI', fields: ['registry.spi_tested_on', 'registry.commissioning_date'], blocks: true },
    { obligation: 'ADM-TAR', fields: ['registry.self_consumption'], blocks: true },
    { obligation: 'GSE-FM', fields: ['registry.regime', 'registry.sale_mode'], blocks: true },
  ])
})

test('the identity of a duty does not depend on the window or on the order of the catalogue', () => {
  const whole = listed(plant(), '2026-01-01', '2031-12-31')
  const parts = ['2026', '2027', '2028', '2029', '2030', '2031'].flatMap((year) =>
    listed(plant(), `${year}-01-01`, `${year}-12-31`).filter((line) => line.startsWith(year)),
  )
  assert.deepEqual(parts, whole)
  const reversed = dueObligations(plant(), '2026-01-01', '2031-12-31', OBLIGATION_CATALOGUE.toReversed()).due
  assert.deepEqual(reversed, outlook(plant(), '2026-01-01', '2031-12-31').due)
})
