import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountsIn, readNumber } from './amounts.ts'

test('a number is read as Italians and English write it', () => {
  const golden: [string, string | null, string | null, boolean?][] = [
    ['1.234,56', null, '1234.56'],
    ['1,234.56', null, '1234.56'],
    ['1.234.567', null, '1234567.00'],
    ['1,234,567', null, '1234567.00'],
    ['12,5', 'it', '12.50'],
    ['12.5', 'it', '12.50'],
    ['0,12345', 'it', '0.12345'],
    ['0.125', 'it', '0.125'],
    ['1.234', 'it', '1234.00', false],
    ['1.234', 'en', '1.234', false],
    ['1,234', 'en', '1234.00', false],
    ['1,234', 'it', '1.234', false],
    ["1'234.50", null, '1234.50'],
    ['1\u00a0234,50', 'it', '1234.50'],
    ['-12,00', 'it', '-12.00'],
    ['007,10', 'it', '7.10'],
    ['1.23.456', 'it', null],
    ['1.234,567.8', 'it', null],
    ['12345,678.9', 'it', null],
  ]
  for (const [text, language, value, sure = true] of golden) {
    assert.deepEqual(readNumber(text, language), value === null ? null : { value, sure }, text)
  }
})

const read = (text: string, language: string | null = 'it'): string[] =>
  amountsIn(text, language).map(({ value, rule, role }) => [value, rule.slice(7), role].filter(Boolean).join(' '))

test('an amount has a currency beside it, before or behind, or is written as money behind a word for it', () => {
  assert.deepEqual(read('Totale € 1.220,00'), ['1220.00 currency'])
  assert.deepEqual(read('Totale 1.220,00 €'), ['1220.00 currency'])
  assert.deepEqual(read('EUR 1,220.00 due', 'en'), ['1220.00 currency'])
  assert.deepEqual(read('euro 15.000'), ['15000.00 either_separator'])
  assert.deepEqual(read('Imponibile 100,00 € IVA 22,00 € Totale 122,00 €'), [
    '100.00 currency',
    '22.00 currency',
    '122.00 currency',
  ])
  assert.deepEqual(read('Imponibile € 100,00 IVA € 22,00'), ['100.00 currency', '22.00 currency'])
  assert.deepEqual(read('n. 5 € 100,00'), ['100.00 currency'])
  assert.deepEqual(read('prezzo 47,50 €/MWh'), ['47.50 currency unit_price'])
  assert.deepEqual(read('€/kWh 0,1234'), ['0.1234 currency unit_price'])
  assert.deepEqual(read('Totale fattura: 1.220,00'), ['1220.00 named'])
  for (const text of [
    'potenza 12,50 kW',
    'IVA 22,00%',
    'totale 12,50 kWh',
    'quota 3.14',
    'Europa 2027',
    '5 europei',
    'versione 1.2.3 €uro',
  ]) {
    assert.deepEqual(read(text), [], text)
  }
})
