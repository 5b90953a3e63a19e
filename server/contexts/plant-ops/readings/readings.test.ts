import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { appWith, newTenant, plantOf, request, type TestTenant } from '#test/harness.ts'

const START = Date.parse('2026-03-01T00:00:00Z')
const at = (minute: number): string => new Date(START + minute * 60_000).toISOString()

const sensorOf = async (tenant: TestTenant, plant: string, more: object = {}): Promise<string> => {
  const { status, body } = await tenant.admin.call('POST', '/plant-ops/sensors', {
    ...{ plant_id: plant, name: 'Forno', unit: 'Cel' },
    ...more,
  })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id as string
}
type Row = { sensor_id: unknown; ts: unknown; value: unknown; quality?: unknown }
const send = (tenant: TestTenant, readings: readonly Row[], path = 'bulk') =>
  tenant.admin.call('POST', `/plant-ops/sensors/readings/${path}`, { readings })
const list = async (tenant: TestTenant, id: string, query = '') =>
  (await tenant.admin.call('GET', `/plant-ops/sensors/${id}/readings${query}`)).body

for (const isolation of ['shared', 'schema'] as const) {
  test(`${isolation}: readings come back as they went in, in the order of time`, async () => {
    const tenant = await newTenant({ isolation })
    const id = await sensorOf(tenant, await plantOf(tenant))
    const rows = Array.from({ length: 700 }, (_, n) => ({ sensor_id: id, ts: at(n), value: Math.sqrt(n) }))
    const mixed = rows.toSorted((one, other) => ((one.value * 7) % 1) - ((other.value * 7) % 1))
    assert.deepEqual((await send(tenant, mixed)).body, { accepted: 700, duplicates: 0, late: 0, rejected: [] })
    assert.deepEqual((await send(tenant, rows)).body, { accepted: 0, duplicates: 700, late: 0, rejected: [] })
    const first = await list(tenant, id, '?limit=500')
    assert.deepEqual(first.items[499], { ts: at(499), value: Math.sqrt(499), quality: 192, anomaly_score: 0 })
    const second = await list(tenant, id, `?limit=500&cursor=${first.next_cursor}`)
    assert.equal(second.next_cursor, null)
    const values = [...first.items, ...second.items].map((item) => item.value)
    assert.deepEqual(
      values,
      rows.map((row) => row.value),
    )
  })
}

test('one reading is answered with its score', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant), { min: 0, max: 100 })
  const path = `/plant-ops/sensors/${id}/readings`
  const good = await tenant.admin.call('POST', path, { value: 20, ts: at(0) })
  assert.deepEqual(
    [good.status, good.body],
    [201, { ts: at(0), value: 20, quality: 192, anomaly_score: 0, is_anomaly: false, late: false }],
  )
  const high = await tenant.admin.call('POST', path, { value: 120, ts: at(1) })
  assert.deepEqual([high.body.anomaly_score, high.body.is_anomaly], [1, true])
  assert.deepEqual((await tenant.admin.call('POST', path, { value: 120, ts: at(1) })).body, high.body)
  const other = await tenant.admin.call('POST', path, { value: 121, ts: at(1) })
  assert.deepEqual([other.status, other.body.error.code], [409, 'plant_ops.conflict'])
  const now = await tenant.admin.call('POST', path, { value: 1 })
  assert.ok(Math.abs(Date.parse(now.body.ts) - Date.now()) < 60_000)
  const ahead = await tenant.admin.call('POST', path, { value: 1, ts: '9999-01-01T00:00:00Z' })
  assert.deepEqual([ahead.status, ahead.body.error.code], [422, 'plant_ops.time_out_of_range'])
})

