import assert from 'node:assert/strict'
import { test } from 'node:test'
import { field, optional } from './field.ts'
import { sourceFields } from './source-fields.ts'
import { templateFields } from './template-fields.ts'
import { compose, givenValues, missingFields, problemsOf } from './values.ts'

const one = (type: 'text' | 'number' | 'date' | 'datetime' | 'money' | 'list') => field('a', 'a', 'a', { type })

test('a value fits its field or is named: no control signs, half signs, days that are none, endless lists', () => {
  const right = [
    ...([
      ['text', 'Però\nè così €'],
      ['number', 12.5],
      ['number', '-1234567.25'],
      ['date', '2028-02-29'],
    ] as const),
    ...([
      ['datetime', '2026-11-21T10:00:00+01:00'],
      ['money', { amount: '1.5', currency: 'EUR' }],
      ['list', ['x']],
    ] as const),
  ]
  for (const [type, value] of right) assert.deepEqual(problemsOf(one(type), value), [], JSON.stringify(value))
  const wrong = [
    ...([
      ['text', 'a\u0000b'],
      ['text', '\ud800'],
      ['text', 7],
      ['text', 'x'.repeat(20_001)],
      ['number', '1,5'],
    ] as const),
    ...([
      ['number', Number.POSITIVE_INFINITY],
      ['date', '2027-02-29'],
      ['date', '21/11/2026'],
      ['datetime', '2026-11-21'],
    ] as const),
    ...([
      ['datetime', '2026-11-21T10:00:00Z (x)'],
      ['money', { amount: 1 }],
      ['list', {}],
      ['list', [1]],
      ['list', ['']],
    ] as const),
    ['list', Array.from({ length: 2_001 }, () => 'x')] as const,
  ]
  for (const [type, value] of wrong)
    assert.notDeepEqual(problemsOf(one(type), value), [], JSON.stringify(value).slice(0, 80))
})

test('what is given wins, by dotted names or nested; names of nobody are refused', () => {
  const fields = [
    field('plant.pod', 'POD', 'POD', { source: 'plant.pod' }),
    field('plant.name', 'Impianto', 'Plant', { source: 'plant.name' }),
    optional(field('note', 'Note', 'Note')),
    field('rows', 'Righe', 'Rows', { type: 'list', items: [field('n', 'n', 'n'), optional(field('m', 'm', 'm'))] }),
  ]
  const sources = { plant: { pod: 'IT1', name: null } }
  for (const given of [{ 'plant.pod': 'IT2' }, { plant: { pod: 'IT2' } }]) {
    const { values, problems } = givenValues(given, fields)
    assert.deepEqual(problems, [])
    const composed = compose(fields, values, sources)
    assert.deepEqual(composed.values, { plant: { pod: 'IT2' } })
    assert.deepEqual(composed.filled, [{ name: 'plant.pod', from: 'values' }])
  }
  const strange = {
    plant: { pid: 'x' },
    nobody: 1,
    rows: [{ n: 'x', o: 1 }, 5],
    __proto__: { a: 1 },
    constructor: { prototype: {} },
  }
  const names = givenValues(strange, fields).problems.map((problem) => problem.field)
  assert.deepEqual(names.toSorted(), ['constructor', 'nobody', 'plant.pid', 'rows[0].o', 'rows[1]'])
  const missing = missingFields(fields, { plant: { pod: 'x' }, rows: [{ n: 'x' }, { n: '', m: 'x' }] })
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['plant.name', 'rows[1].n'],
  )
})

test('the fields of a template are those that are declared, known by a source, or needed as they stand', () => {
  const value = (name: string, within: string[] = [], fallback = false) =>
    ({ name, kind: 'value', within, fallback }) as const
  const part = (name: string, within: string[] = []) => ({ name, kind: 'section', within, fallback: false }) as const
  const uses = [
    ...[value('plant.pod'), value('plant.pod', [], true), value('note', ['note']), part('note'), value('free')],
    ...[
      part('batch.inputs.any'),
      part('batch.inputs'),
      value('code', ['batch.inputs']),
      value('free', ['batch.inputs']),
    ],
    ...[part('own'), value('x', ['own']), value('plant.name', ['own']), part('texts'), value('.', ['texts'])],
  ]
  const { fields, problems } = templateFields(uses, [{ name: 'free', type: 'date', label: 'Quando' }])
  assert.deepEqual(problems, [])
  const shown = Object.fromEntries(
    fields.map(({ name, type, required, source }) => [name, `${type} ${required ? 'needed' : 'may miss'} ${source}`]),
  )
  assert.deepEqual(shown, {
    'plant.pod': 'text needed plant.pod',
    note: 'text may miss null',
    free: 'date needed null',
    'batch.inputs': 'list needed batch.inputs',
    own: 'list needed null',
    'plant.name': 'text needed plant.name',
    texts: 'list needed null',
  })
  assert.deepEqual(
    fields.find(({ name }) => name === 'own')!.items!.map(({ name }) => name),
    ['x'],
  )
  assert.equal(fields.find(({ name }) => name === 'texts')!.items, undefined)
  assert.equal(templateFields(uses, [{ name: 'a.constructor' }]).problems.length, 2)
  assert.equal(new Set(sourceFields.map(({ name }) => name)).size, sourceFields.length)
})
