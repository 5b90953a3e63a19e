import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantOf } from '#test/harness.ts'
import { MIN, HOUR, start, iso, floor, done, near, shift, run } from '../floor.fixture.ts'

test('golden vector A over the wire: a shift of 480 minutes gives its OEE, its sums and its formula', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(10)
  await shift(admin, line_id, t, 8)
  const say = (status: string, minute: number) =>
    done(admin.call('POST', `${line}/status`, { status, at: iso(t + minute * MIN) }))
  for (const [status, minute] of [
    ['idle', 0],
    ['changeover', 20],
    ['running', 45],
    ['planned_stop', 245],
    ['down', 275],
    ['running', 305],
    ['idle', 475],
  ] as const)
    await say(status, minute)
  const result = { good_quantity: 600, scrap_quantity: 12, rework_quantity: 8 }
  const batch = await run(admin, line_id, t + 20 * MIN, t + 480 * MIN, result)
  const query = `from=${iso(t)}&to=${iso(t + 480 * MIN)}`
  const oee = await done(admin.call('GET', `${line}/oee?${query}`))
  near(oee.oee, 0.666667)
  near(oee.availability, 0.822222)
  near(oee.performance, 0.837838)
  near(oee.quality, 0.967742)
  near(oee.nee, 0.711712)
  const { pot_s, pbt_s, apt_s, asut_s, adet_s, adot_s } = oee.sums
  assert.deepEqual(
    [pot_s, pbt_s, apt_s, asut_s, adet_s, adot_s].map((s: number) => s / 60),
    [480, 450, 370, 25, 35, 20],
  )
  assert.deepEqual([oee.plan, oee.formula.version, oee.inputs.batches, oee.inputs.shifts], ['shifts', 'oee-2', 1, 1])
  assert.equal(oee.sums.failures, 1)
  near(oee.mttr_h, 0.5)
  // The batch had the line for 460 minutes, 30 of them planned to stand.
  near(batch.oee, (0.5 * 600) / 430)
  for (const by of ['line', 'shift', 'plant']) {
    const report = await done(admin.call('GET', `/plant-ops/oee?by=${by}&${query}`))
    assert.equal(report.items.length, 1, by)
    near(report.items[0].oee, 0.666667)
    near(report.totals.oee, 0.666667)
  }
  const products = await done(admin.call('GET', `/plant-ops/oee?by=product&${query}`))
  assert.deepEqual([products.items[0].key, products.items[0].sums.adot_s], ['PENNE', 0])
})

test('a batch over two shifts is in both, by the time that it ran in each', async () => {
  const { admin, line_id } = await floor()
  const t = start(12)
  await shift(admin, line_id, t, 4)
  await shift(admin, line_id, t + 4 * HOUR, 4)
  await run(admin, line_id, t + 3 * HOUR, t + 6 * HOUR, { good_quantity: 300, scrap_quantity: 0 })
  const { items, totals } = await done(
    admin.call('GET', `/plant-ops/oee?by=shift&from=${iso(t)}&to=${iso(t + 8 * HOUR)}`),
  )
  assert.deepEqual(
    items.map((item: { sums: { good: number } }) => Math.round(item.sums.good)),
    [100, 200],
  )
  near(totals.sums.good, 300)
  near(totals.oee, (300 * 30) / (8 * 3600))
})

test('lines roll up by their sums', async () => {
  const { admin, plant_id, line_id } = await floor(30)
  const other = await done(
    admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Lunga', code: 'L2', ideal_cycle_time_s: 12 }),
    201,
  )
  const t = start(12)
  await run(admin, line_id, t, t + 300 * MIN, { good_quantity: 480, scrap_quantity: 0 })
  await run(admin, other.id, t, t + 450 * MIN, { good_quantity: 890, scrap_quantity: 0 })
  const report = await done(
    admin.call('GET', `/plant-ops/oee?by=plant&plant_id=${plant_id}&from=${iso(t)}&to=${iso(t + 10 * HOUR)}`),
  )
  near(report.items[0].oee, 0.557333)
  assert.equal(report.items[0].exclusions.length, 0)
})

test('without a plan there is no figure, and a period that is none is refused', async () => {
  const { admin, line } = await floor()
  const oee = await done(admin.call('GET', `${line}/oee`))
  assert.deepEqual([oee.oee, oee.availability, oee.plan, oee.sums.pot_s], [null, null, 'orders', 0])
  for (const query of [
    'from=2026-11-21&to=2026-11-20',
    'from=2020-01-01&to=2026-01-01',
    'from=9999-12-31',
    'from=1000-01-01&to=1000-01-02',
  ]) {
    const refused = await admin.call('GET', `${line}/oee?${query}`)
    assert.deepEqual([refused.status, refused.body.error.code], [422, 'plant_ops.period_not_usable'], query)
  }
  assert.equal((await admin.call('GET', `${line}/oee?from=0001-01-01`)).status, 422)
  const day = await done(admin.call('GET', `${line}/oee?from=2026-03-29&to=2026-03-29`))
  assert.equal(Date.parse(day.to) - Date.parse(day.from), 23 * HOUR)
})

test('figures of a plant out of scope do not exist', async () => {
  const { tenant, admin, line_id, line } = await floor()
  const t = start(5)
  await run(admin, line_id, t, t + HOUR, { good_quantity: 10, scrap_quantity: 0 })
  const elsewhere = await tenant.user('Viewer', [await plantOf(tenant)])
  assert.equal((await elsewhere.call('GET', `${line}/oee`)).status, 404)
  assert.equal((await elsewhere.call('GET', `${line}/restatements`)).status, 404)
  for (const by of ['line', 'plant', 'product', 'shift'])
    assert.deepEqual((await done(elsewhere.call('GET', `/plant-ops/oee?by=${by}`))).items, [])
})
