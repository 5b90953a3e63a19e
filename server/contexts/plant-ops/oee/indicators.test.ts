import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSums, exclusionsOf, indicators, type Made, NO_SUMS, sumsOf } from './indicators.ts'
import { type BatchFact, type LineFacts, lineSums } from './line-facts.ts'
import { failuresIn, type LineTimes, NO_TIME, type StateSpan, timeElements } from './time-elements.ts'

const MIN = 60_000
const made = (more: Partial<Made>): Made => ({
  ...{ unit: 'pcs', good: 0, scrap: 0, rework: 0, inspected: 0, first_pass: 0 },
  ...{ ideal_cycle_time_s: 30, planned_scrap: null },
  ...more,
})
const near = (value: number | null, expected: number): void =>
  assert.ok(value !== null && Math.abs(value - expected) < 5e-7, `${value} is not ${expected}`)

/** Minutes of a shift one after the other, as a history of states. */
function history(parts: readonly (readonly [StateSpan['status'], number])[]): StateSpan[] {
  let at = 0
  return parts.map(([status, minutes]) => {
    const from = at
    at += minutes * MIN
    return { from, to: at, status, reason_code: null }
  })
}

// 480 minutes: 30 of break, 20 without an order, 25 of set-up, 35 of delays, 370 of production.
const vectorA: LineTimes = {
  states: history([
    ['idle', 20],
    ['changeover', 25],
    ['running', 200],
    ['planned_stop', 30],
    ['down', 30],
    ['running', 170],
    ['idle', 5],
  ]),
  orders: [{ from: 20 * MIN, to: 480 * MIN }],
  shifts: [{ from: 0, to: 480 * MIN }],
  planned_downtimes: [],
}

test('golden vector A: every element and every indicator', () => {
  const time = timeElements({ from: 0, to: 480 * MIN }, vectorA)
  const minutes = Object.fromEntries(Object.entries(time).map(([name, seconds]) => [name, seconds / 60]))
  assert.deepEqual(
    [minutes['pot_s'], minutes['planned_downtime_s'], minutes['pbt_s'], minutes['adot_s'], minutes['adet_s']],
    [480, 30, 450, 20, 35],
  )
  assert.deepEqual([minutes['asut_s'], minutes['apt_s'], minutes['aupt_s'], minutes['aubt_s']], [25, 370, 395, 430])
  const got = indicators(sumsOf(time, [made({ good: 600, scrap: 12, rework: 8 })], null))
  near(got.availability, 0.822222)
  near(got.performance, 0.837838)
  near(got.quality, 0.967742)
  near(got.oee, 0.666667)
  near(got.nee, 0.711712)
  near(got.allocation_efficiency, 0.955556)
  near(got.utilisation_efficiency, 0.860465)
  near(got.technical_efficiency, 0.91358)
  near(got.setup_ratio, 0.063291)
  near(got.scrap_rate, 0.019355)
  near(got.rework_rate, 0.012903)
  near(got.oee, got.availability! * got.performance! * got.quality!)
})

test('golden vector B: lines roll up by their sums, and not by the mean of their OEE', () => {
  const line = (pbt: number, pru: number, good: number) =>
    sumsOf({ ...NO_TIME, pot_s: pbt * 60, apt_s: pbt * 60 }, [made({ good, ideal_cycle_time_s: pru * 60 })], null)
  const lines = [line(300, 0.5, 480), line(450, 0.2, 890)]
  near(indicators(addSums(lines)).oee, 0.557333)
  near(
    lines.reduce((sum, one) => sum + indicators(one).oee! / 2, 0),
    0.597778,
  )
})

test('with several products availability · performance · quality is still OEE', () => {
  const sums = sumsOf(
    { ...NO_TIME, pot_s: 7200, apt_s: 6000, adet_s: 1200 },
    [made({ good: 90, scrap: 10, ideal_cycle_time_s: 30 }), made({ good: 200, scrap: 50, ideal_cycle_time_s: 5 })],
    null,
  )
  const got = indicators(sums)
  near(got.oee, (90 * 30 + 200 * 5) / 7200)
  near(got.oee, got.availability! * got.performance! * got.quality!)
})

