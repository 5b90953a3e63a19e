import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MIN, HOUR, start, iso, floor, done, shift, versions, said } from '../floor.fixture.ts'

test('a planned downtime is changed before it is over; what has begun keeps its beginning', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(60)
  await shift(admin, line_id, t, 8)
  const plan = async (starts: number, ends: number) => {
    const body = { line_id, starts_at: iso(starts), ends_at: iso(ends), reason_code: 'break' }
    return (await done(admin.call('POST', '/plant-ops/planned-downtimes', body), 201)).id as string
  }
  const change = (id: string, body: object, headers?: Record<string, string>) =>
    admin.call('PATCH', `/plant-ops/planned-downtimes/${id}`, body, headers)
  const now = Date.now()
  const next = await plan(now + HOUR, now + 2 * HOUR)
  assert.equal((await change(next, { note: 'x' }, { 'if-match': '"9"' })).status, 412)
  const same = await done(change(next, { reason_code: 'break' }))
  assert.equal(same.revision, 1)
  const moved = await done(change(next, { ends_at: iso(now + 3 * HOUR), note: 'Inventory' }))
  assert.deepEqual([iso(Date.parse(moved.ends_at)), moved.note, moved.revision], [iso(now + 3 * HOUR), 'Inventory', 2])
  assert.equal((await change(next, { ends_at: iso(now) })).body.error.code, 'plant_ops.period_not_usable')
  assert.equal(
    (await change(next, { reason_code: 'equipment_failure' })).body.error.code,
    'lines.reason_of_other_state',
  )
  assert.equal((await change(next, { starts_at: iso(now - 63 * 24 * HOUR) })).body.error.code, 'plant_ops.too_far_back')
  // Planned into the past it is taken from the plan of a shift that is over.
  await done(change(next, { starts_at: iso(t + HOUR), ends_at: iso(t + 2 * HOUR) }))
  assert.deepEqual(said(await versions(admin, line)), ['1 closed', '2 planned_downtime'])
  assert.equal((await change(next, { note: 'late' })).body.error.code, 'planned_downtimes.over')
  const begun = await plan(now - HOUR, now + HOUR)
  assert.equal((await change(begun, { starts_at: iso(now - 2 * HOUR) })).body.error.code, 'planned_downtimes.begun')
  assert.equal((await change(begun, { ends_at: iso(now - 60_000) })).body.error.code, 'planned_downtimes.begun')
  await done(change(begun, { ends_at: iso(now + 2 * HOUR) }))
  const last = await plan(now + 4 * HOUR, now + 5 * HOUR)
  assert.equal((await change(last, { starts_at: iso(now) })).body.error.code, 'planned_downtimes.overlap')
})

