import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newTenant, plantOf, type TestTenant } from '#test/harness.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { mergeBlocks } from './merge-blocks.ts'
import { ingest, sensorOf, type Sent } from './readings.fixture.ts'
import { sweepReadings } from './sweep-readings.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const FIRST = '00000000-0000-0000-0000-000000000000'
/** Readings of ten days begin forty days ago, at midnight. */
const START = Date.now() - (Date.now() % DAY) - 40 * DAY
/** With so many days of retention, raw readings begin in the middle of them. */
const DAYS = 35
const iso = (at: number): string => new Date(at).toISOString()

const quarters = (days: number): Sent[] =>
  Array.from({ length: days * 96 }, (_, n) => ({
    ...{ at: START + n * 15 * MINUTE, value: Math.sqrt(n) * (n % 2 ? 1 : -1) },
    ...(n % 50 === 7 && { quality: 0 }),
  }))
const step = (tenant: TestTenant, after = FIRST) =>
  tenant.admin.write(null, (work: EdgeWork) => sweepReadings(work, after))
async function sweep(tenant: TestTenant): Promise<number> {
  let steps = 0
  for (let after: string | null = FIRST; after !== null; steps += 1) after = await step(tenant, after)
  return steps
}
const merge = (tenant: TestTenant) => tenant.admin.write(null, (work: EdgeWork) => mergeBlocks(work, FIRST))
const read = async (tenant: TestTenant, id: string, query = 'limit=10000') => {
  const { status, body } = await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings?${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}
const keeps = async (tenant: TestTenant, readings: object): Promise<void> => {
  const { status, body } = await tenant.admin.call('PATCH', '/tenant', { configuration: { readings } })
  assert.equal(status, 200, JSON.stringify(body))
}
const countOf = (items: { count: number; excluded?: number }[]): number =>
  items.reduce((sum, { count, excluded = 0 }) => sum + count + excluded, 0)

for (const isolation of ['shared', 'schema'] as const) {
  test(`${isolation}: buckets of whole hours answer the same to the last digit when their readings are gone`, async () => {
    const tenant = await newTenant({ isolation })
    const id = await sensorOf(tenant, await plantOf(tenant))
    const rows = quarters(10)
    for (let n = 0; n < rows.length; n += 190) await ingest(tenant, id, rows.slice(n, n + 190))
    const buckets = ['1h', '2h', '24h', '1d', '1mo', '1y']
    const before = await Promise.all(buckets.map((bucket) => read(tenant, id, `bucket=${bucket}`)))
    assert.deepEqual([before[0].raw_from, before[0].kept_from], [null, null])
    await keeps(tenant, { retention_days: DAYS })
    await sweep(tenant)

    const raw = await read(tenant, id)
    const rawFrom = Date.parse(raw.raw_from)
    assert.ok(rawFrom > START + 4 * DAY && rawFrom < START + 6 * DAY && rawFrom % HOUR === 0, raw.raw_from)
    assert.deepEqual(
      raw.items.map(({ ts, value }: { ts: string; value: number }) => [ts, value]),
      rows.filter(({ at }) => at >= rawFrom).map(({ at, value }) => [iso(at), value]),
    )
    for (const [i, bucket] of buckets.entries()) {
      const after = await read(tenant, id, `bucket=${bucket}`)
      assert.deepEqual([after.items, after.raw_from], [before[i].items, raw.raw_from], bucket)
    }
    const many = { sensor_ids: [id], bucket: '1d', from: iso(START + DAY), to: iso(START + 2 * DAY) }
    const answer = await tenant.admin.call('POST', '/plant-ops/sensors/readings/query', many)
    assert.equal(countOf(answer.body.items[0].items), 96)
    assert.equal(answer.body.items[0].raw_from, raw.raw_from)
    assert.equal((await sweep(tenant), (await read(tenant, id)).raw_from), raw.raw_from, 'once more changes nothing')
  })
}

test('finer buckets than an hour, and those of no whole hours, begin with what is kept one by one', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  await ingest(tenant, id, quarters(10))
  await sweep(tenant)
  for (const [bucket, ms] of [
    ['15m', 15 * MINUTE],
    ['90m', 90 * MINUTE],
    ['7m', 7 * MINUTE],
  ] as const) {
    const { items, raw_from } = await read(tenant, id, `bucket=${bucket}`)
    const first = Date.parse(items[0].ts)
    assert.ok(first >= Date.parse(raw_from) && first < Date.parse(raw_from) + 2 * ms + 15 * MINUTE, bucket)
  }
  const gone = await read(tenant, id, `bucket=15m&from=${iso(START)}&to=${iso(START + DAY)}`)
  assert.deepEqual(gone.items, [])
  assert.notEqual(gone.raw_from, null)
})

