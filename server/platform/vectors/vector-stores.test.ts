/** One suite for all stores. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { newMatrix } from './matrix.ts'
import { openPostgresVectors } from './postgres-vectors.ts'
import { cosineWith, planesOf } from './quantised.ts'
import { contentNamed, newSource, type Source, stands } from './vectors.fixture.ts'

/** Not a multiple of 16: rows are padded. */
const DIMENSIONS = 40

function chanceOf(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32 - 0.5
}
const vectorOf = (chance: () => number): Float32Array => {
  const vector = Float32Array.from({ length: DIMENSIONS }, chance)
  const length = Math.hypot(...vector)
  return vector.map((one) => one / length)
}
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, one, i) => sum + one * b[i]!, 0)

type Library = { source: Source; vectors: Map<string, Float32Array[]> }
function libraryOf(contents: number, each: number, seed: number): Library {
  const [chance, source, vectors] = [chanceOf(seed), newSource(), new Map<string, Float32Array[]>()]
  for (let n = 0; n < contents; n += 1) {
    const content = contentNamed(`${n}`)
    const all = Array.from({ length: each }, () => vectorOf(chance))
    vectors.set(content, all)
    for (let from = 0; from < each; from += 5) source.write(content, all.slice(from, from + 5), from)
  }
  return { source, vectors }
}
/** By comparing with each. */
const expected = (
  { vectors }: Library,
  query: Float32Array,
  contents: readonly string[],
  each: number,
  limit: number,
) =>
  contents
    .flatMap((content) =>
      (vectors.get(content) ?? [])
        .map((vector, ord) => ({ content, ord, similarity: dot(vector, query) }))
        .toSorted((a, b) => b.similarity - a.similarity)
        .slice(0, each),
    )
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, limit)
    .map(({ content, ord }) => `${content.slice(0, 8)} ${ord}`)

for (const [name, start] of Object.entries(stands)) {
  test(`${name}: a store of vectors`, { concurrency: false }, async (t) => {
    const stand = await start()
    const ask = async (
      tenantId: string,
      source: Source,
      query: Float32Array,
      contents: readonly string[],
      { each = 3, limit = 10, edition = 'm@40' } = {},
    ) => {
      const asked = { tenantId, edition, vector: query, contents, each, limit }
      return stand.store.nearest(asked, source.of(query))
    }
    const names = (near: readonly { content: string; ord: number }[]) =>
      near.map(({ content, ord }) => `${content.slice(0, 8)} ${ord}`)
    try {
      await t.test(
        'the nearest are those that comparing with each finds, in that order, with their cosines',
        async () => {
          const library = libraryOf(60, 12, 1)
          const [tenant, chance, contents] = [randomUUID(), chanceOf(99), [...library.vectors.keys()]]
          for (let n = 0; n < 5; n += 1) {
            const query = vectorOf(chance)
            const near = await ask(tenant, library.source, query, contents)
            assert.deepEqual(names(near), expected(library, query, contents, 3, 10))
            for (const { content, ord, similarity } of near)
              assert.ok(Math.abs(similarity - dot(library.vectors.get(content)![ord]!, query)) < 1e-4)
          }
        },
      )
      await t.test('what may not be seen is left out before the nearest are chosen', async () => {
        const library = libraryOf(60, 12, 2)
        const [tenant, query] = [randomUUID(), vectorOf(chanceOf(5))]
        const [best] = await ask(tenant, library.source, query, [...library.vectors.keys()])
        const some = [...library.vectors.keys()].filter((one) => one !== best!.content).slice(-4)
        const near = await ask(tenant, library.source, query, some, { each: 2, limit: 8 })
        assert.deepEqual(names(near), expected(library, query, some, 2, 8))
        assert.equal(near.length, 8, 'the page is full of what may be seen')
        assert.deepEqual(await ask(tenant, library.source, query, []), [])
        assert.deepEqual(await ask(tenant, library.source, query, [contentNamed('nobody’s')]), [])
      })
      await t.test('another company with the same contents, and another edition, have their own', async () => {
        const [one, two] = [libraryOf(5, 5, 3), libraryOf(5, 5, 4)]
        const [first, second, query] = [randomUUID(), randomUUID(), vectorOf(chanceOf(6))]
        const contents = [...one.vectors.keys()]
        for (const [tenant, library, edition] of [
          [first, one, 'm@40'],
          [second, two, 'm@40'],
          [first, two, 'n@40'],
        ] as const) {
          const near = await ask(tenant, library.source, query, contents, { edition })
          assert.deepEqual(names(near), expected(library, query, contents, 3, 10))
        }
      })
      await t.test('what comes later is found, what goes is not, and nothing is read twice', async () => {
        const [source, tenant, chance] = [newSource(), randomUUID(), chanceOf(7)]
        const [here, later] = [contentNamed('here'), contentNamed('later')]
        const [first, second] = [vectorOf(chance), vectorOf(chance)]
        source.write(here, [first])
        assert.deepEqual(names(await ask(tenant, source, second, [here, later])), [`${here.slice(0, 8)} 0`])
        source.write(later, [second])
        assert.equal((await ask(tenant, source, second, [here, later]))[0]!.content, later)
        const reads = source.reads()
        await Promise.all(Array.from({ length: 4 }, () => ask(tenant, source, second, [here])))
        assert.equal(source.reads(), reads)
        source.remove(later)
        assert.deepEqual(names(await ask(tenant, source, second, [here, later])), [`${here.slice(0, 8)} 0`])
        source.write(later, [first])
        const again = await ask(tenant, source, first, [here, later])
        assert.equal(again.length, 2)
      })
      await t.test('many who ask at once while it is loaded all get the same', async () => {
        const library = libraryOf(40, 10, 8)
        const [tenant, query, contents] = [randomUUID(), vectorOf(chanceOf(9)), [...library.vectors.keys()]]
        const all = await Promise.all(Array.from({ length: 6 }, () => ask(tenant, library.source, query, contents)))
        for (const near of all) assert.deepEqual(names(near), expected(library, query, contents, 3, 10))
      })
    } finally {
      await stand.store.close()
      await stand.close()
    }
  })
}

