import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemScope } from '#platform/database/system-scope.ts'
import { rowsOf, until } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { recordSilences } from './record-silences.ts'
import { shelfJobs } from './shelve-anomaly.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const reason = 'La sonda viene sostituita'

async function alarmOf(tenant: TestTenant) {
  const body = { plant_id: await plantOf(tenant), name: 'Forno 1', unit: 'Cel', max: 40 }
  const { id: sensorId } = (await tenant.admin.call('POST', '/plant-ops/sensors', body)).body
  const readings = `/plant-ops/sensors/${sensorId}/readings`
  await tenant.admin.call('POST', readings, { value: 99, ts: new Date(Date.now() - 3 * DAY).toISOString() })
  const [alarm] = (await tenant.admin.call('GET', `/plant-ops/anomalies?sensor_id=${sensorId}`)).body.items
  return { sensorId, readings, alarm, path: `/plant-ops/anomalies/${alarm.id}` }
}

type Told = { type: string; data: Record<string, unknown> }
/** What was told of alarms, in order, once there is so much. */
async function toldOf({ admin }: TestTenant, wanted: number): Promise<Told[]> {
  let told: Told[] = []
  await until(async () => {
    const { body } = await admin.call('GET', '/events?limit=200')
    told = (body.items as Told[]).filter(({ type }) => type.startsWith('Anomaly'))
    return told.length >= wanted
  })
  return told
}

test('of a shelved sensor nobody is told; what begins meanwhile is written, and told when that ends', async () => {
  const tenant = await newTenant()
  const { sensorId, readings, alarm, path } = await alarmOf(tenant)
  const operator = await tenant.user('Operator')
  const end = new Date(Date.now() + 30 * DAY).toISOString()
  const { status, body } = await operator.call('POST', `${path}/shelve`, { until: end, reason })
  assert.equal(status, 200)
  assert.deepEqual(
    [body.status, Date.parse(body.shelved_until), body.shelved_by, body.shelve_reason],
    ['active', Date.parse(end), operator.userId, reason],
  )
  assert.ok(body.revision > alarm.revision)
  await tenant.admin.call('POST', readings, { value: 77 })
  const list = async (query: string) =>
    (await tenant.admin.call('GET', `/plant-ops/anomalies?sort=started_at&sensor_id=${sensorId}${query}`)).body.items
  const [, quiet] = await list('&shelved=true')
  assert.deepEqual([quiet.status, Date.parse(quiet.shelved_until), quiet.peak_value], ['active', Date.parse(end), 77])
  assert.deepEqual(await list('&shelved=false'), [])
  assert.equal((await list('&shelved=true&status=active')).length, 2)
  const { body: back } = await tenant.admin.call('POST', `/plant-ops/anomalies/${quiet.id}/unshelve`)
  assert.deepEqual([back.shelved_until, back.shelved_by, back.shelve_reason], [null, null, null])
  assert.equal((await tenant.admin.call('POST', `${path}/unshelve`)).status, 200, 'a second time changes nothing')
  assert.equal((await list('&shelved=true')).length, 0)
  const told = await toldOf(tenant, 4)
  assert.deepEqual(
    told.map(({ type, data }) => [type, data['anomaly_id']]),
    [
      ['AnomalyDetected', alarm.id],
      ['AnomalyShelved', alarm.id],
      ['AnomalyUnshelved', quiet.id],
      ['AnomalyDetected', quiet.id],
    ],
  )
  assert.equal(told[2]!.data['expired'], false)
  const { body: trail } = await tenant.admin.call('GET', '/audit?action=anomalies.shelved')
  assert.deepEqual([trail.items.length, trail.items[0].after.shelve_reason], [1, reason])
})