test('days of a zone at half past the hour are not made of whole hours, and say so', async () => {
  const tenant = await newTenant({ configuration: { time_zone: 'Asia/Kolkata' } })
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  await ingest(tenant, id, quarters(10))
  const before = (await read(tenant, id, 'bucket=1d')).items
  await sweep(tenant)
  const { items, raw_from } = await read(tenant, id, 'bucket=1d')
  assert.deepEqual(
    items,
    before.filter(({ ts }: { ts: string }) => ts >= raw_from),
  )
  assert.ok(items.length > 3 && items.length < before.length)
})

test('an hour counts in the period that it begins in', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  await ingest(tenant, id, quarters(10))
  await sweep(tenant)
  const within = async (from: number, to: number): Promise<number> =>
    countOf((await read(tenant, id, `bucket=1h&from=${iso(START + from)}&to=${iso(START + to)}`)).items)
  assert.deepEqual([await within(0, 30 * MINUTE), await within(30 * MINUTE, 2 * HOUR)], [4, 4])
})

test('a plot shows the lowest and highest of the hours that are left', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  const rows = quarters(10).map((row, n) => ({ ...row, quality: 192, value: n === 101 ? 5_000 : (n * 7) % 13 }))
  await ingest(tenant, id, rows)
  await sweep(tenant)
  const { items, raw_from } = await read(tenant, id, `points=200`)
  assert.equal(items.length, 200)
  assert.ok(items[0].ts < raw_from && items[0].ts >= iso(START) && items[199].ts === iso(rows.at(-1)!.at))
  assert.ok(items.some((item: { ts: string; value: number }) => item.ts === iso(rows[101]!.at) && item.value === 5_000))
})

test('what comes late, again or as a correction for a time that is gone is refused row by row; the others are taken', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  const rows = quarters(10)
  await ingest(tenant, id, rows)
  await sweep(tenant)
  const before = await read(tenant, id, 'bucket=1h')
  const sent = [rows[0]!, { at: START + MINUTE, value: 1 }, { at: rows.at(-1)!.at - MINUTE, value: 1 }]
  for (const correction of [false, true]) {
    const { accepted, duplicates, rejected } = await ingest(tenant, id, sent, correction)
    assert.deepEqual([accepted, duplicates], correction ? [0, 1] : [1, 0])
    assert.deepEqual(
      rejected.map(({ index, code }) => [index, code]),
      [
        [0, 'plant_ops.raw_gone'],
        [1, 'plant_ops.raw_gone'],
      ],
    )
  }
  const one = await tenant.admin.call('POST', `/plant-ops/sensors/${id}/readings`, { value: 1, ts: iso(START) })
  assert.deepEqual([one.status, one.body.error.code], [409, 'plant_ops.raw_gone'])
  const after = await read(tenant, id, `bucket=1h&to=${before.raw_from}`)
  assert.deepEqual(
    after.items,
    before.items.filter(({ ts }: { ts: string }) => ts < before.raw_from),
  )
})

test('the newest reading stays, however old it is, and what comes after it is taken', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: 1 })
  // Few and small: all of them are in the tail.
  const rows = quarters(2).map((row, n) => ({ ...row, value: n % 5 }))
  await ingest(tenant, id, rows)
  const before = (await read(tenant, id, 'bucket=1h')).items
  await sweep(tenant)
  const { items } = await read(tenant, id)
  assert.deepEqual([items.length, items.at(-1).ts], [4, iso(rows.at(-1)!.at)])
  const { accepted, late } = await ingest(tenant, id, [{ at: START + 3 * DAY, value: 1 }])
  assert.deepEqual([accepted, late], [1, 0])
  assert.equal((await read(tenant, id)).items.length, 5)
  assert.deepEqual((await read(tenant, id, 'bucket=1h')).items.slice(0, -1), before)
  const latest = (await tenant.admin.call('GET', `/plant-ops/sensors/readings/latest?sensor_id=${id}`)).body.items
  assert.equal(latest[0].reading.ts, iso(START + 3 * DAY))
})

