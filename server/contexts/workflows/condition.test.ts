import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate, factAt, type Condition } from './condition.ts'

const facts = { type: ' Photovoltaic ', power_kw: 20, registry: { pod: '', regime: 'V Conto Energia', own: false } }

const holds = (condition: Condition) => evaluate(condition, facts).holds

test('comparisons with a known fact are true or false', () => {
  assert.equal(holds({ field: 'type', op: 'eq', value: 'photovoltaic' }), true)
  assert.equal(holds({ field: 'type', op: 'ne', value: 'Wind' }), true)
  assert.equal(holds({ field: 'type', op: 'in', value: ['Wind', 'PHOTOVOLTAIC'] }), true)
  assert.equal(holds({ field: 'registry.regime', op: 'contains', value: 'conto energia' }), true)
  assert.equal(holds({ field: 'registry.own', op: 'eq', value: false }), true)
  const order = (['gt', 'gte', 'lt', 'lte'] as const).map((op) => holds({ field: 'power_kw', op, value: 20 }))
  assert.deepEqual(order, [false, true, false, true])
  assert.equal(holds({ field: 'type', op: 'gt', value: 1 }), false)
})

test('blank, null and absent facts are not known', () => {
  assert.equal(factAt(facts, 'registry.pod'), undefined)
  assert.equal(factAt({ a: null }, 'a.b'), undefined)
  assert.equal(factAt(facts, 'constructor.name'), undefined)
  assert.deepEqual(evaluate({ field: 'registry.pod', op: 'eq', value: 'x' }, facts), {
    holds: null,
    missing: ['registry.pod'],
  })
  assert.equal(holds({ field: 'registry.pod', op: 'absent' }), true)
  assert.equal(holds({ field: 'registry.own', op: 'present' }), true)
})

test('one settled branch decides, whatever else is unknown', () => {
  const unknown: Condition = { field: 'x', op: 'eq', value: 1 }
  const yes: Condition = { field: 'power_kw', op: 'eq', value: 20 }
  const no: Condition = { not: yes }
  assert.equal(holds({ all: [unknown, no] }), false)
  assert.equal(holds({ any: [unknown, yes] }), true)
  assert.equal(holds({ all: [unknown, yes] }), null)
  assert.equal(holds({ any: [unknown, no] }), null)
  assert.equal(holds({ not: unknown }), null)
  assert.equal(holds({ all: [] }), true)
  assert.equal(holds({ any: [] }), false)
  const two: Condition = { all: [unknown, { field: 'a', op: 'gt', value: 1 }, unknown] }
  assert.deepEqual(evaluate(two, facts).missing, ['a', 'x'])
})
