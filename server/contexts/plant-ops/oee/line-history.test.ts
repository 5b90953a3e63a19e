import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchFact, LineFacts, OutputFact } from './line-facts.ts'
import { reachOf, undone, undoneOneByOne } from './line-history.ts'

const output = (id: string, from: number, to: number): OutputFact => ({ id, from, to, good: 1, scrap: 0, rework: 0 })
const batch = (more: Partial<BatchFact> & { from: number; to: number }): BatchFact => ({
  ...{ id: 'b', product_code: 'PENNE', unit: 'kg', ideal_cycle_time_s: null, inspected: 0, first_pass: 0 },
  ...{ planned_scrap: null, open: false, outputs: [], holds: [], ...more },
})
const facts = (more: Partial<LineFacts>): LineFacts => ({
  ...{ line_id: 'l', plant_id: 'p', states: [], batches: [], shifts: [], first_shift: null, planned_downtimes: [] },
  ...{ failures: new Set<string>(), now: 1000, ...more },
})
const state = (from: number, to: number, status: 'running' | 'idle' | 'down') => ({
  from,
  to,
  status,
  reason_code: null,
})

test('a state that was cut in two is whole again, and its neighbours stay', () => {
  const before = [state(0, 100, 'running'), state(100, 1000, 'idle')]
  const after = facts({ states: [state(0, 40, 'running'), state(40, 100, 'down'), state(100, 1000, 'idle')] })
  const images = before.map((one) => ({ ...one, to: one.to === 1000 ? null : one.to }))
  const change = { from: 40, to: 100, before: { states: images } }
  assert.deepEqual(undone(after, change).states, before)
})

test('outputs are never changed: what was not there is taken out; kinds that a change does not name stay', () => {
  const [first, second] = [output('1', 0, 50), output('2', 50, 90)]
  const after = facts({
    states: [state(0, 90, 'running')],
    batches: [batch({ from: 0, to: 90, outputs: [first, second] })],
  })
  const was = undone(after, { from: 50, to: 90, before: { outputs: ['1'] } })
  assert.deepEqual(was.batches[0]?.outputs, [first])
  assert.deepEqual(was.states, after.states)
})

test('a batch that was open has its outputs and is open until now; one that had not begun is not there', () => {
  const ended = batch({ from: 0, to: 90, outputs: [output('1', 0, 50), output('2', 50, 90)] })
  const { from, to: _to, open: _open, outputs: _outputs, ...rest } = batch({ from: 0, to: 90 })
  const open = { ...rest, from, to: null, holds: [{ from: 10, to: null }] }
  const after = facts({ batches: [ended] })
  const changes = [
    { from: 0, to: 900, before: { batches: [], outputs: [] } },
    { from: 0, to: 1000, before: { batches: [open], outputs: ['1'] } },
  ]
  const [none, running, now] = undoneOneByOne(after, changes)
  assert.deepEqual([none?.batches.length, now], [0, after])
  assert.deepEqual(running?.batches, [
    { ...ended, to: 1000, open: true, outputs: [output('1', 0, 50)], holds: [{ from: 10, to: 1000 }] },
  ])
})

test('shifts, planned downtimes and the first shift are what they were; undoing what did not happen changes nothing', () => {
  const plan = { shifts: [{ from: 0, to: 80 }], planned_downtimes: [{ from: 10, to: 20 }], first_shift: 0 }
  const after = facts({ ...plan, shifts: [{ from: -50, to: -10 }, ...plan.shifts], first_shift: -50 })
  const change = { from: -50, to: -10, before: { shifts: [], first_shift: 0 } }
  assert.deepEqual(undone(after, change), facts(plan))
  assert.deepEqual(
    undone(facts(plan), { from: 0, to: 100, before: { shifts: plan.shifts, first_shift: 0 } }),
    facts(plan),
  )
})

test('a change reaches as far as what was spread over it, and as a failure that it ends', () => {
  const outputs = [output('1', 0, 50), output('2', 50, 300)]
  const far = facts({ batches: [batch({ from: 0, to: 400, outputs })], states: [state(-90, 70, 'down')] })
  assert.deepEqual(reachOf(far, { from: 60, to: 80 }), { from: -90, to: 300 })
  assert.deepEqual(reachOf(far, { from: 310, to: 320 }), { from: 310, to: 320 })
  const inspected = facts({ batches: [batch({ from: 0, to: 400, inspected: 5 })] })
  assert.deepEqual(reachOf(inspected, { from: 310, to: 320 }), { from: 0, to: 400 })
})
