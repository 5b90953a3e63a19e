import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doDue, until, withWorker } from '#platform/jobs/jobs.fixture.ts'
import {
  MIN,
  HOUR,
  start,
  iso,
  floor,
  done,
  near,
  shift,
  run,
  versions,
  said as saidOf,
  pending,
} from '../floor.fixture.ts'
import { oeeJobs } from './write-restatements.ts'

test('a closed shift and day that change keep what they said before, with the reason', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(72)
  await shift(admin, line_id, t, 8)
  const batch = await run(admin, line_id, t, t + 8 * HOUR, { good_quantity: 480, scrap_quantity: 0 })
  const history = async (period: string) => {
    await doDue([...oeeJobs])
    return (await done(admin.call('GET', `${line}/restatements?period=${period}&limit=200`))).items
  }
  const said = await history('shift')
  const oees = (rows: { figures: { oee: number | null } }[]) => rows.map(({ figures }) => figures.oee)
  // The shift was closed without a batch, then the batch was started and completed in its past.
  assert.deepEqual(
    said.map(({ version, reason }: { version: number; reason: string }) => `${version} ${reason}`),
    ['1 closed', '2 batch_started', '3 batch_completed'],
  )
  assert.deepEqual(oees(said), [0, 0, 0.5])
  await done(
    admin.call('PATCH', `/plant-ops/batches/${batch.id}`, {
      good_quantity: 384,
      scrap_quantity: 96,
      reason: 'Weighed',
    }),
  )
  await done(
    admin.call('POST', `${line}/status`, { status: 'planned_stop', reason_code: 'break', at: iso(t + 4 * HOUR) }),
  )
  const now = await history('shift')
  assert.deepEqual(
    now.slice(3).map(({ reason }: { reason: string }) => reason),
    ['correction: Weighed', 'line_status'],
  )
  near(oees(now)[3]!, 0.4)
  near(oees(now)[4]!, 0.8)
  const live = await done(admin.call('GET', `${line}/oee?from=${iso(t)}&to=${iso(t + 8 * HOUR)}`))
  near(live.oee, 0.8)
  const days = await history('day')
  assert.ok(days.length >= 4 && days.every(({ ends_at }: { ends_at: string }) => Date.parse(ends_at) <= Date.now()))
})

test('a past that is told in many steps asks for one job, and each step leaves the figure that it made', async () => {
  const here = await floor()
  const { admin, line_id, line } = here
  const t = start(72)
  await shift(admin, line_id, t, 8)
  await run(admin, line_id, t, t + 8 * HOUR, { good_quantity: 480, scrap_quantity: 0 })
  for (const hour of [6, 4, 2])
    await done(
      admin.call('POST', `${line}/status`, { status: 'planned_stop', reason_code: 'break', at: iso(t + hour * HOUR) }),
    )
  const { items } = await done(admin.call('GET', '/jobs?limit=50'))
  assert.equal(items.filter(({ kind }: { kind: string }) => kind === 'oee.restate').length, 1)
  // The shifts, the start, the completion and three stops.
  assert.equal(await pending(here), 6)
  const kept = await versions(admin, line)
  const stops = ['4 line_status', '5 line_status', '6 line_status']
  assert.deepEqual(saidOf(kept), ['1 closed', '2 batch_started', '3 batch_completed', ...stops])
  // 4 hours' worth was made, in a plan of 8, then 6, 4 and 2 hours.
  for (const [i, oee] of [0, 0, 4 / 8, 4 / 6, 4 / 4, 4 / 2].entries()) near(kept[i]!.figures.oee, oee)
  // Saying it again says nothing new.
  await done(
    admin.call('POST', `${line}/status`, { status: 'planned_stop', reason_code: 'break', at: iso(t + 3 * HOUR) }),
  )
  assert.equal(await pending(here), 0)
})

test('what is told while the job works is not lost: the last version is what the figure is, and none is left out', async () => {
  const here = await floor()
  const { admin, line_id, line } = here
  const t = start(72)
  await shift(admin, line_id, t, 8)
  await run(admin, line_id, t, t + 8 * HOUR, { good_quantity: 480, scrap_quantity: 0 })
  const tell = (minute: number, status: string) =>
    done(admin.call('POST', `${line}/status`, { status, at: iso(t + minute * MIN) }))
  await withWorker([...oeeJobs], async () => {
    for (const hour of [7, 3, 5, 1, 6, 2, 4])
      await Promise.all([tell(hour * 60, 'down'), tell(hour * 60 + 10, 'cleaning'), tell(hour * 60 + 20, 'running')])
    await until(async () => (await pending(here)) === 0)
  })
  const kept = await versions(admin, line)
  assert.deepEqual(
    kept.map(({ version }) => version),
    kept.map((_, i) => i + 1),
  )
  const live = await done(admin.call('GET', `${line}/oee?from=${iso(t)}&to=${iso(t + 8 * HOUR)}`))
  const last = kept.at(-1)!.figures as unknown as { oee: number; sums: Record<string, number> }
  assert.deepEqual([last.oee, last.sums], [live.oee, live.sums])
  assert.equal(live.sums.failures, 7)
})

test('a report of what has just come out asks for nothing: no closed shift or day can be another one', async () => {
  const here = await floor()
  const { admin, line_id } = here
  const body = { line_id, product_code: 'PENNE', planned_quantity: 600, unit: 'pcs' }
  const { id } = await done(admin.call('POST', '/plant-ops/batches', body), 201)
  await done(admin.call('POST', `/plant-ops/batches/${id}/start`, {}))
  await done(admin.call('POST', `/plant-ops/batches/${id}/outputs`, { good_quantity: 1 }))
  await done(admin.call('POST', `/plant-ops/lines/${line_id}/status`, { status: 'down' }))
  // A minute after midnight it may have been a day that is over.
  const minutes = new Date().getUTCHours() * 60 + new Date().getUTCMinutes()
  if (minutes % 60 > 1) assert.equal(await pending(here), 0)
})

test('that a failure of a closed shift is over restates what the shift said of it', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(60)
  await shift(admin, line_id, t, 8)
  const down = { status: 'down', reason_code: 'equipment_failure', at: iso(t + 4 * HOUR) }
  await done(admin.call('POST', `${line}/status`, down))
  await done(admin.call('POST', `${line}/status`, { status: 'idle', at: iso(t + 6 * HOUR) }))
  const kept = await versions(admin, line)
  assert.deepEqual(saidOf(kept).slice(0, 2), ['1 closed', '2 line_status'])
  near(kept.at(-1)!.figures.mttr_h, 2)
})

test('a stop that is found in the second shift of a report takes from the first shift nothing but its share', async () => {
  const { admin, line_id, line } = await floor()
  const t = start(60)
  await shift(admin, line_id, t, 4)
  await shift(admin, line_id, t + 4 * HOUR, 4)
  await run(admin, line_id, t, t + 8 * HOUR, { good_quantity: 480, scrap_quantity: 0 })
  await done(admin.call('POST', `${line}/status`, { status: 'down', at: iso(t + 6 * HOUR) }))
  const kept = await versions(admin, line)
  // Both shifts are restated: 480 in 8 hours were 240 each; in 6 hours, 320 in the first and 160 in the second.
  const goods = kept.filter(({ reason }) => reason === 'line_status').map((row) => goodOf(row))
  assert.deepEqual(
    goods.toSorted((a, b) => a - b),
    [160, 320],
  )
})
const goodOf = (row: object): number => Math.round((row as { figures: { sums: { good: number } } }).figures.sums.good)