test('what is not defined is null, and nothing is capped', () => {
  const none = indicators(NO_SUMS)
  assert.deepEqual([...new Set(Object.values(none))], [null])
  // Planned and never produced: OEE is 0, quality and performance are not defined.
  const stood = indicators(sumsOf({ ...NO_TIME, pot_s: 600, adot_s: 600 }, [], null))
  assert.deepEqual([stood.oee, stood.availability, stood.performance, stood.quality], [0, 0, null, null])
  const fast = sumsOf({ ...NO_TIME, pot_s: 600, apt_s: 600 }, [made({ good: 30 })], null)
  near(indicators(fast).performance, 1.5)
  assert.deepEqual(
    exclusionsOf(fast, indicators(fast)).map(({ reason }) => reason),
    ['performance_above_one'],
  )
  const unknown = indicators(
    sumsOf({ ...NO_TIME, pot_s: 600, apt_s: 600 }, [made({ good: 3, ideal_cycle_time_s: null })], null),
  )
  assert.deepEqual([unknown.oee, unknown.performance, unknown.quality], [null, null, 1])
  const mixed = indicators(
    sumsOf({ ...NO_TIME, pot_s: 600, apt_s: 600 }, [made({ good: 3 }), made({ good: 3, unit: 'kg' })], null),
  )
  assert.deepEqual([mixed.scrap_rate, mixed.yield_rate, mixed.throughput_per_h], [null, null, null])
  near(mixed.quality, 1)
})

test('no shift is invented: without one the orders are the plan, and without orders there is none', () => {
  const period = { from: 0, to: 1440 * MIN }
  const states = history([['running', 1440]])
  const none = { states: history([['idle', 1440]]), orders: [], shifts: null, planned_downtimes: [] }
  assert.equal(timeElements(period, none).pot_s, 0)
  const time = timeElements(period, { ...none, orders: [{ from: 60 * MIN, to: 120 * MIN }] })
  assert.deepEqual([time.pot_s, time.adet_s, time.adot_s], [3600, 3600, 0])
  assert.equal(timeElements(period, { ...none, states, shifts: [] }).overtime_s, 86_400)
})

test('time that nobody recorded is a stop and never production', () => {
  const period = { from: 0, to: 60 * MIN }
  const time = timeElements(period, { states: [], orders: [period], shifts: [period], planned_downtimes: [] })
  assert.deepEqual([time.apt_s, time.adet_s, time.unrecorded_s], [0, 3600, 3600])
})

test('a planned downtime is taken out of the plan, but not what the line produced in it', () => {
  const period = { from: 0, to: 60 * MIN }
  const states = history([
    ['idle', 20],
    ['running', 40],
  ])
  const stop = { from: 10 * MIN, to: 30 * MIN }
  const time = timeElements(period, { states, orders: [], shifts: [period], planned_downtimes: [stop] })
  assert.deepEqual([time.planned_downtime_s, time.apt_s, time.adot_s, time.overtime_s], [600, 2400, 600, 600])
  assert.equal(time.pbt_s, 3000)
})

test('the elements of any cut of a period add up to those of the whole', () => {
  const whole = timeElements({ from: 0, to: 480 * MIN }, vectorA)
  const [a, b] = [
    timeElements({ from: 0, to: 233 * MIN }, vectorA),
    timeElements({ from: 233 * MIN, to: 480 * MIN }, vectorA),
  ]
  for (const name of Object.keys(whole) as (keyof typeof whole)[]) assert.equal(a[name] + b[name], whole[name], name)
})

test('MTBF counts failures that began, MTTR those that are over, in hours; rows that touch are one', () => {
  const period = { from: 0, to: 600 * MIN }
  const spans = [
    { from: 10 * MIN, to: 20 * MIN },
    { from: 20 * MIN, to: 40 * MIN },
    { from: 100 * MIN, to: 160 * MIN },
    { from: 590 * MIN, to: 700 * MIN },
    { from: -5 * MIN, to: 2 * MIN },
  ]
  const { count, last, ...restored } = failuresIn(period, spans, 650 * MIN)
  assert.deepEqual([count, last, restored], [3, 590 * MIN, { restored: 2, restoration_s: 90 * 60 }])
  const time = { ...NO_TIME, pot_s: 36_000, apt_s: 20_000, asut_s: 1600, adet_s: 3000 }
  const upkeep = { failures: count, ...restored, to_failure_s: 16_200, maintenance_s: 5400 }
  const got = indicators(sumsOf(time, [], upkeep))
  // Operating time is 20,000 s of production and 1,600 s of set-up: no delays. 21,600 / 3 failures are 2 hours.
  assert.deepEqual([got.mtbf_h, got.mttf_h, got.mttr_h, got.corrective_maintenance_ratio], [2, 1.5, 0.75, 0.5])
})

