import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, plantOf, type TestTenant } from '#test/harness.ts'

const MINUTE = 60_000

async function sensorOf(tenant: TestTenant, fields: object = {}) {
  const plant_id = await plantOf(tenant)
  const body = { plant_id, name: 'Forno 1', unit: 'Cel', min: 0, max: 40, ...fields }
  const { status, body: sensor, text } = await tenant.admin.call('POST', '/plant-ops/sensors', body)
  assert.equal(status, 201, text)
  return { plant_id, id: sensor.id as string, path: `/plant-ops/sensors/${sensor.id}/readings` }
}
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString()
/** The events of a type once there are so many: they get their places a moment after the answer. */
async function eventsOf({ admin }: TestTenant, type: string, wanted: number) {
  const until = Date.now() + 10_000
  for (;;) {
    const { body } = await admin.call('GET', `/events?type=${type}`)
    const items = body.items as { subject: string; data: Record<string, unknown> }[]
    if (items.length >= wanted || Date.now() > until) return items
    await setTimeout(20)
  }
}

test('a reading beyond its limit is an alarm, explained; what follows is counted in it and told once', async () => {
  const tenant = await newTenant()
  const { id, plant_id, path } = await sensorOf(tenant)
  for (const [value, minutes] of [
    [20, 6],
    [55.5, 5],
    [70, 4],
    [20, 3],
    [60, 2],
  ] as const) {
    const { status, body } = await tenant.admin.call('POST', path, { value, ts: ago(minutes) })
    assert.equal(status, 201)
    assert.equal(body.is_anomaly, value > 40)
  }
  const { body } = await tenant.admin.call('GET', `/plant-ops/anomalies?status=active&sensor_id=${id}`)
  assert.equal(body.pagination.total, 1)
  const [alarm] = body.items
  assert.deepEqual([alarm.plant_id, alarm.readings, alarm.occurrences, alarm.peak_score], [plant_id, 3, 1, 1])
  assert.ok(Math.abs(alarm.duration_s - 180) < 1)
  assert.equal(alarm.causes[0].kind, 'limit')
  assert.match(alarm.explanation_en, /70 °C, outside the limits that were set \(0 °C – 40 °C\)/)
  assert.match(alarm.explanation_it, /70 °C, fuori dai limiti impostati/)
  const told = await eventsOf(tenant, 'AnomalyDetected', 1)
  assert.deepEqual(
    told.map(({ subject }) => subject),
    [`plant-ops/anomalies/${alarm.id}`],
  )
  assert.deepEqual(told[0]!.data['causes'], ['limit'])
})

test('acknowledging is written in the trail once, and stays who was first', async () => {
  const tenant = await newTenant()
  const { path } = await sensorOf(tenant)
  await tenant.admin.call('POST', path, { value: 99 })
  const alarm = (await tenant.admin.call('GET', '/plant-ops/anomalies')).body.items[0]
  const operator = await tenant.user('Operator')
  const ack = `/plant-ops/anomalies/${alarm.id}/acknowledge`
  const { status, body } = await operator.call('POST', ack, { note: 'Porta aperta' })
  assert.deepEqual(
    [status, body.status, body.note, body.acknowledged_by],
    [200, 'acknowledged', 'Porta aperta', operator.userId],
  )
  assert.ok(body.revision > alarm.revision)
  const again = await tenant.admin.call('POST', ack, { note: 'Other' })
  assert.deepEqual([again.status, again.body.note, again.body.revision], [200, 'Porta aperta', body.revision])
  assert.equal((await eventsOf(tenant, 'AnomalyAcknowledged', 1)).length, 1)
  const { body: trail } = await tenant.admin.call('GET', '/audit?action=anomalies.acknowledged')
  assert.equal(trail.items.length, 1)
  assert.equal((await tenant.admin.call('GET', '/plant-ops/anomalies?status=active')).body.pagination.total, 0)
  assert.equal((await tenant.admin.call('GET', '/plant-ops/anomalies?acknowledged=true')).body.pagination.total, 1)
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('POST', ack, {})).status, 403)
})

