import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ITALIAN_PROVINCES, isProvince, provinceOn, regionOfProvince } from './italian-provinces.ts'
import { ITALIAN_REGIONS, regionByName } from './italian-regions.ts'

const on = (day: string) => ITALIAN_PROVINCES.filter((row) => provinceOn(row.sigla, day) === row)

test('there are 107 provinces until the end of 2025 and 110 from 2026', () => {
  assert.equal(on('2025-12-31').length, 107)
  assert.equal(on('2026-01-01').length, 110)
})

test('on no day do two provinces share a sigla or a code', () => {
  for (const day of ['2025-12-31', '2026-01-01']) {
    const rows = on(day)
    assert.equal(new Set(rows.map((row) => row.sigla)).size, rows.length)
    assert.equal(new Set(rows.map((row) => row.istat_code)).size, rows.length)
  }
})

test('every province lies in one of twenty regions, and every region has one', () => {
  assert.equal(ITALIAN_REGIONS.length, 20)
  assert.deepEqual(
    [...new Set(ITALIAN_PROVINCES.map((row) => row.region))].toSorted(),
    ITALIAN_REGIONS.map((region) => region.istat_code),
  )
})

test('Sud Sardegna ends with 2025 and its successors begin with 2026', () => {
  assert.equal(regionOfProvince('SU', '2025-12-31')?.name, 'Sardegna')
  assert.equal(regionOfProvince('SU', '2026-01-01'), null)
  assert.equal(regionOfProvince('OT', '2025-12-31'), null)
  assert.equal(regionOfProvince('OT', '2026-01-01')?.market_zone, 'SARD')
  assert.equal(provinceOn('CA', '2025-06-01')?.istat_code, '092')
  assert.equal(provinceOn('CA', '2026-06-01')?.istat_code, '118')
})

test('what no official source confirmed says so', () => {
  const doubtful = ITALIAN_PROVINCES.filter((row) => row.sigla_certainty !== 'certain').map((row) => row.sigla)
  assert.deepEqual(doubtful.toSorted(), ['CI', 'OG', 'OT', 'VS'])
  assert.ok(on('2026-01-01').every((row) => row.region !== '20' || row.code_certainty === 'reported'))
})

test('sigle and region names are found whatever their spelling', () => {
  assert.equal(isProvince(' rm '), true)
  assert.equal(isProvince('XX'), false)
  assert.equal(isProvince('SU', '2026-01-01'), false)
  assert.equal(regionOfProvince('to', '2026-11-21')?.name, 'Piemonte')
  assert.equal(regionByName('VALLE D’AOSTA')?.istat_code, '02')
  assert.equal(regionByName('Friuli Venezia Giulia')?.market_zone, 'NORD')
  assert.equal(regionByName("Valle d'Aosta/Vallée d'Aoste")?.istat_code, '02')
  assert.equal(regionByName('Atlantis'), null)
})
