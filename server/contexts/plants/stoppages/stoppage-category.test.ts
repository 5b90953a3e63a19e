import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isExcluded, STOPPAGE_CATEGORIES, stoppageCategories } from './stoppage-category.ts'

test('the page of the figures has the table of categories as the code has it', () => {
  const page = readFileSync(new URL('../../../../docs/plant-performance.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (yes|no) \| (.+) \| (.+) \|$/gm)].map((match) => match.slice(1, 5))
  assert.deepEqual(
    rows,
    stoppageCategories.map((name) => {
      const { excluded, state, iec_61400_26 } = STOPPAGE_CATEGORIES[name]
      return [name, excluded ? 'yes' : 'no', state, iec_61400_26]
    }),
  )
})

test('what is not the plant’s own doing is left out by contracts, what nobody declared is not', () => {
  for (const name of stoppageCategories) {
    if (STOPPAGE_CATEGORIES[name].state === 'externally disabled') assert.equal(isExcluded(name), true, name)
  }
  assert.equal(isExcluded('own_failure'), false)
  assert.equal(isExcluded('undeclared'), false)
})
