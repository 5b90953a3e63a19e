import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant } from '#test/harness.ts'
import { LIBRARY, QUESTIONS } from './quality.fixture.ts'
import { idsOf, search, written } from './search.fixture.ts'

/** The set is small: one question is two hundredths. */
const FLOORS = { 'all, of 5': 0.9, 'same words, of 5': 0.97, 'same words, first': 0.9, 'other words, of 5': 0.55 }

// Of meanings nothing is asserted: the stand-in of the tests knows none, and no model can be had here.
test(`of ${QUESTIONS.length} questions over ${Object.keys(LIBRARY).length} documents, words alone find the answer`, async (t) => {
  assert.ok(QUESTIONS.length >= 30 && Object.keys(LIBRARY).length >= 40)
  const tenant = await newTenant()
  const ids = new Map<string, string>()
  for (const [key, text] of Object.entries(LIBRARY)) ids.set((await written(tenant, { text, name: key })).id, key)
  const results = await Promise.all(
    QUESTIONS.map(async ({ q, answer, other }) => {
      const found = idsOf(await search(tenant.admin, q, { limit: 5, per_document: 1 })).map((id) => ids.get(id)!)
      return { q, answer, other: other === true, place: found.indexOf(answer), found }
    }),
  )
  const share = (of: typeof results, within: number): number =>
    of.filter(({ place }) => place >= 0 && place < within).length / of.length
  const [same, others] = [results.filter(({ other }) => !other), results.filter(({ other }) => other)]
  const figures = {
    'all, of 5': share(results, 5),
    'same words, of 5': share(same, 5),
    'same words, first': share(same, 1),
    'other words, of 5': share(others, 5),
  }
  t.diagnostic(`recall by keyword: ${JSON.stringify(figures)}`)
  for (const { q, answer, found, place } of results)
    if (place < 0 || place > 4) t.diagnostic(`missed: ${q} → ${answer}, found ${found.join(', ')}`)
  for (const [name, floor] of Object.entries(FLOORS))
    assert.ok(figures[name as keyof typeof figures] >= floor, `${name}: ${JSON.stringify(figures)}`)
})
