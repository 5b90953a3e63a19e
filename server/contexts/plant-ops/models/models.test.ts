import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { EdgeWork } from '#platform/database/work.ts'
import { doDue, until } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, plantOf, type TestTenant } from '#test/harness.ts'
import { noiseOf, onAndOff, STEP_MS } from './models.fixture.ts'
import { modelJobs } from './run-training.ts'
import { activateModel } from './set-champion.ts'

/** Steps of four days, and the last of them half an hour ago. */
const STEPS = 1_152
const BEGIN = Math.floor(Date.now() / STEP_MS) * STEP_MS - (STEPS + 6) * STEP_MS
const at = (step: number): string => new Date(BEGIN + step * STEP_MS).toISOString()
const cycle = (seed: number): ((step: number) => number) => {
  const noise = noiseOf(seed)
  return (step) => onAndOff(step) + 0.3 * noise()
}

async function sensorOf(tenant: TestTenant, valueOf: ((step: number) => number) | null, plant?: string) {
  const plant_id = plant ?? (await plantOf(tenant))
  const { body } = await tenant.admin.call('POST', '/plant-ops/sensors', { plant_id, name: 'Forno', unit: 'Cel' })
  const id = body.id as string
  const path = `/plant-ops/sensors/${id}`
  if (valueOf !== null) {
    const readings = Array.from({ length: STEPS }, (_, n) => ({ sensor_id: id, ts: at(n), value: valueOf(n) }))
    const sent = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings })
    assert.equal(sent.body.accepted, STEPS, sent.text)
  }
  return { id, plant_id, path, models: `${path}/models` }
}
async function train(tenant: TestTenant, models: string, body: object = {}) {
  const asked = await tenant.admin.call('POST', models, body)
  assert.equal(asked.status, 202, asked.text)
  assert.deepEqual([asked.body.status, asked.body.reason, asked.body.report], ['challenger', null, null])
  await doDue([...modelJobs])
  return (await tenant.admin.call('GET', `${models}/${asked.body.id}`)).body
}
const send = async (tenant: TestTenant, path: string, step: number, value: number, quality = 192) =>
  (await tenant.admin.call('POST', `${path}/readings`, { value, ts: at(step), quality })).body
/** What this process remembers of a sensor no longer holds: it reads the row anew, as another process would. */
const forget = (tenant: TestTenant, id: string) =>
  tenant.admin.write('sensors.write', ({ db }) =>
    sql`update sensor_states set stamp = stamp + 1 where tenant_id = ${tenant.id} and sensor_id = ${id}`.execute(db),
  )
const statuses = async (tenant: TestTenant, models: string): Promise<string[]> => {
  const { body } = await tenant.admin.call('GET', models)
  return body.items.map((one: { version: number; status: string; reason: string }) =>
    [one.version, one.status, one.reason].join(' '),
  )
}