const batch = (more: Partial<BatchFact> & { from: number; to: number }): BatchFact => ({
  ...{ id: 'b', product_code: 'PENNE', unit: 'kg', ideal_cycle_time_s: 30, inspected: 0, first_pass: 0 },
  ...{ planned_scrap: null, open: false, outputs: [], holds: [], ...more },
})
const line = (more: Partial<LineFacts>): LineFacts => ({
  ...{ line_id: 'l', plant_id: 'p', states: [], batches: [], shifts: [], first_shift: null, planned_downtimes: [] },
  ...{ failures: new Set(['equipment_failure']), now: 10_000 * MIN, ...more },
})

test('MTBF, MTTF and MTTR of a line from its states: planned stops, external causes and delays are none of it', () => {
  const whole = { from: 0, to: 600 * MIN }
  const states = history([
    ['changeover', 30],
    ['running', 90],
    ['down', 30],
    ['idle', 20],
    ['running', 130],
    ['down', 60],
    ['planned_stop', 40],
    ['running', 110],
    ['down', 30],
    ['running', 60],
  ]).map((state, i) => ({
    ...state,
    reason_code: i === 5 ? 'equipment_failure' : i === 8 ? 'external_failure' : null,
  }))
  const sums = lineSums(line({ states, batches: [batch(whole)], shifts: [whole], first_shift: 0 }), whole)
  // Two failures, of 30 and 60 minutes; up to the second 30 of set-up, 90 and 130 of production; after it 110 and 60.
  assert.deepEqual([sums.failures, sums.restored, sums.restoration_s / 60], [2, 2, 90])
  const got = indicators(sums)
  near(got.mtbf_h, (30 + 90 + 130 + 110 + 60) / 2 / 60)
  near(got.mttf_h, (30 + 90 + 130) / 2 / 60)
  near(got.mttr_h, 0.75)
  const calm = indicators(lineSums(line({ states: history([['running', 60]]) }), { from: 0, to: 60 * MIN }))
  assert.deepEqual([calm.mtbf_h, calm.mttf_h, calm.mttr_h], [null, null, null])
})

test('actual to planned scrap is of completed batches with a plan; two batches add up, one without a plan stays out', () => {
  const span = { from: 0, to: 60 * MIN }
  const scrapped = (scrap: number) => [{ id: 'o', ...span, good: 90, scrap, rework: 0 }]
  const running = history([['running', 60]])
  const of = (planned_scrap: number | null, scrap: number) =>
    lineSums(line({ states: running, batches: [batch({ ...span, planned_scrap, outputs: scrapped(scrap) })] }), span)
  near(indicators(of(8, 6)).actual_to_planned_scrap, 0.75)
  assert.equal(indicators(of(null, 6)).actual_to_planned_scrap, null)
  assert.equal(indicators(of(0, 6)).actual_to_planned_scrap, null)
  near(indicators(addSums([of(8, 6), of(4, 9), of(null, 50)])).actual_to_planned_scrap, 15 / 12)
  // Half of the time, half of the plan and of the scrap.
  const half = { from: 0, to: 30 * MIN }
  const facts = line({ states: running, batches: [batch({ ...span, planned_scrap: 8, outputs: scrapped(6) })] })
  const sums = lineSums(facts, half)
  assert.deepEqual([sums.planned_scrap, sums.scrap_against_plan], [4, 3])
})

test('time on hold is no run time, whatever the line is said to do', () => {
  const span = { from: 0, to: 120 * MIN }
  const outputs = [{ id: 'o', ...span, good: 100, scrap: 0, rework: 0 }]
  const holds = [{ from: 30 * MIN, to: 60 * MIN }]
  const facts = line({ states: history([['running', 120]]), batches: [batch({ ...span, outputs, holds })] })
  const sums = lineSums(facts, span)
  assert.deepEqual([sums.apt_s / 60, sums.adet_s / 60, sums.aoet_s / 60], [90, 30, 120])
  // What was put out was made in the 90 minutes in which it ran.
  near(lineSums(facts, { from: 0, to: 60 * MIN }).good, 100 / 3)
})