test('nothing goes unless somebody asked; a sensor’s own retention goes before the company’s', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const plant = await plantOf(tenant)
  const [own, company, ever] = [
    await sensorOf(tenant, plant, { retention_days: 38 }),
    await sensorOf(tenant, plant),
    await sensorOf(tenant, plant, { retention_days: 36_500 }),
  ]
  const theirs = await sensorOf(other, await plantOf(other))
  for (const id of [own, company, ever]) await ingest(tenant, id, quarters(10))
  await ingest(other, theirs, quarters(10))
  const days = async (of: TestTenant, id: string): Promise<number | null> => {
    const { raw_from } = await read(of, id)
    return raw_from === null ? null : Math.floor((Date.parse(raw_from) - START) / DAY)
  }
  await sweep(tenant)
  await sweep(other)
  assert.deepEqual([await days(tenant, own), await days(tenant, company)], [2, null])
  await keeps(tenant, { retention_days: DAYS })
  await sweep(tenant)
  await sweep(other)
  assert.deepEqual([await days(tenant, own), await days(tenant, company), await days(tenant, ever)], [2, 5, null])
  assert.equal(await days(other, theirs), null)
})

test('who may change the company’s settings says how long, with a trail; others may not, and what cannot be is refused', async () => {
  const tenant = await newTenant()
  const patch = (readings: unknown, headers?: Record<string, string>) =>
    tenant.admin.call('PATCH', '/tenant', { configuration: { readings } }, headers)
  const good = await patch({ retention_days: 400, rollup_days: null }, { 'if-match': '"1"' })
  assert.deepEqual([good.status, good.body.configuration.readings], [200, { retention_days: 400, rollup_days: null }])
  assert.equal((await patch({ retention_days: 30 }, { 'if-match': '"1"' })).status, 412)
  for (const wrong of [
    { retention_days: 0 },
    { retention_days: 1.5 },
    { retention_days: '30' },
    { retention_days: 40_000 },
  ]) {
    assert.equal((await patch(wrong)).status, 422, JSON.stringify(wrong))
  }
  const crossed = await patch({ retention_days: 400, rollup_days: 399 })
  assert.deepEqual([crossed.status, crossed.body.error.details[0].field], [422, 'configuration.readings.rollup_days'])
  const manager = await tenant.user('Asset Manager')
  const refused = await manager.call('PATCH', '/tenant', { configuration: { readings: { retention_days: 1 } } })
  assert.equal(refused.status, 403)
  const [entry] = (await tenant.admin.call('GET', '/audit?action=tenant.updated')).body.items
  assert.deepEqual(entry.after.configuration.readings, { retention_days: 400, rollup_days: null })
})

test('what performance is worked out from is kept: a quantity and a retention do not go together', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const power = await sensorOf(tenant, plant, { quantity: 'ac_power_kw' })
  const plain = await sensorOf(tenant, plant)
  await ingest(tenant, power, quarters(10))
  await ingest(tenant, plain, quarters(10))
  await keeps(tenant, { retention_days: DAYS })
  await sweep(tenant)
  assert.equal((await read(tenant, power)).raw_from, null)
  const both = { plant_id: plant, name: 'S', unit: '', quantity: 'poa_irradiance_w_m2', retention_days: 9 }
  const answers = [
    await tenant.admin.call('POST', '/plant-ops/sensors', both),
    await tenant.admin.call('PATCH', `/plant-ops/sensors/${power}`, { retention_days: 9 }),
    await tenant.admin.call('PATCH', `/plant-ops/sensors/${plain}`, { quantity: 'poa_irradiance_w_m2' }),
  ]
  for (const { status, body } of answers) assert.deepEqual([status, body.error?.code], [422, 'sensors.quantity_kept'])
})

test('hours go when their own time is over, with what corrections replaced, and reads say from when on something is left', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: 33 })
  await ingest(tenant, id, quarters(4))
  const corrected = { at: START + HOUR, value: 999 }
  assert.equal((await ingest(tenant, id, [corrected], true)).accepted, 1)
  const revisions = () =>
    tenant.admin.read('readings.read', ({ db }) =>
      db.selectFrom('reading_revisions').select('at_ms').where('sensor_id', '=', id).execute(),
    )
  await sweep(tenant)
  assert.equal((await revisions()).length, 1, 'as long as the hour stays')
  // A row of hours goes whole: the rest comes to a second one.
  await ingest(tenant, id, quarters(10))
  await sweep(tenant)
  const before = await read(tenant, id, 'bucket=1h')
  assert.equal(before.kept_from, null)
  await keeps(tenant, { rollup_days: DAYS })
  await sweep(tenant)
  const after = await read(tenant, id, 'bucket=1h')
  assert.deepEqual([after.raw_from, after.kept_from], [before.raw_from, iso(START + 4 * DAY - HOUR)])
  assert.deepEqual(
    after.items,
    before.items.filter(({ ts }: { ts: string }) => ts >= after.kept_from),
  )
  assert.deepEqual(await revisions(), [])
})