test('it comes back by itself: by the clock at once, and a durable job tells so; another end asks for another job', async () => {
  const tenant = await newTenant()
  const { readings, alarm, path } = await alarmOf(tenant)
  await tenant.admin.call('POST', `${path}/shelve`, { duration_s: 60, reason })
  const { body: shelved } = await tenant.admin.call('POST', `${path}/shelve`, { duration_s: 3600, reason })
  await tenant.admin.call('POST', readings, { value: 77 })
  const jobs = (await rowsOf('anomalies.unshelve')).filter(({ tenant_id }) => tenant_id === tenant.id)
  assert.deepEqual(
    jobs.map(({ state }) => state),
    ['delayed', 'delayed'],
  )
  assert.equal(new Date(jobs[1]!.run_at).getTime(), Date.parse(shelved.shelved_until))
  const { handler } = shelfJobs[0]!
  assert.ok('run' in handler)
  const { database } = (await testApp()).deps.installation
  for (const { id, payload } of jobs) {
    const job = { id, tenantId: tenant.id, attempt: 1, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
    // Delivered twice it is done once.
    for (let i = 0; i < 2; i += 1) {
      await database.write(systemScope(tenant.id, 'test'), (work) => handler.run(work, payload, job))
    }
  }
  const told = await toldOf(tenant, 5)
  assert.deepEqual(
    told.map(({ type, data }) => [type, data['expired']]),
    [
      ['AnomalyDetected', undefined],
      ['AnomalyShelved', undefined],
      ['AnomalyShelved', undefined],
      ['AnomalyUnshelved', true],
      ['AnomalyDetected', undefined],
    ],
  )
  // Where its job is late, the clock alone has ended it.
  const { body: again } = await tenant.admin.call('POST', `${path}/shelve`, { duration_s: 60, reason })
  await database.write(systemScope(tenant.id, 'test'), ({ db }) =>
    sql`update anomalies set shelved_until = now() - interval '1 s' where tenant_id = ${tenant.id} and id = ${alarm.id}`.execute(
      db,
    ),
  )
  const { body: over } = await tenant.admin.call('GET', path)
  assert.deepEqual([over.shelved_until, over.shelve_reason], [null, null])
  assert.ok(over.revision > again.revision)
})

test('missing data of a shelved sensor is written and told when that ends, where it still goes on', async () => {
  const tenant = await newTenant()
  const { sensorId, readings, path } = await alarmOf(tenant)
  await tenant.admin.call('POST', readings, { value: 20 })
  await tenant.admin.call('POST', `${path}/shelve`, { duration_s: 3600, reason })
  const { database } = (await testApp()).deps.installation
  const round = () => database.write(systemScope(tenant.id, 'test'), recordSilences)
  await round()
  await database.write(systemScope(tenant.id, 'test'), ({ db }) =>
    sql`update sensor_states set overdue_ms = 1 where tenant_id = ${tenant.id} and sensor_id = ${sensorId}`.execute(db),
  )
  await round()
  const { body } = await tenant.admin.call('GET', '/plant-ops/anomalies?shelved=true&status=active&sort=-started_at')
  const silence = body.items.find((one: { silent_since: string | null }) => one.silent_since !== null)
  assert.ok(silence.shelved_until !== null)
  await tenant.admin.call('POST', `${path}/unshelve`)
  const told = await toldOf(tenant, 4)
  assert.deepEqual(told.at(-1)!.data['anomaly_id'], silence.id)
  assert.deepEqual(told.at(-1)!.data['causes'], ['gap'])
})

test('what cannot be shelved, and who may not', async () => {
  const tenant = await newTenant()
  const { path } = await alarmOf(tenant)
  const from = (ms: number): string => new Date(Date.now() + ms).toISOString()
  const refused = async (body: object) => {
    const answer = await tenant.admin.call('POST', `${path}/shelve`, body)
    return [answer.status, answer.body.error.code]
  }
  const without = [422, 'anomalies.shelf_without_end']
  assert.deepEqual(await refused({ reason }), without)
  assert.deepEqual(await refused({ until: from(DAY), duration_s: 60, reason }), without)
  const long = [422, 'anomalies.shelf_too_long']
  for (const ms of [31 * DAY, -DAY, 0]) assert.deepEqual(await refused({ until: from(ms), reason }), long)
  const invalid = [422, 'plant_ops.invalid']
  for (const duration_s of [0, 59, 2_592_001, 1.5, '1h'])
    assert.deepEqual(await refused({ duration_s, reason }), invalid)
  for (const given of [{}, { reason: '' }, { reason: '  ' }, { reason: 'x'.repeat(1001) }, { reason, note: 'x' }]) {
    assert.deepEqual(await refused({ duration_s: 60, ...given }), invalid, JSON.stringify(given).slice(0, 40))
  }
  assert.deepEqual(await refused({ until: 'tomorrow', reason }), invalid)
  const viewer = await tenant.user('Viewer')
  const scoped = await tenant.user('Asset Manager', [await plantOf(tenant)])
  const stranger = (await newTenant()).admin
  for (const verb of ['shelve', 'unshelve']) {
    const body = verb === 'shelve' ? { duration_s: 60, reason } : undefined
    assert.equal((await viewer.call('POST', `${path}/${verb}`, body)).status, 403)
    for (const other of [scoped, stranger])
      assert.equal((await other.call('POST', `${path}/${verb}`, body)).status, 404)
  }
})