test('a model is trained, kept, scores what comes, is replaced by none that is not better, taken away and put back', async () => {
  const tenant = await newTenant()
  const valueOf = cycle(7)
  const { path, models, id, plant_id } = await sensorOf(tenant, valueOf)
  const first = await train(tenant, models)
  assert.deepEqual([first.version, first.status, first.reason], [1, 'champion', 'better'], JSON.stringify(first))
  assert.match(
    first.explanation_it,
    /^In uso: sui dati tenuti da parte sbaglia 0,\d+ °C in media, il \d+\s?% in meno rispetto al valore precedente/,
  )
  assert.match(
    first.explanation_en,
    /^In use: on held-out data it is off by 0\.\d+ °C on average, \d+% less than the previous value/,
  )
  assert.equal(first.report.season_ms, 5_400_000)

  // One that learned from the same is not better: the champion stays.
  const second = await train(tenant, models, { from: at(10) })
  assert.deepEqual([second.version, second.status, second.reason], [2, 'rejected', 'not_better'])
  assert.match(
    second.explanation_en,
    /the model in use is off by 0\.\d+ °C, and a model must be off by 10% less at least/,
  )
  assert.deepEqual(await statuses(tenant, models), ['2 rejected not_better', '1 champion better'])

  // What goes on as it did is normal, beside a sensor without a model; bad and late ones are nothing to it.
  const other = await sensorOf(tenant, null, plant_id)
  const readings = [id, other.id].map((sensor_id) => ({ sensor_id, ts: at(STEPS), value: valueOf(STEPS) }))
  const { body } = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings })
  assert.equal(body.accepted, 2)
  await send(tenant, path, STEPS + 1, 10, 0)
  const late = { sensor_id: id, ts: new Date(BEGIN + STEP_MS / 2).toISOString(), value: 10 }
  assert.equal((await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', { readings: [late] })).body.late, 1)
  await forget(tenant, id)
  assert.equal((await tenant.admin.call('GET', '/plant-ops/anomalies')).body.pagination.total, 0)

  // Off after one step and a bit instead of nine is an anomaly to a process that has read all of it from the database.
  const { body: early } = await tenant.admin.call('POST', `${path}/readings`, { value: 10, ts: at(STEPS + 1.2) })
  assert.equal(early.is_anomaly, true, JSON.stringify(early))
  const { body: alarms } = await tenant.admin.call('GET', `/plant-ops/anomalies?sensor_id=${id}`)
  const [cause] = alarms.items[0].causes
  assert.equal(cause.kind, 'model')
  assert.match(alarms.items[0].explanation_it, /per il modello del sensore atteso da 1\d,?\d* °C a 2\d,?\d* °C/)
  assert.match(alarms.items[0].explanation_en, /by the sensor’s model expected 1\d/)

  // Taken out of use by a person, and put back; a rejected one never.
  assert.equal((await tenant.admin.call('DELETE', `${models}/champion`)).status, 204)
  assert.equal((await tenant.admin.call('DELETE', `${models}/champion`)).body.error.code, 'sensor_models.no_champion')
  assert.deepEqual(await statuses(tenant, models), ['2 rejected not_better', '1 retired removed'])
  const never = await tenant.admin.call('POST', `${models}/${second.id}/activate`)
  assert.deepEqual([never.status, never.body.error.code], [409, 'sensor_models.never_champion'])
  const back = await tenant.admin.call('POST', `${models}/${first.id}/activate`)
  assert.deepEqual([back.status, back.body.status, back.body.reason], [200, 'champion', 'activated'], back.text)
  const same = await tenant.admin.call('POST', `${models}/${first.id}/activate`)
  assert.deepEqual([same.status, same.body.revision], [200, back.body.revision])

  const trail = (await tenant.admin.call('GET', '/audit?resource=sensor_model')).body.items
  const actions = trail.map(({ action }: { action: string }) => action.replace('sensor_models.', '')).toSorted()
  assert.deepEqual(actions, ['activated', 'decided', 'decided', 'requested', 'requested', 'retired'])
  const types = ['SensorModelActivated', 'SensorModelRetired', 'SensorModelDecided', 'SensorModelRequested']
  for (const type of types) {
    await until(async () => (await tenant.admin.call('GET', `/events?type=${type}`)).body.items.length > 0)
  }
})

test('a sensor with another unit has no model any more, and none of before; limits are not its affair', async () => {
  const tenant = await newTenant()
  const { path, models } = await sensorOf(tenant, cycle(7))
  const { id } = await train(tenant, models)
  await tenant.admin.call('PATCH', path, { min: 0, max: 100 })
  assert.deepEqual(await statuses(tenant, models), ['1 champion better'])
  await tenant.admin.call('PATCH', path, { unit: 'K' })
  assert.deepEqual(await statuses(tenant, models), ['1 retired unit_changed'])
  assert.equal((await send(tenant, path, STEPS, 10)).is_anomaly, false, 'nobody expects 20 any more')
  const refused = await tenant.admin.call('POST', `${models}/${id}/activate`)
  assert.deepEqual([refused.status, refused.body.error.code], [409, 'sensor_models.other_unit'])
  // While it was being trained, too.
  await tenant.admin.call('POST', models, {})
  await tenant.admin.call('PATCH', path, { unit: 'Cel' })
  await doDue([...modelJobs])
  assert.deepEqual(await statuses(tenant, models), ['2 rejected unit_changed', '1 retired unit_changed'])
})

test('noise is rejected with its figures, and a sensor that was hidden meanwhile without', async () => {
  const tenant = await newTenant()
  const noise = noiseOf(3)
  const { path, models } = await sensorOf(tenant, () => 20 + noise())
  const { status, reason, report, explanation_it } = await train(tenant, models)
  assert.deepEqual([status, reason], ['rejected', 'not_better'])
  assert.ok(report.opponents.some((one: { improvement: number }) => one.improvement < 0.1))
  assert.match(explanation_it, /^Scartato: sui dati tenuti da parte sbaglia/)
  const asked = await tenant.admin.call('POST', models, {})
  const twice = await tenant.admin.call('POST', models, {})
  assert.deepEqual([asked.status, twice.status, twice.body.error.code], [202, 409, 'sensor_models.training'])
  await tenant.admin.call('DELETE', path)
  for (const method of ['GET', 'POST'] as const) {
    assert.equal(
      (await tenant.admin.call(method, models, method === 'POST' ? {} : undefined)).body.error.code,
      'sensors.not_found',
    )
  }
  await doDue([...modelJobs])
  await tenant.admin.call('POST', `${path}/restore`)
  assert.deepEqual(await statuses(tenant, models), ['2 rejected hidden', '1 rejected not_better'])
})

