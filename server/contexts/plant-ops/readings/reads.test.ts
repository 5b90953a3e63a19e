import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newTenant, plantOf, type TestTenant } from '#test/harness.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { mergeBlocks } from './merge-blocks.ts'
import { ingest, sensorOf } from './readings.fixture.ts'

const START = Date.parse('2026-03-01T00:00:00Z')
const MINUTE = 60_000
const FIRST = '00000000-0000-0000-0000-000000000000'
const iso = (at: number): string => new Date(at).toISOString()

const merge = (tenant: TestTenant) => tenant.admin.write(null, (work: EdgeWork) => mergeBlocks(work, FIRST))
const get = async (tenant: TestTenant, id: string, query: string) =>
  (await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings?${query}`)).body
const all = async (tenant: TestTenant, id: string): Promise<[string, number][]> =>
  (await get(tenant, id, 'limit=10000')).items.map((item: { ts: string; value: number }) => [item.ts, item.value])
const blocksOf = (tenant: TestTenant, id: string) =>
  tenant.admin.read('readings.read', ({ db }) =>
    db
      .selectFrom('reading_blocks')
      .select(['first_ms', 'last_ms', 'readings'])
      .where('sensor_id', '=', id)
      .orderBy('first_ms')
      .execute(),
  )

test('buckets sum up the good readings, and leave out what is empty', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  await ingest(tenant, id, [
    { at: START, value: 1 },
    { at: START + MINUTE, value: 4 },
    { at: START + 2 * MINUTE, value: 100, quality: 0 },
    { at: START + 10 * MINUTE, value: 7 },
  ])
  assert.deepEqual((await get(tenant, id, 'bucket=5m')).items, [
    { ts: iso(START), min: 1, max: 4, mean: 2.5, count: 2, last: 4, excluded: 1 },
    { ts: iso(START + 10 * MINUTE), min: 7, max: 7, mean: 7, count: 1, last: 7 },
  ])
  assert.equal((await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings?bucket=7x`)).status, 422)
})

test('a day is the plant’s own, of 23 hours where the clocks go forward, whether its blocks are merged or not', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  const from = Date.parse('2026-03-27T23:00:00Z')
  const rows = Array.from({ length: 71 * 4 }, (_, n) => ({ at: from + n * 15 * MINUTE, value: n % 7 }))
  for (let n = 0; n < rows.length; n += 20) await ingest(tenant, id, rows.slice(n, n + 20))
  const days = (await get(tenant, id, 'bucket=1d')).items
  assert.deepEqual(
    days.map((day: { ts: string; count: number }) => [day.ts, day.count]),
    [
      ['2026-03-27T23:00:00.000Z', 96],
      ['2026-03-28T23:00:00.000Z', 92],
      ['2026-03-29T22:00:00.000Z', 96],
    ],
  )
  const months = (await get(tenant, id, 'bucket=1mo')).items
  assert.deepEqual([months.length, months[0].ts, months[0].count], [1, '2026-02-28T23:00:00.000Z', rows.length])
})

test('many sensors are read at once; what is a stranger’s is not among them', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const plant = await plantOf(tenant)
  const [a, b] = [await sensorOf(tenant, plant), await sensorOf(tenant, plant)]
  const theirs = await sensorOf(other, await plantOf(other))
  await ingest(tenant, a, [{ at: START, value: 1 }])
  await ingest(other, theirs, [{ at: START, value: 1 }])
  const query = await tenant.admin.call('POST', '/plant-ops/sensors/readings/query', { sensor_ids: [b, theirs, a] })
  assert.equal(query.status, 200)
  assert.deepEqual(
    query.body.items.map((one: { sensor_id: string; items: unknown[] }) => [one.sensor_id, one.items.length]),
    [
      [b, 0],
      [a, 1],
    ],
  )
  const latest = await tenant.admin.call('GET', `/plant-ops/sensors/readings/latest?sensor_id=${a}&sensor_id=${theirs}`)
  assert.deepEqual(
    latest.body.items.map((one: { sensor_id: string; reading: { value: number } }) => [
      one.sensor_id,
      one.reading.value,
    ]),
    [[a, 1]],
  )
})

test('a plot keeps the first, the last and the peak', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  const rows = Array.from({ length: 2_000 }, (_, n) => ({ at: START + n * 1000, value: n === 1_234 ? 500 : n % 3 }))
  await ingest(tenant, id, rows)
  const { items } = await get(tenant, id, 'points=50')
  assert.equal(items.length, 50)
  assert.deepEqual([items[0].ts, items[49].ts], [iso(START), iso(START + 1_999_000)])
  assert.ok(items.some((item: { value: number }) => item.value === 500))
})

test('merging puts small blocks together while readings come in, and loses and repeats none', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  const rows = Array.from({ length: 6_000 }, (_, n) => ({ at: START + n * 1000, value: Math.sqrt(n) }))
  const half = rows.slice(0, 3_000)
  for (let n = 0; n < half.length; n += 150) await ingest(tenant, id, half.slice(n, n + 150))
  const before = (await blocksOf(tenant, id)).length
  await Promise.all([
    ...Array.from({ length: 20 }, (_, n) => ingest(tenant, id, rows.slice(3_000 + n * 150, 3_150 + n * 150))),
    ...[1, 2, 3].map(() => merge(tenant)),
  ])
  await merge(tenant)
  const blocks = await blocksOf(tenant, id)
  assert.ok(before >= 8 && blocks.length < before + 8, `${before} blocks became ${blocks.length}`)
  for (const [i, block] of blocks.entries()) assert.ok(i === 0 || blocks[i - 1]!.last_ms < block.first_ms)
  assert.deepEqual(
    await all(tenant, id),
    rows.map(({ at, value }) => [iso(at), value]),
  )
})

test('in whatever order readings come, with repetitions, corrections and merging between, they are what a simple model says', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const reading = fc.record({ minute: fc.integer({ min: 0, max: 60 }), value: fc.integer({ min: 0, max: 3 }) })
  const request = fc.record({
    rows: fc.array(reading, { maxLength: 12 }),
    correction: fc.boolean(),
    merge: fc.boolean(),
    // A tail is sealed by its length: some requests bring as much as that takes.
    bulk: fc.option(fc.integer({ min: 0, max: 60 })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
      const id = await sensorOf(tenant, plant)
      const model = new Map<number, number>()
      for (const { rows, correction, merge: merging, bulk } of requests) {
        const sent = rows.map(({ minute, value }) => ({ at: START + minute * MINUTE, value }))
        for (let n = 0; bulk !== null && n < 180; n += 1) {
          sent.push({ at: START + bulk * MINUTE + n * 7 + 1, value: Math.sqrt(n) })
        }
        const counted = { accepted: 0, duplicates: 0, rejected: 0 }
        const newest = Math.max(-1, ...model.keys())
        for (const { at, value } of sent.toSorted((one, other) => one.at - other.at)) {
          const there = model.get(at)
          const replaces = correction && at <= newest
          if (there === value) counted.duplicates += 1
          else if (there !== undefined && !replaces) counted.rejected += 1
          else {
            model.set(at, value)
            counted.accepted += 1
          }
        }
        const { accepted, duplicates, rejected } = await ingest(tenant, id, sent, correction)
        assert.deepEqual({ accepted, duplicates, rejected: rejected.length }, counted)
        if (merging) await merge(tenant)
      }
      const expected = [...model].toSorted(([one], [other]) => one - other).map(([at, value]) => [iso(at), value])
      assert.deepEqual(await all(tenant, id), expected)
    }),
    { numRuns: 25 },
  )
})
