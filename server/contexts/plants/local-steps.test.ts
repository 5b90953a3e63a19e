import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localSteps, type Step } from './local-steps.ts'

const HOUR = 3_600_000

const hours = (from: string, to: string, step: Step, zone: string) =>
  localSteps(Date.parse(from), Date.parse(to), step, zone).map((span) => (span.to - span.from) / HOUR)

test('a day of Rome has 23 hours in spring, 25 in autumn and 24 else', () => {
  assert.deepEqual(hours('2026-03-27T23:00Z', '2026-03-30T22:00Z', '1d', 'Europe/Rome'), [24, 23, 24])
  assert.deepEqual(hours('2026-10-23T22:00Z', '2026-10-26T23:00Z', '1d', 'Europe/Rome'), [24, 25, 24])
})

test('months and years begin at local midnight', () => {
  const months = hours('2025-12-31T23:00Z', '2026-12-31T23:00Z', '1mo', 'Europe/Rome')
  const days = [31, 28, 31 - 1 / 24, 30, 31, 30, 31, 31, 30, 31 + 1 / 24, 30, 31]
  assert.deepEqual(
    months,
    days.map((day) => Math.round(day * 24)),
  )
  assert.deepEqual(hours('2023-12-31T23:00Z', '2025-12-31T23:00Z', '1y', 'Europe/Rome'), [8784, 8760])
})

test('a fixed zone has no long days', () => {
  const [first, second] = localSteps(
    Date.parse('2022-01-02T07:00Z'),
    Date.parse('2022-01-04T07:00Z'),
    '1d',
    'Etc/GMT+7',
  )
  assert.equal(first?.to, Date.parse('2022-01-03T07:00Z'))
  assert.equal(second?.to, Date.parse('2022-01-04T07:00Z'))
})

test('hours follow the clock through both changes, also in zones of half an hour', () => {
  assert.equal(hours('2026-10-24T22:00Z', '2026-10-25T23:00Z', '1h', 'Europe/Rome').length, 25)
  assert.equal(hours('2026-03-28T23:00Z', '2026-03-29T22:00Z', '1h', 'Europe/Rome').length, 23)
  assert.deepEqual(hours('2026-01-01T00:00Z', '2026-01-01T02:00Z', '1h', 'Asia/Kolkata'), [0.5, 1, 0.5])
})

test('the first and the last step are cut to the period', () => {
  assert.deepEqual(hours('2026-06-01T10:00Z', '2026-06-02T10:00Z', '1d', 'Europe/Rome'), [12, 12])
  assert.deepEqual(hours('2026-06-01T10:00Z', '2026-06-02T10:00Z', 'all', 'Europe/Rome'), [24])
  assert.deepEqual(hours('2026-06-02T10:00Z', '2026-06-01T10:00Z', '1d', 'Europe/Rome'), [])
})

test('steps always touch and end, even where a zone skipped a day', () => {
  const from = Date.parse('2011-12-28T00:00Z')
  const spans = localSteps(from, from + 96 * HOUR, '1d', 'Pacific/Apia')
  assert.equal(spans[0]?.from, from)
  assert.equal(spans.at(-1)?.to, from + 96 * HOUR)
  for (const [index, span] of spans.entries()) assert.ok(index === 0 || spans[index - 1]?.to === span.from)
})

test('what was kept of a zone answers as its clocks do, on the days of change too', () => {
  for (const zone of ['Europe/Rome', 'Australia/Lord_Howe', 'Antarctica/Troll', 'America/St_Johns']) {
    const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    const days = localSteps(Date.parse('2023-06-01T12:00Z'), Date.parse('2026-06-01T12:00Z'), '1d', zone).slice(1)
    assert.ok(days.length > 1_090)
    for (const { from } of days) assert.equal(clock.format(from).slice(11), '00:00:00', `${zone} ${from}`)
    assert.equal(new Set(days.map(({ from }) => clock.format(from).slice(0, 10))).size, days.length)
  }
})