test('many sensors in one request: one alarm each, and none where nothing is anomalous', async () => {
  const tenant = await newTenant()
  const sensors = await Promise.all([sensorOf(tenant), sensorOf(tenant), sensorOf(tenant)])
  const readings = sensors.flatMap(({ id }, i) =>
    [4, 3, 2, 1].map((minutes) => ({ sensor_id: id, ts: ago(minutes), value: i === 2 ? 20 : 50 + minutes })),
  )
  const { status, text } = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings })
  assert.equal(status, 200, text)
  const { body } = await tenant.admin.call('GET', '/plant-ops/anomalies?sort=-last_at')
  assert.deepEqual(
    body.items.map((one: { readings: number }) => one.readings),
    [4, 4],
  )
  assert.equal((await eventsOf(tenant, 'AnomalyDetected', 2)).length, 2)
  // The same request again is repeated readings: they change nothing.
  await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings })
  const after = await tenant.admin.call('GET', '/plant-ops/anomalies?sort=-last_at')
  assert.deepEqual(
    after.body.items.map((one: { readings: number }) => one.readings),
    [4, 4],
  )
})

test('a late reading beyond its limit begins an alarm of its own time, told once, or is counted in the one that is there', async () => {
  const tenant = await newTenant()
  const { id, path } = await sensorOf(tenant, { max_rate: 2 })
  const send = async (value: number, minutes: number, more: object = {}) => {
    const { status, body } = await tenant.admin.call('POST', path, { value, ts: ago(minutes), ...more })
    assert.equal(status, 201)
    return body
  }
  const days = (n: number): number => n * 24 * 60
  await send(20, days(10))
  await send(99, days(8))
  await send(20, days(2))
  await send(99, 2)
  await send(20, 1)
  const late = await send(-5, days(5))
  assert.deepEqual([late.late, late.is_anomaly, late.anomaly_score], [true, true, 1])
  await send(60, days(5) - 30)
  await send(98, days(8) - 30)
  assert.equal((await send(30, days(6))).is_anomaly, false)
  assert.equal((await send(70, days(6), { quality: 0 })).late, true, 'what is marked bad is not judged')
  const { body } = await tenant.admin.call('GET', `/plant-ops/anomalies?sensor_id=${id}&sort=started_at`)
  assert.deepEqual(
    body.items.map((one: { readings: number; peak_value: number }) => [one.readings, one.peak_value]),
    [
      [2, 99],
      [2, 60],
      [1, 99],
    ],
  )
  assert.equal((await eventsOf(tenant, 'AnomalyDetected', 3)).length, 3)
  // The same once more changes nothing; a change that is too fast counts as one beyond its limit does.
  await tenant.admin.call('POST', path, { value: 30, ts: ago(days(3)) })
  const fast = await send(39, days(3) - 0.05)
  assert.deepEqual([fast.late, fast.anomaly_score], [true, 1])
  const { body: rate } = await tenant.admin.call('GET', `/plant-ops/anomalies?sensor_id=${id}&sort=-last_at&limit=2`)
  assert.equal(rate.items[1].causes[0].kind, 'rate')
})

test('to another company and to who sees other plants the alarm does not exist', async () => {
  const tenant = await newTenant()
  const { plant_id, path } = await sensorOf(tenant)
  await tenant.admin.call('POST', path, { value: 99 })
  const { id } = (await tenant.admin.call('GET', '/plant-ops/anomalies')).body.items[0]
  const scoped = await tenant.user('Asset Manager', [await plantOf(tenant)])
  const stranger = (await newTenant()).admin
  for (const other of [scoped, stranger]) {
    assert.deepEqual((await other.call('GET', `/plant-ops/anomalies?plant_id=${plant_id}`)).body.items, [])
    assert.equal((await other.call('GET', `/plant-ops/anomalies/${id}`)).status, 404)
    const refused = await other.call('POST', `/plant-ops/anomalies/${id}/acknowledge`, {})
    assert.deepEqual([refused.status, refused.body.error.code], [404, 'anomalies.not_found'])
  }
  const { status, body } = await tenant.admin.call('GET', `/plant-ops/anomalies/${uuidv7()}`)
  assert.deepEqual([status, body.error.code], [404, 'anomalies.not_found'])
  assert.equal((await tenant.admin.call('GET', '/plant-ops/anomalies?status=loud')).status, 422)
})
