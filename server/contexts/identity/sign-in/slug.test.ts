import assert from 'node:assert/strict'
import test from 'node:test'
import { slugOf } from './slug.ts'

test('a company’s name gives a short name that the database takes', () => {
  assert.equal(slugOf('Solare Lombardia S.r.l.'), 'solare-lombardia-srl')
  assert.equal(slugOf('Società Agricola «Il Fosso» & Figli'), 'societa-agricola-il-fosso-figli')
  assert.equal(slugOf('L’Officina dell’Energia'), 'lofficina-dellenergia')
  for (const name of ['X', '***', '日本', 'a'.repeat(300), 'ab '.repeat(40), '-a-'])
    assert.match(slugOf(name), /^[a-z0-9][a-z0-9-]{1,62}$/)
})
