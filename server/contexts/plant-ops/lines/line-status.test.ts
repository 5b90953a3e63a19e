import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, plantOf, type TestUser } from '#test/harness.ts'
import { LINE_STATUSES, TIME_MODEL } from './line-status.ts'
import { isFailure, PUBLIC_REASONS, reasonNamed } from './stop-reasons.ts'

const HOUR = 3_600_000
const ago = (hours: number): string => new Date(Date.now() - hours * HOUR).toISOString()

async function newLine() {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const made = await tenant.admin.call('POST', '/plant-ops/lines', { plant_id, name: 'Corta', code: 'L1' })
  return { tenant, plant_id, admin: tenant.admin, path: `/plant-ops/lines/${made.body.id}` }
}
const statesOf = async (admin: TestUser, path: string, query = '') =>
  (await admin.call('GET', `${path}/states?limit=200${query}`)).body.items as {
    status: string
    starts_at: string
    ends_at: string | null
    superseded_at: string | null
  }[]

test('every state has its element of the time model, every reason a state, every state a reason', () => {
  assert.deepEqual(Object.keys(TIME_MODEL).toSorted(), LINE_STATUSES.toSorted())
  assert.equal(PUBLIC_REASONS.length, 22)
  assert.equal(new Set(PUBLIC_REASONS.map(({ code }) => code)).size, 22)
  for (const status of LINE_STATUSES)
    assert.ok(
      PUBLIC_REASONS.some(({ statuses }) => statuses.includes(status)),
      status,
    )
  assert.equal(reasonNamed('180000', PUBLIC_REASONS)?.code, 'equipment_failure')
  const failures = new Set(['equipment_failure'])
  assert.deepEqual(
    [
      isFailure('down', null, failures),
      isFailure('down', 'external_failure', failures),
      isFailure('idle', null, failures),
    ],
    [true, false, false],
  )
})

test('a state is set with its reason; saying it again changes nothing', async () => {
  const { admin, path } = await newLine()
  const down = await admin.call('POST', `${path}/status`, { status: 'down', reason_code: '180000', note: 'Press' })
  assert.equal(down.status, 200, down.text)
  const { status, reason_code, status_note, revision } = down.body
  assert.deepEqual([status, reason_code, status_note, revision], ['down', 'equipment_failure', 'Press', 2])
  const again = await admin.call('POST', `${path}/status`, {
    status: 'down',
    reason_code: 'equipment_failure',
    note: 'Press',
  })
  assert.equal(again.body.revision, 2)
  const states = await statesOf(admin, path)
  assert.deepEqual(
    states.map((one) => [one.status, one.ends_at === null]),
    [
      ['down', true],
      ['idle', false],
    ],
  )
})

test('what was said of the past is corrected up to the next change, and the earlier word is kept', async () => {
  const { admin, path } = await newLine()
  const say = async (status: string, at: string) => {
    const answer = await admin.call('POST', `${path}/status`, { status, at })
    assert.equal(answer.status, 200, answer.text)
    return answer.body
  }
  const [a, b, c, d] = [ago(10), ago(8), ago(6), ago(7)]
  await say('running', a)
  await say('cleaning', b)
  // Before the line was made nobody had said anything: each holds up to what was said of later.
  assert.equal((await say('running', c)).status, 'idle')
  const corrected = await say('down', d)
  assert.equal(corrected.status, 'idle')
  const held = (await statesOf(admin, path)).toReversed()
  assert.deepEqual(
    held.map((one) => [one.status, one.starts_at.slice(0, 19)]),
    [
      ['running', a.slice(0, 19)],
      ['cleaning', b.slice(0, 19)],
      ['down', d.slice(0, 19)],
      ['running', c.slice(0, 19)],
      ['idle', held[4]!.starts_at.slice(0, 19)],
    ],
  )
  for (const [i, one] of held.slice(0, -1).entries()) assert.equal(one.ends_at, held[i + 1]!.starts_at)
  const all = await statesOf(admin, path, '&superseded=true')
  assert.deepEqual(
    [...new Set(all.filter((one) => one.superseded_at !== null).map(({ status }) => status))].toSorted(),
    ['cleaning', 'running'],
  )
})