test('much is rolled up in several transactions; after each of them, and after one that fails, the whole is there', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  // A block each: sixty-six of them, of which one transaction takes sixty-four.
  const rows = Array.from({ length: 66 * 512 }, (_, n) => ({ at: START + n * 5_000, value: Math.sqrt(n) }))
  for (let n = 0; n < rows.length; n += 512) await ingest(tenant, id, rows.slice(n, n + 512))
  const before = (await read(tenant, id, 'bucket=1h')).items
  assert.equal(countOf(before), rows.length)
  const failed = tenant.admin.write(null, async (work: EdgeWork) => {
    await sweepReadings(work, FIRST)
    throw new Error('the process ends here')
  })
  await assert.rejects(failed, /ends here/)
  const untouched = await read(tenant, id, 'bucket=1h')
  assert.deepEqual([untouched.items, untouched.raw_from], [before, null])
  const first = await step(tenant)
  assert.equal(first, FIRST, 'the same sensor again')
  const between = await read(tenant, id, 'bucket=1h')
  assert.deepEqual(between.items, before)
  assert.equal(await sweep(tenant), 1)
  const after = await read(tenant, id, 'bucket=1h')
  assert.deepEqual(after.items, before)
  assert.ok(after.raw_from > between.raw_from)
})

test('sweeping loses and repeats nothing while readings come in and blocks are merged', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { retention_days: DAYS })
  const rows = Array.from({ length: 9_600 }, (_, n) => ({ at: START + n * 90_000, value: n }))
  const sent = async (): Promise<void> => {
    for (let n = 0; n < rows.length; n += 600) await ingest(tenant, id, rows.slice(n, n + 600))
  }
  const sweeping = async (): Promise<void> => {
    for (let n = 0; n < 8; n += 1) {
      await sweep(tenant)
      await merge(tenant)
      const { items } = await read(tenant, id, 'bucket=1y')
      const shown = countOf(items)
      assert.equal(shown % 600, 0, 'whole requests, whatever was swept meanwhile')
    }
  }
  await Promise.all([sent(), sweeping()])
  await sweep(tenant)
  const { items, raw_from } = await read(tenant, id, 'bucket=1h')
  assert.equal(countOf(items), rows.length)
  assert.notEqual(raw_from, null)
})

test('in whatever order readings come and go, buckets are what a simple model says', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const reading = fc.record({ quarter: fc.integer({ min: 0, max: 900 }), value: fc.integer({ min: 0, max: 9 }) })
  const request = fc.record({
    rows: fc.array(reading, { maxLength: 20 }),
    correction: fc.boolean(),
    sweep: fc.boolean(),
    bulk: fc.option(fc.integer({ min: 0, max: 800 })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
      const id = await sensorOf(tenant, plant, { retention_days: DAYS })
      const model = new Map<number, number>()
      let rawFrom = 0
      for (const { rows, correction, sweep: sweeping, bulk } of requests) {
        const sent = rows.map(({ quarter, value }) => ({ at: START + quarter * 15 * MINUTE, value: value / 7 }))
        for (let n = 0; bulk !== null && n < 180; n += 1) {
          sent.push({ at: START + bulk * 15 * MINUTE + n * 7_001 + 1, value: Math.sqrt(n) })
        }
        const newest = Math.max(-1, ...model.keys())
        let gone = 0
        for (const { at, value } of sent.toSorted((one, two) => one.at - two.at)) {
          if (at < rawFrom) gone += 1
          else if (!model.has(at) || (correction && at <= newest)) model.set(at, value)
        }
        const { rejected } = await ingest(tenant, id, sent, correction)
        assert.equal(rejected.filter(({ code }) => code === 'plant_ops.raw_gone').length, gone)
        if (!sweeping) continue
        await sweep(tenant)
        const { raw_from } = await read(tenant, id, 'limit=1')
        rawFrom = raw_from === null ? 0 : Date.parse(raw_from)
      }
      const hours = Map.groupBy(
        [...model].toSorted(([one], [two]) => one - two),
        ([at]) => at - (at % HOUR),
      )
      const { items } = await read(tenant, id, 'bucket=1h')
      assert.deepEqual(
        items.map(({ ts, min, max, count, last }: Record<string, unknown>) => ({ ts, min, max, count, last })),
        [...hours].map(([at, all]) => {
          const values = all.map(([, value]) => value)
          const [min, max] = [Math.min(...values), Math.max(...values)]
          return { ts: iso(at), min, max, count: values.length, last: values.at(-1) }
        }),
      )
      const { items: raw } = await read(tenant, id)
      assert.equal(raw.length, [...model.keys()].filter((at) => at >= rawFrom).length)
    }),
    { numRuns: 10 },
  )
})