test('a training that was cancelled has decided nothing, and the next may begin', async () => {
  const tenant = await newTenant()
  const { models } = await sensorOf(tenant, cycle(7))
  const { body } = await tenant.admin.call('POST', models, {})
  assert.equal((await tenant.admin.call('POST', `/jobs/${body.job_id}/cancel`)).status, 200)
  const { body: seen } = await tenant.admin.call('GET', `${models}/${body.id}`)
  assert.deepEqual([seen.status, seen.reason], ['rejected', 'not_finished'])
  assert.notEqual(seen.revision, body.revision)
  assert.equal((await train(tenant, models)).status, 'champion')
})

test('too little, or no period: refused in words before anybody waits', async () => {
  const tenant = await newTenant()
  const { models } = await sensorOf(tenant, cycle(7))
  const wrong = [
    [
      { from: at(200) },
      422,
      'sensor_models.too_little',
      /only 952 good readings are in the period, and 1000 are needed/,
    ],
    [{ to: '1999-01-01T00:00:00Z' }, 422, 'sensor_models.too_little', /only 0 good readings/],
    [{ from: at(9), to: at(9) }, 422, 'sensor_models.period', /is not before the end/],
    [{ from: '2999-01-01T00:00:00Z' }, 422, 'sensor_models.period', /is not before the end/],
    [{ from: 'yesterday' }, 422, 'plant_ops.invalid', /date-time/],
    [{ days: 3 }, 422, 'plant_ops.invalid', /./],
  ] as const
  for (const [body, status, code, message] of wrong) {
    const refused = await tenant.admin.call('POST', models, body)
    assert.deepEqual([refused.status, refused.body.error.code], [status, code], JSON.stringify(body))
    assert.match(JSON.stringify(refused.body.error.details), message)
  }
  assert.deepEqual(await statuses(tenant, models), [])
})

test('to another company and to who sees other plants there is no model; to look is not to train', async () => {
  const tenant = await newTenant()
  const { models } = await sensorOf(tenant, null)
  const stranger = (await newTenant()).admin
  const scoped = await tenant.user('Asset Manager', [await plantOf(tenant)])
  for (const other of [stranger, scoped]) {
    const calls = [
      other.call('GET', models),
      other.call('POST', models, {}),
      other.call('DELETE', `${models}/champion`),
      other.call('GET', `${models}/${uuidv7()}`),
      other.call('POST', `${models}/${uuidv7()}/activate`),
    ]
    for (const { status, body } of await Promise.all(calls)) {
      assert.deepEqual([status, body.error.code], [404, 'sensors.not_found'])
    }
  }
  const viewer = await tenant.user('Viewer')
  assert.deepEqual((await viewer.call('GET', models)).body.items, [])
  for (const [method, path] of [
    ['POST', models],
    ['DELETE', `${models}/champion`],
  ] as const) {
    assert.equal((await viewer.call(method, path, method === 'POST' ? {} : undefined)).status, 403)
  }
  const { status, body } = await tenant.admin.call('GET', `${models}/${uuidv7()}`)
  assert.deepEqual([status, body.error.code], [404, 'sensor_models.not_found'])
})

test('a training during which a person chose a model is held against that one', async () => {
  const tenant = await newTenant()
  const { id: sensor_id, models } = await sensorOf(tenant, cycle(7))
  const first = await train(tenant, models)
  await tenant.admin.call('DELETE', `${models}/champion`)
  const { body: second } = await tenant.admin.call('POST', models, {})
  const input = { sensor_id, model_id: second.id as string }
  const { run } = modelJobs[0]!.handler as { run: (work: EdgeWork, given: typeof input) => Promise<unknown> }
  const waits = () =>
    tenant.admin.read('sensors.read', async ({ db }) => {
      const { rows } = await sql`
        select from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%from sensor_states%'`.execute(
        db,
      )
      return rows.length > 0
    })
  let training: Promise<unknown> | undefined
  await tenant.admin.write('sensors.write', async (work) => {
    await activateModel(work, sensor_id, first.id)
    training = tenant.admin.write('sensors.write', (own) => run(own, input))
    await until(waits)
  })
  assert.deepEqual(await training, { next: input })
  await doDue([...modelJobs])
  assert.deepEqual(await statuses(tenant, models), ['2 rejected not_better', '1 champion activated'])
})
