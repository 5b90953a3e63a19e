import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capabilityOf, type Sample } from './capability.ts'

const near = (value: number | null, expected: number): void =>
  assert.ok(value !== null && Math.abs(value - expected) < 5e-7, `${value} is not ${expected}`)
/** One batch’s measurements. */
function sample(values: readonly number[]): Sample {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { n: values.length, mean, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) }
}
const reasons = (of: ReturnType<typeof capabilityOf>): string[] => of.exclusions.map(({ reason }) => reason)

test('Cm and Cmk of one batch, by hand', () => {
  // Mean 75, Σ(x − 75)² = 4 + 1 + 0 + 1 + 4 = 10, s = √(10/4) = 1.5811388; limits 72 and 85.
  const got = capabilityOf([sample([73, 74, 75, 76, 77])], { min: 72, max: 85 })
  assert.deepEqual([got.n, got.batches, got.mean], [5, 1, 75])
  near(got.s, 1.581139)
  near(got.cm, 13 / (6 * 1.5811388300841898))
  near(got.cm, 1.37032)
  near(got.cmk, 0.632456) // min(10, 3) / (3 · 1.5811388)
  // Of one batch ŝ is s.
  assert.deepEqual([got.cp, got.cpk], [got.cm, got.cmk])
  assert.deepEqual(reasons(got), ['small_sample'])
})

test('Cp and Cpk of several batches: the deviation is pooled, and no machine index is given', () => {
  // Batches 10, 12 (Σ 2) and 20, 22, 24 (Σ 8): ŝ = √(10 / 3) = 1.8257419; mean 17.6.
  const got = capabilityOf([sample([10, 12]), sample([20, 22, 24])], { min: 0, max: 30 })
  near(got.s_within, 1.825742)
  near(got.cp, 30 / (6 * 1.8257418583505538))
  near(got.cp, 2.738613)
  near(got.cpk, (30 - 17.6) / (3 * 1.8257418583505538))
  // s of all five: Σ(x − 17.6)² = 57.76 + 31.36 + 5.76 + 19.36 + 40.96 = 155.2, by 4.
  near(got.s, Math.sqrt(155.2 / 4))
  assert.deepEqual([got.cm, got.cmk], [null, null])
  assert.ok(reasons(got).includes('several_batches'))
})

test('with one limit only the k forms are defined; out of limits they are below zero', () => {
  const low = capabilityOf([sample([1, 2, 3])], { min: 0, max: null })
  assert.deepEqual([low.cm, low.cp], [null, null])
  near(low.cmk, 2 / 3)
  assert.ok(reasons(low).includes('one_sided'))
  near(capabilityOf([sample([1, 2, 3])], { min: null, max: 1 }).cpk, -1 / 3)
})

test('without a spread there is no index, and one measurement has none', () => {
  const alike = capabilityOf([sample([5, 5, 5])], { min: 0, max: 10 })
  assert.deepEqual([alike.s, alike.cm, alike.cmk, alike.cp, alike.cpk], [0, null, null, null, null])
  assert.ok(reasons(alike).includes('no_spread'))
  const single = capabilityOf([sample([5])], { min: 0, max: 10 })
  assert.deepEqual([single.s, single.s_within, single.cm, single.cpk], [null, null, null, null])
  const apart = capabilityOf([sample([5]), sample([6])], { min: 0, max: 10 })
  assert.deepEqual([apart.s_within, apart.cp], [null, null])
  assert.ok(reasons(apart).includes('too_few_in_a_batch'))
})