test('a bad row never loses the good ones, and each is named', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  const stranger = await newTenant()
  const theirs = await sensorOf(stranger, await plantOf(stranger))
  const ts = at(1)
  const { status, body } = await send(tenant, [
    { sensor_id: id, ts: at(0), value: 1 },
    { sensor_id: theirs, ts, value: 1 },
    { sensor_id: uuidv7(), ts, value: 1 },
    { sensor_id: 'x', ts, value: 1 },
    { sensor_id: id, ts: 'yesterday', value: 1 },
    { sensor_id: id, ts: '9999-12-31T23:59:59Z', value: 1 },
    { sensor_id: id, ts: '0001-01-01T00:00:00Z', value: 1 },
    { sensor_id: id, ts, value: 'much' },
    { sensor_id: id, ts, value: 1, quality: 7 },
    { sensor_id: id, ts, value: 1, colour: 'red' } as Row,
    { sensor_id: id, ts, value: 5 },
    { sensor_id: id, ts, value: 6 },
  ])
  assert.equal(status, 200)
  assert.equal(body.accepted, 2)
  assert.deepEqual(
    body.rejected.map((one: { index: number; code: string }) => `${one.index} ${one.code.slice('plant_ops.'.length)}`),
    [
      ...['1 unknown_sensor', '2 unknown_sensor', '3 unknown_sensor', '4 bad_time', '5 time_out_of_range'],
      ...['6 time_out_of_range', '7 not_a_number', '8 bad_quality', '9 unknown_field', '11 conflict'],
    ],
  )
  assert.equal((await list(tenant, id)).items.length, 2)
  assert.equal((await list(stranger, theirs)).items.length, 0)
  const json = { 'content-type': 'application/json' }
  const huge = `{"readings":[{"sensor_id":"${id}","ts":"${at(2)}","value":1e400}]}`
  const beyond = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', huge, json)
  assert.equal(beyond.body.rejected[0].code, 'plant_ops.not_finite')
  for (const wrong of ['{"readings":[NaN]}', '{"readings":', '']) {
    assert.equal((await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', wrong, json)).status, 400, wrong)
  }
  for (const wrong of ['[]', '{"readings":1}', '{"rows":[]}']) {
    assert.equal((await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', wrong, json)).status, 422, wrong)
  }
  assert.equal((await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk')).status, 400)
})

test('a sensor of a plant out of scope does not exist', async () => {
  const tenant = await newTenant()
  const [mine, theirs] = [await plantOf(tenant), await plantOf(tenant)]
  const [a, b] = [await sensorOf(tenant, mine), await sensorOf(tenant, theirs)]
  const limited = await tenant.user('Operator', [mine])
  const readings = [a, b].map((sensor_id) => ({ sensor_id, ts: at(0), value: 1 }))
  const { body } = await limited.call('POST', '/plant-ops/sensors/readings/bulk', { readings })
  assert.deepEqual([body.accepted, body.rejected[0].code], [1, 'plant_ops.unknown_sensor'])
  assert.equal((await limited.call('GET', `/plant-ops/sensors/${b}/readings`)).status, 404)
  assert.equal((await limited.call('POST', `/plant-ops/sensors/${b}/readings`, { value: 1 })).status, 404)
  assert.equal((await limited.call('POST', `/plant-ops/sensors/readings/corrections`, { readings })).status, 403)
})

test('late ones are taken and marked, conflicts named, corrections keep what was there', async () => {
  const tenant = await newTenant()
  const id = await sensorOf(tenant, await plantOf(tenant))
  await send(
    tenant,
    Array.from({ length: 900 }, (_, n) => ({ sensor_id: id, ts: at(n * 2), value: n / 3 })),
  )
  const late = await send(tenant, [
    { sensor_id: id, ts: at(-5), value: 1 },
    { sensor_id: id, ts: at(3), value: 2 },
    { sensor_id: id, ts: at(4), value: 77 },
    { sensor_id: id, ts: at(1797), value: 3 },
  ])
  assert.deepEqual([late.body.accepted, late.body.late, late.body.rejected.length], [3, 3, 1])
  assert.equal(late.body.rejected[0].code, 'plant_ops.conflict')
  const corrected = await send(tenant, [{ sensor_id: id, ts: at(4), value: 77 }], 'corrections')
  assert.deepEqual(corrected.body, { accepted: 1, duplicates: 0, late: 0, rejected: [] })
  const { items } = await list(tenant, id, `?to=${at(5)}`)
  assert.deepEqual(
    items.map((item: { ts: string; value: number; late?: boolean; corrected?: boolean }) => [
      item.ts,
      item.value,
      item.late ?? false,
      item.corrected ?? false,
    ]),
    [
      [at(-5), 1, true, false],
      [at(0), 0, false, false],
      [at(2), 1 / 3, false, false],
      [at(3), 2, true, false],
      [at(4), 77, false, true],
    ],
  )
  const revisions = await tenant.admin.read('readings.read', ({ db }) =>
    db.selectFrom('reading_revisions').select(['value', 'revision']).where('sensor_id', '=', id).execute(),
  )
  assert.deepEqual(revisions, [{ value: 2 / 3, revision: 1 }])
})

test('a tenant sends as many readings a minute as its tier allows, in however many calls', async () => {
  const tenant = await newTenant({ tier: 'free' })
  const id = await sensorOf(tenant, await plantOf(tenant))
  const rows = Array.from({ length: 6_001 }, (_, n) => ({ sensor_id: id, ts: at(n), value: 1 }))
  const app = await appWith({ RATE_LIMIT: 'on' })
  try {
    const sendThere = (readings: readonly Row[]) =>
      request('POST', '/api/v1/plant-ops/sensors/readings/bulk', { token: tenant.admin.token, body: { readings }, app })
    assert.equal((await sendThere(rows.slice(0, 6_000))).body.accepted, 6_000)
    const one = await sendThere(rows.slice(6_000))
    assert.deepEqual([one.status, one.body.error.code], [429, 'request.too_many'])
    assert.ok(Number(one.headers['retry-after']) > 0)
  } finally {
    await app.close()
  }
})
