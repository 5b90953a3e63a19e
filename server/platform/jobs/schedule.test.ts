import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shape } from '../http/shapes.ts'
import { jobKind } from './job-kind.ts'
import { decide, nextDue, schedule, type CatchUp } from './schedule.ts'

const ROME = 'Europe/Rome'
const kind = jobKind({ name: 'test.clock', input: Shape({}) })

/** Every occurrence in a span, as a schedule that looks every so many minutes makes them. */
function run(cron: string, catchUp: CatchUp, clock: Iterable<Date>, last: Date): string[] {
  const made: string[] = []
  let state = last
  for (const now of clock) {
    const { due, last: next } = decide({ cron, catchUp }, ROME, { last: state, now, underWay: false })
    assert.ok(next >= state, 'what was dealt with never goes back')
    state = next
    if (due) made.push(due.toISOString())
  }
  return made
}
function* minutes(from: string, to: string, step = 1): Generator<Date> {
  for (let at = Date.parse(from); at <= Date.parse(to); at += step * 60_000) yield new Date(at)
}

test('in the hour that does not exist it is due as much later, once', () => {
  // 29 March 2026: at 01:00 UTC clocks in Rome go from 02:00 to 03:00.
  const days = minutes('2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z', 1)
  assert.deepEqual(run('30 2 * * *', 'all', days, new Date('2026-03-27T12:00:00Z')), [
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
})

test('in the hour that is twice a time of day is due the first time only', () => {
  // 25 October 2026: at 01:00 UTC clocks in Rome go from 03:00 back to 02:00.
  for (const step of [1, 7, 30]) {
    const days = minutes('2026-10-23T12:00:00Z', '2026-10-26T12:00:00Z', step)
    assert.deepEqual(run('30 2 * * *', 'one', days, new Date('2026-10-23T12:00:00Z')), [
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  }
})

test('from any instant of that day on, the same time of day is due once', () => {
  for (const from of minutes('2026-10-25T00:30:00Z', '2026-10-25T02:30:00Z', 5)) {
    assert.equal(nextDue('30 2 * * *', ROME, from).toISOString(), '2026-10-26T01:30:00.000Z', from.toISOString())
  }
  const half = nextDue('45 1 * * *', 'Australia/Lord_Howe', new Date('2026-04-04T15:05:00Z'))
  assert.equal(half.toISOString(), '2026-04-05T15:15:00.000Z', 'where clocks go back by half an hour')
})

test('what is due every half hour goes on through both', () => {
  const made = run(
    '*/30 * * * *',
    'all',
    minutes('2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z'),
    new Date('2026-10-24T23:59:00Z'),
  )
  assert.deepEqual(
    made.map((at) => at.slice(11, 16)),
    ['00:00', '00:30', '01:00', '01:30', '02:00'],
  )
})

for (const catchUp of ['skip', 'one', 'all'] as const) {
  test(`${catchUp}: a clock that jumps an hour ahead and back again makes nothing twice`, () => {
    const clock = [
      ...minutes('2026-11-21T09:00:00Z', '2026-11-21T09:20:00Z'),
      ...minutes('2026-11-21T10:20:00Z', '2026-11-21T10:22:00Z'),
      ...minutes('2026-11-21T09:22:00Z', '2026-11-21T12:00:00Z'),
    ]
    const made = run('*/10 * * * *', catchUp, clock, new Date('2026-11-21T08:59:00Z'))
    assert.equal(new Set(made).size, made.length, 'none twice')
    const all = [...minutes('2026-11-21T09:00:00Z', '2026-11-21T12:00:00Z', 10)].map((at) => at.toISOString())
    // By the clock of the jump the hour between was missed: only `all` makes up for each occurrence of it.
    const jumped = all.filter((at) => at > '2026-11-21T09:20:00.000Z' && at < '2026-11-21T10:20')
    const wanted = {
      all,
      one: all.filter((at) => !jumped.includes(at)),
      skip: all.filter((at) => !jumped.includes(at)),
    }[catchUp]
    assert.deepEqual(made, wanted)
  })
}

test('after three days down: skip leaves out, one makes up once, all for each day', () => {
  const last = new Date('2026-11-18T05:00:00Z')
  const back = () => minutes('2026-11-21T09:00:00Z', '2026-11-21T09:05:00Z')
  const days = ['2026-11-19', '2026-11-20', '2026-11-21'].map((day) => `${day}T05:00:00.000Z`)
  assert.deepEqual(run('0 6 * * *', 'skip', back(), last), [])
  assert.deepEqual(run('0 6 * * *', 'one', back(), last), [days[2]])
  assert.deepEqual(run('0 6 * * *', 'all', back(), last), days)
})

test('a short pause is not a miss: an occurrence of four minutes ago is done by every one of them', () => {
  const last = new Date('2026-11-20T05:00:00Z')
  for (const catchUp of ['skip', 'one', 'all'] as const) {
    assert.deepEqual(run('0 6 * * *', catchUp, [new Date('2026-11-21T05:04:00Z')], last), ['2026-11-21T05:00:00.000Z'])
  }
})

test('never two at once: while one is under way the next waits, or is left out', () => {
  const last = new Date('2026-11-21T08:00:00Z')
  const now = new Date('2026-11-21T09:10:30Z')
  const busy = { last, now, underWay: true }
  for (const catchUp of ['one', 'all'] as const) {
    const { due, last: next, lookAt } = decide({ cron: '*/10 * * * *', catchUp }, ROME, busy)
    assert.deepEqual([due, next], [null, last], 'nothing is lost')
    assert.ok(lookAt > now && lookAt.getTime() - now.getTime() < 60_000)
  }
  const { due, last: next } = decide({ cron: '*/10 * * * *', catchUp: 'skip' }, ROME, busy)
  assert.deepEqual([due, next.toISOString()], [null, '2026-11-21T09:10:00.000Z'])
})

test('a month down by the minute is dealt with at once', () => {
  const start = performance.now()
  const state = { last: new Date('2026-10-21T09:00:00Z'), now: new Date('2026-11-21T09:00:30Z'), underWay: false }
  const { due } = decide({ cron: '* * * * *', catchUp: 'one' }, ROME, state)
  assert.equal(due?.toISOString(), '2026-11-21T09:00:00.000Z')
  assert.ok(performance.now() - start < 1_000, 'nobody waits for it')
})

test('a declaration that cannot be due stops the start', () => {
  const declared = { name: 'test.clock', per: 'installation', catchUp: 'skip', kind, input: () => ({}) } as const
  assert.ok(schedule({ ...declared, cron: '0 6 * * 1-5', zone: ROME }))
  assert.throws(() => schedule({ ...declared, cron: '0 6 * *', zone: ROME }), /five fields/)
  assert.throws(() => schedule({ ...declared, cron: '0 25 * * *', zone: ROME }))
  assert.throws(() => schedule({ ...declared, cron: '0 6 * * *', zone: 'Europe/Atlantis' }))
  assert.throws(() => schedule({ ...declared, cron: '0 6 * * *', zone: 'tenant' }), /whose zone/)
  assert.ok(nextDue('0 6 * * *', ROME, new Date('2026-11-21T05:00:00Z')) > new Date('2026-11-21T05:00:00Z'))
})
