import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOf } from './language.ts'

test('Italian and English are told apart by their small words', () => {
  assert.equal(
    languageOf('Si comunica che la pratica è stata accolta ai sensi della delibera, con effetto dal 5 marzo.'),
    'it',
  )
  assert.equal(
    languageOf('The plant shall be connected to the grid by the end of the month, as agreed with the operator.'),
    'en',
  )
})

test('figures, a few words and other languages are neither', () => {
  for (const text of [
    '',
    '12;34;56\n7;8;9',
    'Forlì 2.500 kWh',
    'Der Betreiber teilt mit, dass die Anlage am Netz ist und Strom liefert.',
  ])
    assert.equal(languageOf(text), null, text)
})