test('postgres: a company whose vectors are more than memory is refused with words; of several the least recently asked goes', async () => {
  const library = libraryOf(20, 10, 10)
  const bytes = 200 * (DIMENSIONS + 4)
  const store = openPostgresVectors(2 * bytes)
  try {
    const [query, contents] = [vectorOf(chanceOf(1)), [...library.vectors.keys()]]
    const ask = (tenantId: string, source = library.source) =>
      store.nearest({ tenantId, edition: 'e', vector: query, contents, each: 3, limit: 5 }, source.of(query))
    for (const tenant of ['a', 'b', 'a', 'c']) assert.equal((await ask(tenant)).length, 5)
    const reads = library.source.reads()
    await ask('a')
    assert.equal(library.source.reads(), reads, 'a was asked after b')
    await ask('b')
    assert.ok(library.source.reads() > reads, 'b had gone')
    await assert.rejects(ask('d', libraryOf(50, 10, 11).source), { code: 'vectors.too_many' })
  } finally {
    await store.close()
  }
})

test('sixteen bits keep a cosine to four digits, and eight are near', () => {
  const chance = chanceOf(12)
  const vectors = Array.from({ length: 200 }, () => vectorOf(chance))
  const [planes, query] = [planesOf(vectors), vectorOf(chance)]
  for (const [n, vector] of vectors.entries())
    assert.ok(Math.abs(cosineWith(planes, n, query) - dot(vector, query)) < 5e-5)
  const matrix = newMatrix(DIMENSIONS)
  matrix.add([{ content: 'c', ord: 0, count: 200, written: 1, ...planes }])
  for (const { ord, similarity } of matrix.nearest(query, ['c'], 200, 200))
    assert.ok(Math.abs(similarity - dot(vectors[ord]!, query)) < 0.02)
  assert.deepEqual(cosineWith(planesOf([new Float32Array(DIMENSIONS)]), 0, query), 0, 'nothing is near to nothing')
})
