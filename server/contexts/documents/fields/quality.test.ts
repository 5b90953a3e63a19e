/** How good the rules are at what plants' documents say: measured, printed, and held above a floor. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scoresOf, sharesOf } from './category-score.ts'
import { judgeCategory } from './learned-category.ts'
import { draftsOf, findingsOf } from './page-fields.ts'
import { ENGLISH, ENGLISH_HELD_OUT } from './quality-en.fixture.ts'
import { ITALIAN, ITALIAN_HELD_OUT, type Sample } from './quality-it.fixture.ts'
import { tokensOf } from './tokens.ts'

const NOTHING_LEARNED = { examples: new Map<string, number>(), tokens: new Map<string, Map<string, number>>() }

function foundIn({ text, language }: Sample): { fields: string[]; category: string | null } {
  const page = { page: 1, text, confidence: null }
  const findings = findingsOf(draftsOf(page, language), new Map())
  const fields = findings.map(({ kind, role, value }) => `${kind}${role === null ? '' : `:${role}`} ${value}`)
  const verdict = judgeCategory(tokensOf(text), sharesOf(scoresOf([page])), NOTHING_LEARNED)
  return { fields, category: verdict?.category ?? null }
}

type Figures = { precision: number; recall: number; values: number; category: number; wrong: string[] }
const withoutRole = (field: string): string => field.replace(/:\w+/, '')

function measure(samples: readonly Sample[]): Figures {
  let [hits, found, expected, values, categories] = [0, 0, 0, 0, 0]
  const wrong: string[] = []
  for (const sample of samples) {
    const { fields, category } = foundIn(sample)
    const right = fields.filter((field) => sample.fields.includes(field))
    hits += right.length
    found += fields.length
    expected += sample.fields.length
    values += sample.fields.filter((field) => fields.some((one) => withoutRole(one) === withoutRole(field))).length
    if (category === sample.category) categories += 1
    else wrong.push(`${sample.name}: is ${sample.category}, said ${category}`)
    wrong.push(
      ...fields.filter((field) => !sample.fields.includes(field)).map((field) => `${sample.name}: too much: ${field}`),
    )
    wrong.push(
      ...sample.fields.filter((field) => !fields.includes(field)).map((field) => `${sample.name}: missing: ${field}`),
    )
  }
  return {
    precision: hits / found,
    recall: hits / expected,
    values: values / expected,
    category: categories / samples.length,
    wrong,
  }
}

const SETS = [
  { name: 'seen, Italian', samples: ITALIAN, floor: 0.95 },
  { name: 'seen, English', samples: ENGLISH, floor: 0.95 },
  { name: 'held out, both languages', samples: [...ITALIAN_HELD_OUT, ...ENGLISH_HELD_OUT], floor: 0.8 },
]

for (const { name, samples, floor } of SETS) {
  test(`fields and kinds of documents are found: ${name}`, (t) => {
    const { precision, recall, values, category, wrong } = measure(samples)
    const said = Object.entries({ precision, recall, 'recall without roles': values, category })
    t.diagnostic(
      `${samples.length} documents: ${said.map(([what, share]) => `${what} ${share.toFixed(3)}`).join(', ')}`,
    )
    for (const [what, share] of said) assert.ok(share >= floor, `${what} ${share}\n${wrong.join('\n')}`)
  })
}

test('there are forty documents and more, a third of them English', () => {
  const all = SETS.flatMap(({ samples }) => samples)
  assert.ok(all.length >= 40 && all.filter(({ language }) => language === 'en').length >= 13, `${all.length}`)
})
