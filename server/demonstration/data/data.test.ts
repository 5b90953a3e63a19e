import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import foodPlants from './food-plants.json' with { type: 'json' }
import plants from './plants.json' with { type: 'json' }
import tenants from './tenants.json' with { type: 'json' }
import users from './users.json' with { type: 'json' }

/** Provinces of each region as ISTAT lists them, the sigle in force in 2025. */
const provincesOf: Record<string, string> = {
  Piemonte: 'TO VC NO CN AT AL BI VB',
  "Valle d'Aosta": 'AO',
  Lombardia: 'VA CO SO MI BG BS PV CR MN LC LO MB',
  'Trentino-Alto Adige': 'BZ TN',
  Veneto: 'VR VI BL TV VE PD RO',
  'Friuli-Venezia Giulia': 'UD GO TS PN',
  Liguria: 'IM SV GE SP',
  'Emilia-Romagna': 'PC PR RE MO BO FE RA FC RN',
  Toscana: 'MS LU PT FI LI PI AR SI GR PO',
  Umbria: 'PG TR',
  Marche: 'PU AN MC AP FM',
  Lazio: 'VT RI RM LT FR',
  Abruzzo: 'AQ TE PE CH',
  Molise: 'CB IS',
  Campania: 'CE BN NA AV SA',
  Puglia: 'FG BA TA BR LE BT',
  Basilicata: 'PZ MT',
  Calabria: 'CS CZ RC KR VV',
  Sicilia: 'TP PA ME AG CL EN CT RG SR',
  Sardegna: 'SS NU CA OR SU',
}

const italian = plants.filter((plant) => plant.country === 'IT')
const everyPlant = [...plants, ...foodPlants]

