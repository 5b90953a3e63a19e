import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, plantOf } from '#test/harness.ts'

test('a line is created idle, read, changed under its revision, and hidden', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const { admin } = tenant
  const made = await admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Corta', code: 'L1' })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual([made.body.status, made.body.ideal_cycle_time_s, made.body.revision], ['idle', null, 1])
  const path = `/plant-ops/lines/${made.body.id}`
  const stale = await admin.call('PATCH', path, { name: 'X' }, { 'if-match': '"7"' })
  assert.equal(stale.status, 412)
  const changed = await admin.call('PATCH', path, { ideal_cycle_time_s: 0.5 }, { 'if-match': '"1"' })
  assert.deepEqual([changed.status, changed.body.ideal_cycle_time_s, changed.body.revision], [200, 0.5, 2])
  assert.equal((await admin.call('GET', path)).headers['etag'], '"2"')
  const twice = await admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Other', code: 'l1' })
  assert.deepEqual([twice.status, twice.body.error.code], [409, 'lines.code_taken'])
  assert.equal((await admin.call('DELETE', path)).status, 204)
  assert.equal((await admin.call('GET', path)).status, 404)
  assert.equal((await admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Other', code: 'l1' })).status, 201)
})

test('a line of no plant, or with fields that cannot be, is refused with the field named', async () => {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const absent = await tenant.admin.call('POST', '/plant-ops/lines', { plant_id: uuidv7(), name: 'A', code: 'A' })
  assert.deepEqual([absent.status, absent.body.error.code], [404, 'lines.plant_not_found'])
  for (const [body, field] of [
    [{ plant_id, name: ' ', code: 'A' }, 'name'],
    [{ plant_id, name: 'A', code: 'A', ideal_cycle_time_s: 0 }, 'ideal_cycle_time_s'],
    [{ plant_id, name: 'A', code: 'A', ideal_cycle_time_s: -1 }, 'ideal_cycle_time_s'],
    [{ plant_id, name: 'A', code: 'A', status: 'running' }, 'status'],
  ] as const) {
    const refused = await tenant.admin.call('POST', '/plant-ops/lines', body)
    assert.deepEqual([refused.status, refused.body.error.details[0].field], [422, field])
    assert.equal(refused.body.error.code, 'plant_ops.invalid')
  }
})

test('who sees other plants sees no line of this one and makes none here; a Viewer changes none', async () => {
  const tenant = await newTenant()
  const [plant_id, other] = [await plantOf(tenant), await plantOf(tenant)]
  const made = await tenant.admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Corta', code: 'L1' })
  const manager = await tenant.user('Asset Manager', [other])
  assert.equal((await manager.call('GET', `/plant-ops/lines/${made.body.id}`)).status, 404)
  assert.deepEqual((await manager.call('GET', '/plant-ops/lines')).body.items, [])
  const there = await manager.call('POST', '/plant-ops/lines', { plant_id, name: 'X', code: 'X' })
  assert.deepEqual([there.status, there.body.error.code], [404, 'lines.plant_not_found'])
  const viewer = await tenant.user('Viewer')
  assert.equal((await viewer.call('POST', '/plant-ops/lines', { plant_id, name: 'X', code: 'X' })).status, 403)
  assert.equal((await viewer.call('GET', `/plant-ops/lines/${made.body.id}`)).status, 200)
})
