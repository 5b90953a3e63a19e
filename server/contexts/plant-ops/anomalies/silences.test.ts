import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemScope } from '#platform/database/system-scope.ts'
import { enqueueFor } from '#platform/jobs/enqueue.ts'
import { custodyRun, rowsOf, until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { recordSilences, silenceJobs, silenceSchedules } from './record-silences.ts'

const MINUTE = 60_000

/** A sensor with so many readings, one a minute, the last so many minutes ago. */
async function sensorOf(tenant: TestTenant, { plant_id = '', count = 40, ago = 30, quality = 192 } = {}) {
  const place = plant_id || (await plantOf(tenant))
  const { body: sensor } = await tenant.admin.call('POST', '/plant-ops/sensors', {
    ...{ plant_id: place, name: 'Forno 1', unit: 'Cel' },
  })
  const last = Date.now() - ago * MINUTE
  const readings = Array.from({ length: count }, (_, i) => {
    const ts = new Date(last - (count - 1 - i) * MINUTE).toISOString()
    return { sensor_id: sensor.id as string, ts, value: 20 + (i % 7), quality }
  })
  // The newest apart: from two comings on it is known how far apart they are.
  for (const part of [readings.slice(0, -1), readings.slice(-1)]) {
    const { status, text } = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings: part })
    assert.equal(status, 200, text)
  }
  return { id: sensor.id as string, plant_id: place, last, path: `/plant-ops/sensors/${sensor.id}/readings` }
}

/** A round of the clock so many minutes from now; answers whether there may be more. */
async function round(tenant: TestTenant, minutes: number): Promise<boolean> {
  const { database } = (await testApp()).deps.installation
  const now = new Date(Date.now() + minutes * MINUTE)
  return database.write({ ...systemScope(tenant.id, 'test'), now }, recordSilences)
}
const alarmsOf = async ({ admin }: TestTenant, query = '') =>
  (await admin.call('GET', `/plant-ops/anomalies?sort=started_at&limit=200${query}`)).body.items
/** How often it was told, once all that was done is numbered: the sensor made at the end is. */
async function toldOf(tenant: TestTenant): Promise<Record<string, unknown>[]> {
  const { body } = await tenant.admin.call('POST', '/plant-ops/sensors', {
    ...{ plant_id: await plantOf(tenant), name: 'Ultimo', unit: '' },
  })
  const subject = `plant-ops/sensors/${body.id}`
  await until(async () => {
    const { body: page } = await tenant.admin.call('GET', '/events?type=SensorCreated&limit=200')
    return page.items.some((one: { subject: string }) => one.subject === subject)
  })
  const { body: page } = await tenant.admin.call('GET', '/events?type=AnomalyDetected&limit=200')
  return page.items.map((one: { data: Record<string, unknown> }) => one.data)
}

test('a sensor that says nothing more is an alarm by the clock, told once, and cleared by its next reading', async () => {
  const tenant = await newTenant()
  const { id, plant_id, last, path } = await sensorOf(tenant)
  await round(tenant, 0)
  assert.deepEqual(await alarmsOf(tenant), [], 'its time is not over yet')
  await Promise.all([round(tenant, 4), round(tenant, 4), round(tenant, 5)])
  await round(tenant, 10)
  const [alarm, ...others] = await alarmsOf(tenant, `&sensor_id=${id}`)
  assert.equal(others.length, 0)
  assert.deepEqual(
    [alarm.status, alarm.plant_id, alarm.readings, alarm.occurrences, alarm.peak_score],
    ['active', plant_id, 0, 1, 0.5],
  )
  assert.equal(Date.parse(alarm.silent_since), last)
  assert.equal(alarm.started_at, alarm.silent_since)
  assert.match(alarm.explanation_it, /^nessuna lettura valida dal .+ \(Europe\/Rome\); di solito una ogni 60 s$/)
  assert.match(alarm.explanation_en, /^no good reading since .+; usually one every 60 s$/)
  const { body: reading } = await tenant.admin.call('POST', path, { value: 22 })
  assert.ok(reading.is_anomaly, 'its score is what it was without the clock')
  const [cleared, ...more] = await alarmsOf(tenant, `&sensor_id=${id}`)
  assert.deepEqual([cleared.status, more.length], ['cleared', 0])
  assert.ok(cleared.revision > alarm.revision)
  assert.match(cleared.explanation_en, /, for 30 min; usually/)
  assert.deepEqual(
    (await toldOf(tenant)).map(({ sensor_id, causes }) => [sensor_id, causes]),
    [[id, ['gap']]],
  )
})

test('silent again within a day, before anybody looked, it is the same alarm and told to nobody', async () => {
  const tenant = await newTenant()
  const { id, path } = await sensorOf(tenant)
  await round(tenant, 0)
  await round(tenant, 5)
  await tenant.admin.call('POST', path, { value: 22 })
  for (const minutes of [10, 15]) await round(tenant, minutes)
  const [alarm, ...others] = await alarmsOf(tenant)
  assert.deepEqual([alarm.status, alarm.occurrences, others.length], ['active', 2, 0])
  assert.equal(alarm.causes[0].lasted_ms, null)
  assert.equal((await toldOf(tenant)).length, 1)
  assert.equal(alarm.sensor_id, id)
})

