import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldOf, guarded, numberOf, readRow } from './plant-table.ts'

test('headings are understood in English and Italian', () => {
  assert.equal(fieldOf('power_kw'), 'power_kw')
  assert.equal(fieldOf(' Potenza kW '), 'power_kw')
  assert.equal(fieldOf('Località'), 'location')
  assert.equal(fieldOf('tenant_id'), null)
  assert.equal(fieldOf('constructor'), null)
})

test('numbers are read with a point or a comma, and never guessed', () => {
  assert.equal(numberOf('998.4', false), 998.4)
  assert.equal(numberOf('998,4', true), 998.4)
  assert.equal(numberOf('1.234,5', true), 1234.5)
  assert.equal(numberOf('1,234.5', false), 1234.5)
  assert.equal(numberOf('1.234', false), 1.234)
  assert.equal(numberOf('1,234', true), 1.234)
  assert.equal(numberOf('1.234', true), null)
  assert.equal(numberOf('1,234', false), null)
  for (const text of ['', 'x', '1e3', '0x10', '1,2,3', '--1']) assert.ok(Number.isNaN(numberOf(text, false)), text)
  const { said } = readRow(['latitude', 'longitude'], ['45.123', '9,123'], true)
  assert.deepEqual(said, { latitude: 45.123, longitude: 9.123 })
})

test('what looks like a formula is guarded, and comes back as it was', () => {
  for (const text of ['=1+1', '+39 059', '-x', '@SUM(A1)', '\tx', "'=1", "''+1", 'plain', "'plain", '', "don't"]) {
    const back = readRow(['name'], [guarded(text)], false).said.name
    if (text.trim() !== '') assert.equal(back, text)
    assert.ok(!/^[=+\-@\t\r]/.test(guarded(text)), text)
  }
})

test('a row says what it holds, and names what is wrong', () => {
  const { said, problems } = readRow(
    ['name', 'type', 'status', 'tags', 'country', 'notes'],
    ['A', 'fotovoltaico', 'IN ESERCIZIO', 'a| b |a', '', ''],
    true,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(said, {
    ...{ name: 'A', type: 'Photovoltaic', status: 'In Operation', tags: ['a', 'b'], notes: null },
  })
  const wrong = readRow(['name', 'type', 'power_kw', 'latitude'], ['', 'Nuclear', 'many', '100'], false)
  assert.deepEqual(wrong.problems.map(({ field }) => field).toSorted(), ['latitude', 'name', 'power_kw', 'type'])
})
