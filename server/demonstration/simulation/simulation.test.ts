import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bell, chance, wander } from './noise.ts'
import { SENSORS, SLOT_MS, slotAt, spanAt } from './pasta-line.ts'

const AT = Date.parse('2026-11-21T09:30:00Z')

test('chance is the same whenever it is asked, and spread evenly', () => {
  assert.equal(chance(1, 12_345_678_901_234), chance(1, 12_345_678_901_234))
  assert.notEqual(chance(1, 5), chance(2, 5))
  const dice = Array.from({ length: 10_000 }, (_, n) => chance(7, n))
  const mean = dice.reduce((sum, one) => sum + one, 0) / dice.length
  assert.ok(Math.abs(mean - 0.5) < 0.02, String(mean))
  assert.ok(dice.every((one) => one >= 0 && one < 1))
  const bells = Array.from({ length: 10_000 }, (_, n) => bell(7, n))
  const deviation = Math.sqrt(bells.reduce((sum, one) => sum + one * one, 0) / bells.length)
  assert.ok(Math.abs(deviation - 1) < 0.05, String(deviation))
  for (let n = 0; n < 1000; n += 1) assert.ok(Math.abs(wander(3, AT + n * 777, 60_000)) <= 1)
})

test('the hours of a line follow each other without a gap, and a batch makes what its running time allows', () => {
  for (let n = 0; n < 200; n += 1) {
    const slot = slotAt(AT + n * SLOT_MS)
    assert.equal(slot.spans[0]!.from, slot.from)
    assert.equal(slot.spans.at(-1)!.to, slot.to)
    for (const [i, span] of slot.spans.entries()) {
      assert.ok(span.to > span.from)
      if (i > 0) assert.equal(span.from, slot.spans[i - 1]!.to)
    }
    const hours = (slot.ends - slot.starts) / 3_600_000
    const made = slot.good + slot.scrap + slot.rework
    assert.ok(made > 0 && made <= hours * 1200 + 0.2 && slot.scrap < made * 0.03)
    assert.deepEqual(slotAt(slot.to - 1), slot)
  }
})

test('what is read is a function of time, finite, and stands when the line stands', () => {
  const speed = SENSORS.find(({ source }) => source === 'sim/line/speed')!
  for (const { value, source } of SENSORS) {
    assert.equal(value(AT), value(AT))
    for (let n = 0; n < 500; n += 1) assert.ok(Number.isFinite(value(AT + n * 900_000)), source)
  }
  const spans = Array.from({ length: 60 }, (_, n) => slotAt(AT + n * SLOT_MS)).flatMap((slot) => slot.spans)
  const means = (status: string): number => {
    const all = spans
      .filter((one) => one.status === status && one.to - one.from > 600_000)
      .map((one) => speed.value(one.to - 1))
    return all.reduce((sum, one) => sum + one, 0) / all.length
  }
  assert.ok(means('running') > 1000 && means('cleaning') < 50, `${means('running')} ${means('cleaning')}`)
  assert.ok(spanAt(AT).from <= AT && AT < spanAt(AT).to)
})
