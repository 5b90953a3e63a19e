import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterProblem, formatted } from './filters.ts'
import { parseTag, valueAt } from './tag.ts'

const shown = (value: unknown, tag: string, language: 'it' | 'en', timeZone = 'Europe/Rome'): string =>
  formatted(value, parseTag(`x${tag}`)!.filters, { language, timeZone }).replaceAll('\u00a0', ' ')

test('dates, numbers, money and units are written as each language writes them', () => {
  const table: [value: unknown, tag: string, it: string, en: string][] = [
    ['2026-11-21', '| date', '21/11/2026', '21/11/2026'],
    ['2026-11-21', '| date long', '21 novembre 2026', '21 November 2026'],
    ['2026-05-01', '| date long', '1º maggio 2026', '1 May 2026'],
    // Half past midnight in Rome is the day before in UTC.
    ['2026-10-24T22:30:00Z', '| date', '25/10/2026', '25/10/2026'],
    ['2026-10-24T22:30:00Z', '| datetime', '25/10/2026 00:30', '25/10/2026 00:30'],
    ['2026-10-25T01:30:00Z', '| time', '02:30', '02:30'],
    [1234.5, '', '1.234,5', '1,234.5'],
    [1234.5, '| number 2', '1.234,50', '1,234.50'],
    [-0.125, '| number', '-0,125', '-0.125'],
    ['12345678901234.123456', '| number 6', '12.345.678.901.234,123456', '12,345,678,901,234.123456'],
    [12345, '| unit kWh', '12.345 kWh', '12,345 kWh'],
    [998.4, '| unit kW 1', '998,4 kW', '998.4 kW'],
    [0.98375, '| percent 1', '98,4 %', '98.4%'],
    [{ amount: '1234.5', currency: 'EUR' }, '| money', '1.234,50 €', '€1,234.50'],
    [{ amount: 0.985, currency: 'EUR' }, '| money 4', '0,9850 €', '€0.9850'],
    [1234.5, '| money USD', '1.234,50 USD', 'US$1,234.50'],
    [true, '', 'sì', 'yes'],
    [false, '| checkbox', '☐', '☐'],
    ['held', '| checkbox held', '☒', '☒'],
    ['Però', '| upper', 'PERÒ', 'PERÒ'],
  ]
  for (const [value, tag, it, en] of table) {
    assert.equal(shown(value, tag, 'it'), it)
    assert.equal(shown(value, tag, 'en'), en)
  }
})

test('what is no date or number is refused, never printed', () => {
  for (const [value, tag] of [
    ['2026-02-31x', '| date'],
    ['2026-13-01', '| date long'],
    ['ieri', '| datetime'],
    ['12,5', '| number'],
    [Number.NaN, ''],
    [{ amount: 1 }, '| money'],
    [['a'], ''],
    [{}, ''],
  ] as const)
    assert.throws(() => shown(value, tag, 'it'), RangeError, JSON.stringify(value))
})

test('a tag is a path and filters: nothing else is understood', () => {
  assert.deepEqual(parseTag('plant.pod | or — | upper'), {
    path: ['plant', 'pod'],
    filters: [
      { name: 'or', argument: '—' },
      { name: 'upper', argument: null },
    ],
  })
  const wrong = [
    'constructor',
    'a.constructor.b',
    '__proto__',
    'a.__proto__',
    'a[0]',
    'a()',
    'a + b',
    '1',
    'A',
    'a..b',
    '',
    'a | 1x',
    'a?.b',
    '`a`',
  ]
  for (const text of wrong) assert.equal(parseTag(text), null, text)
  assert.match(filterProblem({ name: 'toString', argument: null })!, /there is no filter toString/)
  assert.match(filterProblem({ name: 'number', argument: '99' })!, /cannot take/)
})

test('a value is an own property of plain data, or nothing', () => {
  const tree = { a: { b: 1 }, list: [1, 2] }
  assert.equal(valueAt(tree, ['a', 'b']), 1)
  for (const path of [
    ['a', 'tostring'],
    ['valueof'],
    ['a', 'b', 'length'],
    ['list', 'length'],
    ['list', 'map'],
    ['hasOwnProperty'],
  ])
    assert.equal(valueAt(tree, path), undefined, path.join('.'))
  assert.deepEqual([valueAt(tree, ['list', 'any']), valueAt(tree, ['list', 'count'])], [true, 2])
})
