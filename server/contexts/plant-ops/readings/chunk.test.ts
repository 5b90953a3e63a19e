import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packChunk, unpackChunks } from './chunk.ts'
import { newSeries, type Series } from './series.ts'

type Row = { step: number; value: number; score: number; mark: number }

function seriesOf(first: number, rows: readonly Row[]): Series {
  const series = newSeries(rows.length)
  let at = first
  for (const [i, row] of rows.entries()) {
    series.at_ms[i] = at
    series.value[i] = row.value === 0 ? 0 : row.value
    series.score[i] = row.score
    series.mark[i] = row.mark
    at += row.step
  }
  return series
}

const same = (one: Series, other: Series): void => {
  assert.deepEqual(one.at_ms, other.at_ms)
  assert.deepEqual(new Uint8Array(one.value.slice().buffer), new Uint8Array(other.value.slice().buffer))
  assert.deepEqual([...one.score], [...other.score])
  assert.deepEqual([...one.mark], [...other.mark])
}

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((whole) => whole / 100),
  fc.constantFrom(0, 1, 230.1, 1e308, 5e-324, 2 ** 53, -(2 ** 51) - 1, 1e15 + 0.5, 0.1 + 0.2),
)
const step = fc.oneof(fc.constantFrom(1, 1000, 900_000), fc.integer({ min: 1, max: 4_000_000_000 }))
const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }))
const rows = fc.array(fc.record({ step, value, score: byte, mark: fc.integer({ min: 0, max: 15 }) }), {
  minLength: 1,
  maxLength: 300,
})
const first = fc.integer({ min: 0, max: 4_102_444_800_000 })

test('what is packed comes back bit by bit', () => {
  fc.assert(
    fc.property(first, rows, (at, given) => {
      const series = seriesOf(at, given)
      same(unpackChunks(packChunk(series)), series)
    }),
    { numRuns: 500 },
  )
})

test('series of one kind take each way of writing, and come back', () => {
  const kinds: Record<string, (i: number) => Row> = {
    constant: () => ({ step: 1000, value: 7, score: 0, mark: 1 }),
    decimal: (i) => ({ step: 1000, value: Math.round(Math.sin(i) * 1000) / 10, score: i % 3, mark: 1 }),
    irrational: (i) => ({ step: 900 + (i % 7), value: Math.sqrt(i), score: i % 256, mark: i % 16 }),
    gaps: (i) => ({ step: i % 50 === 0 ? 5000 : 1000, value: i, score: 0, mark: 1 }),
  }
  const sizes: Record<string, number> = {}
  for (const [name, of] of Object.entries(kinds)) {
    const series = seriesOf(
      1_700_000_000_000,
      Array.from({ length: 1000 }, (_, i) => of(i)),
    )
    const bytes = packChunk(series)
    same(unpackChunks(bytes), series)
    sizes[name] = bytes.length
  }
  assert.ok(sizes['constant']! < 40, `a constant takes ${sizes['constant']} bytes`)
  assert.ok(sizes['decimal']! < 3_200, `a decimal series takes ${sizes['decimal']} bytes`)
  assert.ok(sizes['gaps']! < 1_300, `a series with gaps takes ${sizes['gaps']} bytes`)
})

test('chunks one after the other are one sequence', () => {
  const one = seriesOf(1000, [{ step: 10, value: 1.5, score: 0, mark: 1 }])
  const two = seriesOf(2000, [
    { step: 10, value: 2.25, score: 255, mark: 5 },
    { step: 10, value: -3, score: 1, mark: 0 },
  ])
  const all = unpackChunks(Buffer.concat([packChunk(one), packChunk(two)]))
  assert.deepEqual([...all.at_ms], [1000, 2000, 2010])
  assert.deepEqual([...all.value], [1.5, 2.25, -3])
  assert.deepEqual([...all.mark], [1, 5, 0])
  assert.equal(unpackChunks(Buffer.alloc(0)).length, 0)
})

test('bytes that are no chunk are refused, and a chunk cut short too', () => {
  assert.throws(() => unpackChunks(Buffer.from([9, 1, 1])), /not known/)
  const whole = packChunk(
    seriesOf(1000, [
      { step: 10, value: 1.5, score: 0, mark: 1 },
      { step: 1, value: 2, score: 3, mark: 1 },
    ]),
  )
  assert.throws(() => unpackChunks(whole.subarray(0, 3)), /too early/)
})

test('plain records, as the migration writes them, are read', () => {
  const bytes = Buffer.alloc(5 + 17)
  bytes.writeUInt32BE(1, 1)
  bytes.writeBigInt64BE(1_700_000_000_000n, 5)
  bytes.writeDoubleBE(12.5, 13)
  bytes.writeUInt8(1, 21)
  const series = unpackChunks(bytes)
  assert.deepEqual([series.length, series.at_ms[0], series.value[0], series.mark[0]], [1, 1_700_000_000_000, 12.5, 1])
})
