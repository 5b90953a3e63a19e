import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPlace, isTimeZone } from './place.ts'

const italy = (province: string | null, region: string | null) => checkPlace({ country: 'IT', province, region })

test('an Italian place gets its official spelling', () => {
  assert.deepEqual(italy('mo', 'emilia romagna'), { province: 'MO', region: 'Emilia-Romagna', problems: [] })
  assert.deepEqual(italy('Lecce', 'Apulia'), { province: 'LE', region: 'Puglia', problems: [] })
  assert.deepEqual(italy(null, null), { province: null, region: null, problems: [] })
  // Of the Sardinian provinces that came and went nothing is certainly wrong.
  assert.deepEqual(italy('SU', 'Sardegna').problems, [])
  assert.deepEqual(italy('OG', 'Sardinia').problems, [])
})

test('what is certainly wrong is named, field by field', () => {
  const fields = (province: string, region: string) => italy(province, region).problems.map(({ field }) => field)
  assert.deepEqual(fields('ZZ', 'Atlantide'), ['province', 'region'])
  assert.deepEqual(fields('LE', 'Lombardia'), ['region'])
})

test('a place abroad is taken as it is', () => {
  const abroad = { country: 'ES', province: 'Badajoz', region: 'Extremadura' }
  assert.deepEqual(checkPlace(abroad), { province: 'Badajoz', region: 'Extremadura', problems: [] })
})

test('a time zone is one of the IANA database', () => {
  for (const zone of ['Europe/Rome', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'])
    assert.ok(isTimeZone(zone), zone)
  for (const zone of ['+01:00', 'Europe/Atlantis', '', 'CEST/../x', "Europe/Rome'"]) assert.ok(!isTimeZone(zone), zone)
})