test('of a hidden sensor, a hidden or decommissioned plant, and of one without a rhythm, nobody is told', async () => {
  const tenant = await newTenant()
  const [hidden, closed, gone, unknown, open] = [
    await sensorOf(tenant),
    await sensorOf(tenant),
    await sensorOf(tenant),
    await sensorOf(tenant, { count: 29 }),
    await sensorOf(tenant),
  ]
  const plants = '/plants'
  await tenant.admin.call('DELETE', `/plant-ops/sensors/${hidden.id}`)
  const change = { status: 'Decommissioned' }
  assert.equal((await tenant.admin.call('PATCH', `${plants}/${closed.plant_id}`, change)).status, 200)
  await tenant.admin.call('DELETE', `${plants}/${gone.plant_id}`)
  await round(tenant, 0)
  await round(tenant, 5)
  assert.deepEqual(
    (await alarmsOf(tenant)).map((one: { sensor_id: string }) => one.sensor_id),
    [open.id],
  )
  assert.equal((await tenant.admin.call('POST', `/plant-ops/sensors/${hidden.id}/restore`)).status, 200)
  await round(tenant, 10)
  assert.equal((await alarmsOf(tenant)).length, 1, 'a sensor that was brought back is awaited from its next reading on')
  assert.equal((await tenant.admin.call('PATCH', `${plants}/${open.plant_id}`, change)).status, 200)
  await round(tenant, 15)
  // It was cleared a quarter of an hour from now.
  const { database } = (await testApp()).deps.installation
  const { rows } = await database.write(systemScope(tenant.id, 'test'), ({ db }) =>
    sql<{ open: boolean; silent: boolean }>`
      select a.active_until > now() + interval '16 minutes' as open, st.silent from anomalies a
        join sensor_states st on st.tenant_id = a.tenant_id and st.sensor_id = a.sensor_id
       where a.tenant_id = ${tenant.id} and a.sensor_id = ${open.id}`.execute(db),
  )
  assert.deepEqual(rows, [{ open: false, silent: false }])
  assert.equal(unknown.id.length, 36)
})

test('what a device calls stale or bad is silence: it neither ends it nor puts it off', async () => {
  const tenant = await newTenant()
  const { id, path } = await sensorOf(tenant)
  await tenant.admin.call('POST', path, { value: 26, quality: 500 })
  await round(tenant, 0)
  await round(tenant, 5)
  assert.equal((await alarmsOf(tenant, `&sensor_id=${id}&status=active`)).length, 1)
  for (const quality of [500, 0])
    assert.equal((await tenant.admin.call('POST', path, { value: 26, quality })).status, 201)
  // An older one that came late says nothing of now.
  const late = { value: 26, ts: new Date(Date.now() - 20 * MINUTE).toISOString() }
  assert.equal((await tenant.admin.call('POST', path, late)).body.late, true)
  assert.equal((await alarmsOf(tenant, `&sensor_id=${id}&status=active`)).length, 1)
  await tenant.admin.call('POST', path, { value: 26 })
  assert.equal((await alarmsOf(tenant, `&sensor_id=${id}&status=active`)).length, 0)
})

test('time in which nobody listened is nobody’s silence; nor is a jump of the clock', async () => {
  const tenant = await newTenant()
  const { id } = await sensorOf(tenant)
  await round(tenant, 120)
  assert.deepEqual(await alarmsOf(tenant), [], 'the first round of a company tells nothing')
  await round(tenant, 0)
  await round(tenant, 121)
  assert.deepEqual(await alarmsOf(tenant), [])
  await round(tenant, 126)
  const told = await alarmsOf(tenant)
  assert.deepEqual(
    told.map((one: { sensor_id: string }) => one.sensor_id),
    [id],
  )
})

test('many silent sensors are told in steps, by two workers at once, each once', async () => {
  const tenant = await newTenant()
  const { id, plant_id } = await sensorOf(tenant)
  await round(tenant, 0)
  const { database } = (await testApp()).deps.installation
  await database.write(systemScope(tenant.id, 'test'), async ({ db }) => {
    await sql`
      with made as (
        insert into sensors (tenant_id, id, plant_id, name, unit)
        select ${tenant.id}::uuid, gen_random_uuid(), ${plant_id}::uuid, 'Sensore ' || n, '' from generate_series(1, 520) n returning id)
      insert into sensor_states (tenant_id, sensor_id, plant_id, last_ms, last_value, last_score, last_mark, overdue_ms, pulse)
      select ${tenant.id}::uuid, m.id, ${plant_id}::uuid, st.last_ms, 1, 0, 1, 1, st.pulse
        from made m cross join sensor_states st where st.tenant_id = ${tenant.id} and st.sensor_id = ${id}`.execute(db)
    await sql`update sensor_states set overdue_ms = 1 where tenant_id = ${tenant.id} and sensor_id = ${id}`.execute(db)
  })
  const { kind } = silenceSchedules[0]!
  for (let i = 0; i < 3; i += 1) await custodyRun((custody) => enqueueFor(custody, tenant.id, kind, {}))
  const mine = async () => (await rowsOf(kind.name)).filter(({ tenant_id }) => tenant_id === tenant.id)
  const isDone = async () => (await mine()).every(({ finished_at }) => finished_at !== null)
  await withWorker([...silenceJobs], () => withWorker([...silenceJobs], () => until(isDone)))
  assert.ok((await mine()).every(({ state }) => state === 'completed'))
  const { rows } = await database.read(systemScope(tenant.id, 'test'), ({ db }) =>
    sql<{ alarms: number; sensors: number; awaited: number }>`
      select count(*)::integer as alarms, count(distinct sensor_id)::integer as sensors,
             (select count(*)::integer from sensor_states where tenant_id = ${tenant.id} and overdue_ms is not null) as awaited
        from anomalies where tenant_id = ${tenant.id} and silent_since is not null`.execute(db),
  )
  assert.deepEqual(rows, [{ alarms: 521, sensors: 521, awaited: 0 }])
})
