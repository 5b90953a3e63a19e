import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMountings, checkRegistry } from './registry-check.ts'

test('an empty registry has no findings', () => {
  const nothing = { errors: [], warnings: [] }
  assert.deepEqual(checkRegistry({}), nothing)
  assert.deepEqual(checkRegistry({ pod: null, vat_number: '', tax_code: '  ', meters: [] }), nothing)
})

test('errors and warnings are told apart and name their field', () => {
  const { errors, warnings } = checkRegistry({
    pod: 'IT1',
    gaudi_code: 'X',
    up_code: 'X',
    rup_code: 'x'.repeat(21),
    sapr_code: 'x'.repeat(21),
    adm_license_code: 'X',
    vat_number: '12345678901',
    tax_code: 'RSSMRA85T10A562T',
  })
  assert.deepEqual(
    errors.map((finding) => finding.field),
    ['vat_number', 'tax_code'],
  )
  assert.deepEqual(
    warnings.map((finding) => finding.field),
    ['pod', 'gaudi_code', 'up_code', 'rup_code', 'sapr_code', 'adm_license_code'],
  )
})

const fieldsOf = (constant_k: number) => {
  const { errors, warnings } = checkRegistry({ meters: [{ serial: 'A1', constant_k }] })
  return { errors: errors.map((finding) => finding.field), warnings: warnings.map((finding) => finding.field) }
}

test('a constant K that is not above zero is an error, one the declaration cannot hold a warning', () => {
  for (const constant of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(fieldsOf(constant), { errors: ['meters.0.constant_k'], warnings: [] }, String(constant))
  }
  for (const constant of [1, 0.0001, 1234.5678, 9999999.9999]) {
    assert.deepEqual(fieldsOf(constant), { errors: [], warnings: [] }, String(constant))
  }
  for (const constant of [0.00001, 1e7]) {
    assert.deepEqual(fieldsOf(constant), { errors: [], warnings: ['meters.0.constant_k'] }, String(constant))
  }
})

test('two meters with one serial are noticed', () => {
  const { warnings } = checkRegistry({ meters: [{ serial: 'A1' }, { serial: ' A1 ' }, {}, {}] })
  assert.deepEqual(warnings, [{ field: 'meters.1.serial', message: 'Another meter has the same serial.' }])
})

test('a meter is taken down after it was mounted, and shows no more than its digits', () => {
  const times = { mounted_at: '2026-06-01T10:00:00Z', removed_at: '2026-06-01T12:00:00+02:00' }
  const meters = [
    { ...times, register_digits: 5, register_at_mounting: 99_999, register_at_removal: 100_000 },
    { ...times, removed_at: '2026-06-01T10:00:01Z', register_at_removal: 1e12 },
    {},
  ]
  assert.deepEqual(
    checkMountings(meters).map(({ field }) => field),
    ['meters.0.removed_at', 'meters.0.register_at_removal'],
  )
})