test('a pattern goes on otherwise from a day on: what was worked stays, the new one names the old', async () => {
  const { admin, line_id } = await floor()
  const day = (days: number): string => iso(Date.now() + days * 24 * HOUR).slice(0, 10)
  const body = { line_id, name: 'Notte', days: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'], starts: '22:00' }
  const times = { ends: '06:00', time_zone: 'Etc/UTC', valid_from: day(-5), valid_until: day(20) }
  const old = await done(admin.call('POST', '/plant-ops/shift-patterns', { ...body, ...times }), 201)
  const change = (id: string, more: object) => admin.call('POST', `/plant-ops/shift-patterns/${id}/change`, more)
  for (const from of [day(0), day(-2), day(21)]) {
    const refused = await change(old.id, { from, starts: '21:00' })
    assert.deepEqual([refused.status, refused.body.error.code], [422, 'shifts.invalid_pattern'], from)
    assert.equal(refused.body.error.details[0].field, 'from')
  }
  assert.equal((await change(old.id, { from: day(3), ends: '25:00' })).body.error.code, 'plant_ops.invalid')
  // The night before is worked until 06:00: a shift that begins earlier overlaps it, and nothing has changed.
  assert.equal((await change(old.id, { from: day(3), starts: '05:00' })).body.error.code, 'shifts.overlap')
  const made = await done(change(old.id, { from: day(3), starts: '21:00', ends: '05:00' }), 201)
  assert.deepEqual([made.replaces, made.valid_from, made.valid_until, made.name], [old.id, day(3), day(20), 'Notte'])
  assert.deepEqual([made.shifts, made.starts, made.days], [18, '21:00', old.days])
  const kept = await done(admin.call('GET', `/plant-ops/shift-patterns/${old.id}`))
  assert.deepEqual([kept.valid_until, kept.shifts, kept.starts, kept.revision], [day(2), 8, '22:00', 2])
  const { items } = await done(admin.call('GET', `/plant-ops/shifts?line_id=${line_id}&limit=100`))
  assert.deepEqual(
    items.map(({ local_date, starts_at }: Record<string, string>) => `${local_date} ${starts_at!.slice(11, 16)}`),
    Array.from({ length: 26 }, (_, i) => `${day(i - 5)} ${i < 8 ? '22:00' : '21:00'}`),
  )
  assert.equal((await change(made.id, { from: day(3) })).body.error.details[0].field, 'from')
  await done(admin.call('DELETE', `/plant-ops/shift-patterns/${made.id}`), 204)
  assert.equal((await change(made.id, { from: day(9) })).body.error.code, 'shifts.over')
})

test('a planned downtime is taken from the plan; two of a line do not overlap; what is over stays', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(10)
  await shift(admin, line_id, t, 8)
  const plan = (from: number, to: number, reason_code = 'break') =>
    admin.call('POST', '/plant-ops/planned-downtimes', { line_id, starts_at: iso(from), ends_at: iso(to), reason_code })
  const made = await done(plan(t + HOUR, t + 2 * HOUR), 201)
  assert.equal((await plan(t, t + 90 * MIN)).body.error.code, 'planned_downtimes.overlap')
  assert.equal((await plan(t + HOUR, t)).body.error.code, 'plant_ops.period_not_usable')
  assert.equal(
    (await plan(t + 3 * HOUR, t + 4 * HOUR, 'equipment_failure')).body.error.code,
    'lines.reason_of_other_state',
  )
  const oee = await done(admin.call('GET', `${line}/oee?from=${iso(t)}&to=${iso(t + 8 * HOUR)}`))
  assert.deepEqual([oee.sums.pot_s, oee.sums.planned_downtime_s, oee.sums.pbt_s], [8 * 3600, 3600, 7 * 3600])
  const late = await admin.call('DELETE', `/plant-ops/planned-downtimes/${made.id}`)
  assert.equal(late.body.error.code, 'planned_downtimes.over')
  const next = await done(plan(Date.now() + HOUR, Date.now() + 2 * HOUR), 201)
  await done(admin.call('DELETE', `/plant-ops/planned-downtimes/${next.id}`), 204)
  assert.equal((await done(admin.call('GET', `/plant-ops/planned-downtimes?line_id=${line_id}`))).items.length, 1)
})

test('shifts do not overlap, an hour that the clock skips is no shift, and a pattern ends without its past', async () => {
  const { admin, line_id } = await floor()
  const body = {
    line_id,
    name: 'Notte',
    days: ['sat', 'sun'],
    starts: '22:00',
    ends: '06:00',
    time_zone: 'Europe/Rome',
  }
  const make = (more: object) => admin.call('POST', '/plant-ops/shift-patterns', { ...body, ...more })
  const spring = await done(make({ valid_from: '2027-03-27', valid_until: '2027-03-28' }), 201)
  assert.equal(spring.shifts, 2)
  const { items } = await done(admin.call('GET', `/plant-ops/shifts?line_id=${line_id}`))
  assert.deepEqual(
    items.map(({ hours }: { hours: number }) => hours),
    [7, 8],
  )
  const code = async (more: object) => (await make(more)).body.error?.code
  assert.equal(
    await code({ valid_from: '2027-03-28', valid_until: '2027-03-28', starts: '05:00', ends: '07:00' }),
    'shifts.overlap',
  )
  assert.equal(
    await code({ valid_from: '2027-03-28', valid_until: '2027-03-28', starts: '02:00', ends: '03:00' }),
    'shifts.none',
  )
  assert.equal(await code({ valid_from: '2027-03-28', valid_until: '2027-03-27' }), 'shifts.invalid_pattern')
  assert.equal(await code({ valid_from: '2027-01-01', valid_until: '2028-12-31' }), 'shifts.invalid_pattern')
  assert.equal(await code({ valid_from: '1000-01-01', valid_until: '1000-01-02' }), 'shifts.invalid_pattern')
  assert.equal(await code({ valid_from: '9999-12-30', valid_until: '9999-12-31' }), 'shifts.invalid_pattern')
  assert.equal(
    await code({ valid_from: '2027-04-01', valid_until: '2027-04-02', time_zone: 'Europe/Roma' }),
    'shifts.invalid_pattern',
  )
  assert.equal(
    await code({ valid_from: '2027-04-01', valid_until: '2027-04-02', starts: '25:00' }),
    'plant_ops.invalid',
  )
  await done(admin.call('DELETE', `/plant-ops/shift-patterns/${spring.id}`), 204)
  assert.deepEqual((await done(admin.call('GET', `/plant-ops/shifts?line_id=${line_id}`))).items, [])
})
