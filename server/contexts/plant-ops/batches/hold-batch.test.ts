import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floor, done, planned, refused, ago } from '../floor.fixture.ts'

test('a batch is held with a reason and resumed: that time is no run time, and its line stands', async () => {
  const { admin, line_id } = await floor()
  const { path, id } = await planned(admin, line_id)
  const line = async () => (await admin.call('GET', `/plant-ops/lines/${line_id}`)).body.status
  await done(admin.call('POST', `${path}/start`, { at: ago(120) }))
  await done(admin.call('POST', `/plant-ops/lines/${line_id}/status`, { status: 'running' }))
  await done(admin.call('POST', `${path}/outputs`, { good_quantity: 40, at: ago(70) }))
  const held = await done(admin.call('POST', `${path}/hold`, { reason: 'Laboratory', at: ago(60) }))
  assert.deepEqual([held.status, held.holds.length, held.holds[0].reason], ['held', 1, 'Laboratory'])
  assert.deepEqual([held.holds[0].ends_at, held.ended_at], [null, null])
  // Who says that the line runs does not make it run time.
  await done(admin.call('POST', `/plant-ops/lines/${line_id}/status`, { status: 'running', at: ago(50) }))
  const resumed = await done(admin.call('POST', `${path}/resume`, { at: ago(30) }))
  assert.deepEqual([resumed.status, resumed.holds.length], ['running', 1])
  await done(admin.call('POST', `/plant-ops/lines/${line_id}/status`, { status: 'running' }))
  assert.equal(await line(), 'running')
  const whole = await done(admin.call('POST', `${path}/complete`, { good_quantity: 100, scrap_quantity: 0 }))
  assert.equal(whole.status, 'completed')
  // 120 minutes, of which 30 on hold: 90 of them can be run time.
  assert.ok(Math.abs(whole.availability - 90 / 120) < 0.02, String(whole.availability))
  assert.ok(Math.abs(whole.performance - 50 / 90) < 0.02, String(whole.performance))
  const { items } = (await admin.call('GET', `/audit?resource_id=${id}&limit=50`)).body
  const actions = items.map(({ action }: { action: string }) => action)
  for (const action of ['batches.held', 'batches.resumed']) assert.ok(actions.includes(action), action)
})

test('holding puts a running line to idle and resuming to running; what a batch on hold cannot do is said', async () => {
  const { tenant, admin, line_id } = await floor()
  const { path } = await planned(admin, line_id)
  const line = async () => (await admin.call('GET', `/plant-ops/lines/${line_id}`)).body.status
  const hold = (body: object = { reason: 'Laboratory' }) => admin.call('POST', `${path}/hold`, body)
  await refused(hold(), 409, 'batches.not_running')
  await refused(admin.call('POST', `${path}/resume`), 409, 'batches.not_held')
  await done(admin.call('POST', `${path}/start`))
  await refused(admin.call('POST', `${path}/resume`), 409, 'batches.not_held')
  await refused(hold({}), 422, 'plant_ops.invalid')
  await refused(hold({ reason: 'x', at: ago(5) }), 422, 'batches.before_start')
  await refused(hold({ reason: 'x', at: ago(-5) }), 422, 'plant_ops.in_future')
  await done(hold())
  assert.equal(await line(), 'idle')
  await refused(hold(), 409, 'batches.on_hold')
  await refused(admin.call('POST', `${path}/start`), 409, 'batches.not_planned')
  await refused(admin.call('POST', `${path}/outputs`, { good_quantity: 1 }), 409, 'batches.on_hold')
  const complete = { good_quantity: 1, scrap_quantity: 0 }
  await refused(admin.call('POST', `${path}/complete`, complete), 409, 'batches.on_hold')
  await refused(admin.call('PATCH', path, { good_quantity: 1, reason: 'x' }), 409, 'batches.fixed_field')
  await refused(admin.call('DELETE', path), 409, 'batches.started_stays')
  await refused(admin.call('DELETE', `/plant-ops/lines/${line_id}`), 409, 'lines.busy')
  await refused(admin.call('POST', `${path}/resume`, { at: ago(5) }), 422, 'batches.before_hold')
  const other = await planned(admin, line_id)
  await refused(admin.call('POST', `${other.path}/start`), 409, 'batches.line_busy')
  assert.equal((await admin.call('GET', `/plant-ops/batches?line_id=${line_id}&status=held`)).body.items.length, 1)
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('POST', `${path}/resume`)).status, 403)
  await done(admin.call('POST', `${path}/resume`))
  assert.equal(await line(), 'running')
  await refused(hold({ reason: 'x', at: ago(0.1) }), 422, 'batches.before_start')
})

test('a batch on hold is aborted with a reason, and its hold ends with it; a planned one is cancelled the same way', async () => {
  const { admin, line_id } = await floor()
  const { path } = await planned(admin, line_id)
  await done(admin.call('POST', `${path}/start`, { at: ago(60) }))
  await done(admin.call('POST', `${path}/hold`, { reason: 'Metal found', at: ago(30) }))
  const measured = await admin.call('POST', `${path}/measurements`, { control_point: 'CCP1', value: 1 })
  assert.equal(measured.body.error.code, 'controls.point_unknown', 'a batch on hold is measured')
  const aborted = await done(admin.call('PATCH', path, { status: 'aborted', reason: 'Metal' }))
  assert.deepEqual([aborted.status, aborted.holds[0].ends_at], ['aborted', aborted.ended_at])
  const next = await planned(admin, line_id)
  const cancelled = await done(admin.call('PATCH', next.path, { status: 'aborted', reason: 'No order' }))
  assert.deepEqual([cancelled.status, cancelled.started_at, cancelled.end_reason], ['aborted', null, 'No order'])
  await refused(admin.call('POST', `${next.path}/start`), 409, 'batches.not_planned')
  await refused(admin.call('POST', `${next.path}/hold`, { reason: 'x' }), 409, 'batches.not_running')
})