test('a state that cannot be is refused, with the field named', async () => {
  const { admin, path } = await newLine()
  const cases: [object, string, string][] = [
    [{ status: 'broken' }, 'plant_ops.invalid', 'status'],
    [{ status: 'down', reason_code: 'gremlins' }, 'lines.reason_unknown', 'reason_code'],
    [{ status: 'down', reason_code: 'break' }, 'lines.reason_of_other_state', 'reason_code'],
    [{ status: 'down', at: ago(-2) }, 'plant_ops.in_future', 'at'],
    [{ status: 'down', at: '9999-12-31T23:59:59Z' }, 'plant_ops.in_future', 'at'],
    [{ status: 'down', at: '0001-01-01T00:00:00Z' }, 'plant_ops.invalid', 'at'],
    [{ status: 'down', at: '1000-01-01T00:00:00Z' }, 'plant_ops.too_far_back', 'at'],
    [{ status: 'down', at: ago(63 * 24) }, 'plant_ops.too_far_back', 'at'],
    [{ status: 'down', at: '2026-11-21 10:00' }, 'plant_ops.invalid', 'at'],
  ]
  for (const [body, code, field] of cases) {
    const refused = await admin.call('POST', `${path}/status`, body)
    assert.deepEqual([refused.status, refused.body.error.code, refused.body.error.details[0].field], [422, code, field])
  }
  assert.equal((await statesOf(admin, path)).length, 1)
})

test('many who speak of one line at once leave one history without gaps and overlaps', async () => {
  const { admin, path } = await newLine()
  const words = ['running', 'down', 'cleaning', 'idle', 'maintenance', 'changeover']
  const answers = await Promise.all(
    words.map((status, i) => admin.call('POST', `${path}/status`, { status, at: ago(i + 1) })),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  const held = (await statesOf(admin, path)).toReversed()
  for (const [i, one] of held.slice(0, -1).entries()) assert.equal(one.ends_at, held[i + 1]!.starts_at)
})

test('a company adds reasons of its own, which others do not have; a retired one is not used again', async () => {
  const { admin, path } = await newLine()
  const body = { code: 'die_worn', name_it: 'Trafila usurata', name_en: 'Worn die', statuses: ['down'], failure: true }
  const made = await admin.call('POST', '/plant-ops/stop-reasons', body)
  assert.equal(made.status, 201, made.text)
  assert.equal((await admin.call('POST', '/plant-ops/stop-reasons', body)).status, 409)
  assert.equal((await admin.call('POST', '/plant-ops/stop-reasons', { ...body, code: 'break' })).status, 409)
  assert.equal((await admin.call('POST', `${path}/status`, { status: 'down', reason_code: 'die_worn' })).status, 200)
  const other = await newLine()
  const there = await other.admin.call('POST', `${other.path}/status`, { status: 'down', reason_code: 'die_worn' })
  assert.equal(there.body.error.code, 'lines.reason_unknown')
  assert.equal((await admin.call('DELETE', `/plant-ops/stop-reasons/${made.body.id}`)).status, 204)
  const retired = await admin.call('POST', `${path}/status`, { status: 'down', reason_code: 'die_worn', note: 'x' })
  assert.equal(retired.body.error.code, 'lines.reason_unknown')
})

test('an Operator sets states, a Viewer does not', async () => {
  const { tenant, path } = await newLine()
  const [operator, viewer] = [await tenant.user('Operator'), await tenant.user('Viewer')]
  assert.equal((await operator.call('POST', `${path}/status`, { status: 'running' })).status, 200)
  assert.equal((await viewer.call('POST', `${path}/status`, { status: 'idle' })).status, 403)
})