const countBy = (values: readonly string[]) => {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const assertUnique = (what: string, values: readonly (string | null)[]) => {
  const present = values.filter((value) => value !== null)
  assert.ok(present.length > 0, `${what}: nothing seen`)
  assert.deepEqual(
    Object.entries(countBy(present)).filter(([, count]) => count > 1),
    [],
    what,
  )
}

const assertPattern = (value: string | null, pattern: RegExp) =>
  assert.ok(value === null || pattern.test(value), `${value}`)

const isVatNumber = (text: string) => {
  if (!/^\d{11}$/.test(text)) return false
  let sum = 0
  for (const [place, digit] of Array.from(text, Number).entries()) {
    const weighed = place % 2 === 0 ? digit : digit * 2
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}

test('the portfolio has sixty Italian plants of all five types, and one measured plant', () => {
  assert.deepEqual(countBy(italian.map((plant) => plant.type)), {
    Photovoltaic: 32,
    Wind: 8,
    Hydroelectric: 9,
    Biomass: 7,
    Geothermal: 4,
  })
  assert.deepEqual(
    plants.filter((plant) => plant.country !== 'IT').map((plant) => plant.code),
    ['PV-NREL-SERF-W'],
  )
  assert.deepEqual(countBy(plants.map((plant) => plant.status)), {
    'In Operation': 53,
    'In Authorization': 3,
    'Under Construction': 3,
    Decommissioned: 2,
  })
})

test('codes and identifiers are unique', () => {
  const codes = everyPlant.map((plant) => plant.code)
  assertUnique('code', codes)
  const registries = everyPlant.map((plant) => plant.registry)
  for (const key of ['pod', 'gaudi_code', 'up_code', 'rup_code', 'sapr_code', 'adm_license_code'] as const) {
    const identifiers = registries.map((registry) => registry[key])
    assertUnique(key, identifiers)
  }
  const meters = registries.flatMap((registry) => registry.meters as { serial: string }[])
  const serials = meters.map((meter) => meter.serial)
  assertUnique('meter', serials)
})

test('identifiers keep their pattern', () => {
  for (const { province, registry } of [...italian, ...foodPlants]) {
    assertPattern(registry.pod, /^IT\d{3}E\d{8}$/)
    assertPattern(registry.gaudi_code, /^IM_[0-9A-Z]{7}$/)
    assertPattern(registry.adm_license_code, new RegExp(`^${province}E\\d{5}[A-Z]$`))
    for (const code of [registry.up_code, registry.rup_code, registry.sapr_code]) {
      assertPattern(code, /^[A-Z0-9_]{1,20}$/)
    }
  }
})

test('VAT numbers have a valid checksum and one owner each', () => {
  assert.deepEqual(['00743110157', '05724831002', '12345678901'].map(isVatNumber), [true, true, false])
  const owners = new Map<string, string>()
  for (const { code, registry } of [...italian, ...foodPlants]) {
    const { vat_number: vatNumber, owner_name: owner } = registry
    assert.ok(vatNumber !== null && owner !== null && isVatNumber(vatNumber), code)
    assert.equal(registry.tax_code, vatNumber, code)
    assert.equal(owners.get(vatNumber) ?? owner, owner, code)
    owners.set(vatNumber, owner)
  }
  assert.equal(new Set(owners.values()).size, owners.size)
})

test('provinces and regions are those of ISTAT, and all twenty regions are there', () => {
  for (const { code, province, region } of [...italian, ...foodPlants]) {
    const provinces = provincesOf[region ?? '']?.split(' ') ?? []
    assert.ok(province !== null && provinces.includes(province), `${code}: ${province}, ${region}`)
  }
  assert.deepEqual(new Set(italian.map((plant) => plant.region)), new Set(Object.keys(provincesOf)))
})

test('Italian plants lie in Italy', () => {
  for (const { code, latitude, longitude } of [...italian, ...foodPlants]) {
    assert.ok(latitude >= 35.4 && latitude <= 47.1 && longitude >= 6.6 && longitude <= 18.6, code)
  }
})

test('sections add up to the power of the plant', () => {
  for (const { code, power_kw: power, registry } of plants) {
    const sum = registry.sections.reduce((total, section) => total + section.power_kw, 0)
    assert.ok(Math.abs(sum - power) < 0.001, `${code}: ${sum}, ${power}`)
  }
})

test('a plant has a commissioning date and meters once it runs, not before', () => {
  for (const { code, status, registry } of italian) {
    const hasRun = status === 'In Operation' || status === 'Decommissioned'
    assert.equal(registry.commissioning_date !== null, hasRun, code)
    assert.equal(registry.meters.length > 0, hasRun, code)
  }
})

test('above 20 kW own consumption has a licence, up to 20 kW nobody has', () => {
  for (const { code, power_kw: power, registry } of italian) {
    if (power <= 20) assert.equal(registry.adm_license_code, null, code)
    else if (registry.self_consumption && registry.commissioning_date) assert.ok(registry.adm_license_code, code)
    assert.equal(registry.sale_mode, registry.self_consumption ? 'partial' : 'total', code)
    assert.equal(registry.adm_periodicity, registry.self_consumption ? 'semiannual' : 'annual', code)
  }
})

test('each tenant has one person per role, and scopes name plants of the tenant', () => {
  const codesOf: Record<string, string[]> = {
    demo: plants.map((plant) => plant.code),
    pasta: foodPlants.map((plant) => plant.code),
  }
  assert.deepEqual(
    tenants.map((tenant) => tenant.slug),
    Object.keys(codesOf),
  )
  const emails = users.map((user) => user.email)
  assertUnique('email', emails)
  for (const { slug } of tenants) {
    const people = users.filter((user) => user.tenant === slug)
    const roles = people.map((user) => user.role)
    assert.deepEqual(roles, ['Admin', 'Asset Manager', 'Plant Owner', 'Operator', 'Viewer'])
    for (const { email, plant_scope: scope } of people) {
      if (typeof scope === 'string') assert.equal(scope, 'all', email)
      else assert.ok(scope.length > 0 && scope.every((code) => codesOf[slug]?.includes(code)), email)
    }
  }
})

test('the measured series is whole', () => {
  const text = readFileSync(new URL('serf_west_15min.csv', import.meta.url), 'utf8')
  const lines = text.trim().split('\n')
  assert.equal(lines.length, 481)
  assert.equal(new Set(lines.map((line) => line.split(',').length)).size, 1)
})
