import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchable, searchTextOf } from './searchable.ts'

test('accents, case and punctuation do not count', () => {
  assert.equal(searchable('  Carpì – PV-MO/001 '), 'carpi pv mo 001')
  assert.equal(searchable("L'Aquila"), 'l aquila')
  assert.equal(searchable('%_\\'), '')
})

test('a plant is found by its names, codes, place and tags; what is not known leaves no trace', () => {
  const nowhere = { municipality: null, location: null, address: null, province: null, region: null }
  assert.equal(searchTextOf({ name: 'Tetto', code: 'A-1', ...nowhere, tags: ['Ground'] }), 'tetto a 1 ground')
})
