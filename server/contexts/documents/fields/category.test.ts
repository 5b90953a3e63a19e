import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATEGORIES } from './categories.ts'
import { NONE_SCORE, scoresOf, sharesOf } from './category-score.ts'
import { judgeCategory, type Learned } from './learned-category.ts'
import { namesIn } from './plant-names.ts'
import { placesOfWords, tokensOf } from './tokens.ts'

const page = (text: string) => [{ page: 1, text, confidence: null }]
const NOTHING: Learned = { examples: new Map(), tokens: new Map() }

test('every kind has its own code, both languages, and is told by either title at its head', () => {
  assert.equal(new Set(CATEGORIES.map(({ code }) => code)).size, CATEGORIES.length)
  const ofTitle = (title: string) => judgeCategory(tokensOf(title), sharesOf(scoresOf(page(title))), NOTHING)?.category
  const missed = CATEGORIES.flatMap(({ code, it, en }) => [it, en].map((title) => ({ code, title }))).filter(
    ({ code, title }) => ofTitle(title) !== code,
  )
  // Words of one kind of document, or of a group of them, that stand in many others: alone they say nothing.
  assert.deepEqual(
    missed.map(({ title }) => title),
    ['Fattura', 'Invoice', 'Manuale', 'Manual', 'Lease', 'Titolo autorizzativo', 'Permit', 'Offerta'],
  )
})

test('what fits many documents says nothing of one', () => {
  for (const text of ['Si allega la fattura.', 'Il tecnico paga il canone con IBAN.', '']) {
    assert.equal(judgeCategory(tokensOf(text), sharesOf(scoresOf(page(text))), NOTHING), null, text)
  }
  assert.deepEqual([...sharesOf([])], [['', 1]])
  assert.ok(NONE_SCORE < 4, 'a title outweighs it')
})

/** Counts as the database keeps them. */
function learned(examples: readonly (readonly [category: string, text: string])[]): Learned {
  const [counts, tokens] = [new Map<string, number>(), new Map<string, Map<string, number>>()]
  for (const [category, text] of examples) {
    counts.set(category, (counts.get(category) ?? 0) + 1)
    const words = tokens.get(category) ?? new Map<string, number>()
    for (const word of tokensOf(text)) words.set(word, (words.get(word) ?? 0) + 1)
    tokens.set(category, words)
  }
  return { examples: counts, tokens }
}
const SHEET = (n: number, more: string) =>
  `Foglio turno mungitura ${n}: capi munti, litri, temperatura vasca, addetto ${more}`

const IRRIGATION = 'bolletta consorzio irriguo, quota associativa, ettari serviti, turno bocchetta, fondo agricolo'

test('five examples teach a kind that no rule knows, and one does not', () => {
  const people = ['Anna', 'Bruno', 'Carla', 'Dario', 'Elsa']
  const five = learned(people.map((one, n) => ['mungitura', SHEET(n, one)] as const))
  const judge = (text: string, known: Learned) => judgeCategory(tokensOf(text), sharesOf(scoresOf(page(text))), known)
  const sixth = judge(SHEET(6, 'Franco'), five)
  assert.deepEqual([sixth?.category, sixth?.by], ['mungitura', 'learned'])
  assert.ok(sixth!.words.includes('munti') || sixth!.words.includes('mungitura'), sixth!.words.join())
  assert.equal(judge(SHEET(6, 'Franco'), learned([['mungitura', SHEET(1, 'Anna')]])), null)
  assert.equal(judge('Verbale di riunione del consiglio sul cancello nuovo', five), null)
  assert.equal(judge('FATTURA n. 12 totale fattura, imponibile e IVA 22%', five)?.category, 'invoice')
  // What the rules call something else becomes the company's own kind, if it says so often enough.
  const renamed = learned(people.map((one) => ['nostra fattura', `FATTURA n. 1 ${IRRIGATION} ${one}`] as const))
  assert.equal(judge(`FATTURA n. 2 ${IRRIGATION} Gino`, renamed)?.category, 'nostra fattura')
  // And refusals teach too: what is none of the kinds.
  const refused = learned(people.map((one) => ['', `FATTURA n. 1 ${IRRIGATION} ${one}`] as const))
  assert.equal(judge(`FATTURA n. 2 ${IRRIGATION} Gino`, refused), null)
})

test('words are without accents and without the common ones; their places are those in the text', () => {
  assert.deepEqual(tokensOf('La Qualità della qualita’, and the PERCHÉ 123 ab c'), ['qualita', 'perche'])
  const text = 'Vasca e\nqualità'
  assert.deepEqual(
    placesOfWords(page(text), ['qualita', 'vasca', 'mai']).map(({ start, length }) =>
      text.slice(start, start + length),
    ),
    ['Vasca', 'qualità'],
  )
  assert.equal(tokensOf('parola'.repeat(50_000)).length, 0)
})

test('runs of words that could be names', () => {
  const names = [...namesIn(page('Impianto «Serra Nuova», cod. COLLE-1.')).keys()]
  for (const name of ['serra nuova', 'colle-1', 'impianto', 'impianto «serra nuova'])
    assert.ok(names.includes(name), name)
  for (const name of ['serra', 'cod', 'nuova»']) assert.equal(names.includes(name) && name !== 'serra', false, name)
  const began = performance.now()
  assert.ok(namesIn(page('Aa '.repeat(20_000))).size < 20)
  assert.ok(namesIn(page('('.repeat(50_000))).size === 0)
  assert.ok(performance.now() - began < 3_000)
})
