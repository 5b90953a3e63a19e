import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counterIntervals, type CounterReading, counterSums } from './counter-energy.ts'
import type { Span } from '../local-steps.ts'
import { KWH_METER, type MountedMeter, productionMeters } from './mounted-meter.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-06-01T08:00:00Z')
const at = (hour: number): number => START + hour * HOUR
/** A counter as it was read by the hour; null where nobody read it. */
const read = (...values: (number | null)[]): CounterReading[] =>
  values.flatMap((value, hour) => (value === null ? [] : [{ at: at(hour), value }]))
const meter = (change: Partial<MountedMeter> = {}): MountedMeter => ({ ...KWH_METER, ...change })
const span = (from: number, to: number) => ({ from: at(from), to: at(to) })
type Asked = { meters?: readonly MountedMeter[]; nominal?: number | null; of?: Span }
const sums = (readings: CounterReading[], { meters = [meter()], nominal = 1000, of = span(0, 5) }: Asked = {}) =>
  counterSums(counterIntervals(readings, meters, nominal), of)

// By hand: K = 80; 12.5 → 33.375 units are 20.875 × 80 = 1670 kWh.
test('energy is the difference of two readings times K', () => {
  const found = sums(read(12.5, 14.5, 20.375, 28.625, 32.375, 33.375), { meters: [meter({ constant_k: 80 })] })
  assert.deepEqual(found, { energy_kwh: 1670, counter_ms: 5 * HOUR, excluded: {} })
  const hour = sums(read(12.5, 14.5, 20.375), { meters: [meter({ constant_k: 80 })], of: span(1, 2) })
  assert.deepEqual([hour.energy_kwh, hour.counter_ms], [470, HOUR])
})

test('a counter counts on while nobody reads it: of the whole it is known, of its hours not', () => {
  const silent = read(0, 165, null, null, 1830, 2070)
  assert.deepEqual(sums(silent), { energy_kwh: 2070, counter_ms: 5 * HOUR, excluded: {} })
  assert.deepEqual(sums(silent, { of: span(2, 3) }), { energy_kwh: 0, counter_ms: 0, excluded: { counter_gap: 1 } })
  const half = sums(silent, { of: span(0, 2.5) })
  assert.deepEqual(half, { energy_kwh: 165, counter_ms: HOUR, excluded: { counter_gap: 1 } })
})

test('between readings up to an hour apart energy is shared out by time', () => {
  assert.deepEqual(sums(read(0, 100), { of: span(0.25, 0.75) }), { energy_kwh: 50, counter_ms: HOUR / 2, excluded: {} })
})

test('a daily reading some minutes after midnight is a day', () => {
  const daily = [0.1, 24.1, 48.1].map((hour, day) => ({ at: at(hour), value: day * 5000 }))
  const day = sums(daily, { of: span(24, 48) })
  assert.deepEqual([day.energy_kwh, day.excluded], [5000, {}])
  assert.ok(Math.abs(day.counter_ms - 23.9 * HOUR) < 1)
})

test('what is counted in one span is not counted in the next', () => {
  for (const length of [1.25, 1.5, 2, 3]) {
    for (const edge of [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2]) {
      const readings = [0, length].map((hour, value) => ({ at: at(hour), value: value * 100 }))
      const [one, other] = [sums(readings, { of: span(-1, edge) }), sums(readings, { of: span(edge, 9) })]
      assert.ok([0, 100].includes(one.energy_kwh + other.energy_kwh), `${length} hours, edge at ${edge}`)
    }
  }
})

test('a counter that runs through its digits goes on: 99 900 to 40 are 140', () => {
  const over = read(99_000, 99_900, 40, 200)
  const five = meter({ digits: 5 })
  const intervals = counterIntervals(over, [five], 1000)
  assert.deepEqual(
    intervals.map(({ energy_kwh, rolled_over }) => [energy_kwh, rolled_over]),
    [
      [900, false],
      [140, true],
      [160, false],
    ],
  )
  // Without digits, or from the middle of the range, or by more than the plant can give, it was reset.
  for (const [meters, readings, nominal] of [
    [[meter()], over, 1000],
    [[five], read(49_000, 49_900, 40, 200), 1000],
    [[five], over, 50],
  ] as const) {
    assert.equal(counterIntervals(readings, meters, nominal)[1]?.out, 'counter_reset')
  }
})

test('a reset leaves out what nobody counted, and the completeness shows it', () => {
  assert.deepEqual(sums(read(5000, 5165, 5635, 0, 535, 775)), {
    ...{ energy_kwh: 165 + 470 + 535 + 240, counter_ms: 4 * HOUR },
    excluded: { counter_reset: 1 },
  })
})

test('a single reading that cannot be is passed over, where those beside it agree', () => {
  const whole = { energy_kwh: 2070, counter_ms: 5 * HOUR, excluded: {} }
  assert.deepEqual(sums(read(5000, 5165, 0, 6295, 6830, 7070)), whole, 'a zero')
  assert.deepEqual(sums(read(5000, 5165, 900_000, 6295, 6830, 7070)), whole, 'a leap')
})

test('a rise that the plant cannot give is no energy: another meter, and nobody said so', () => {
  const leap = read(0, 165, 635, 81_295, 81_830, 82_070)
  assert.deepEqual(sums(leap), {
    ...{ energy_kwh: 165 + 470 + 535 + 240, counter_ms: 4 * HOUR },
    excluded: { counter_implausible: 1 },
  })
  assert.deepEqual(
    sums(leap, { nominal: null }).excluded,
    {},
    'of a plant without a nominal power nothing is implausible',
  )
  // A counter of whole units with a large K rises by one at once.
  const units = [0, 1].map((value, quarter) => ({ at: START + quarter * HOUR * 0.25, value }))
  assert.equal(sums(units, { meters: [meter({ constant_k: 2000 })], of: span(0, 1) }).energy_kwh, 2000)
})

test('an exchange of the meter: each by its own K, and what the counters showed then is energy', () => {
  const old = { to: at(2.5), constant_k: 80 }
  const next = { from: at(2.5), constant_k: 1 }
  const readings = read(100, 102, 108, 300, 835, 1075)
  const said = [meter({ ...old, last: 113 }), meter({ ...next, first: 0 })]
  // 8 units × 80 until 10:00, 5 × 80 until the exchange, 300 after it, then 535 and 240.
  assert.deepEqual(sums(readings, { meters: said }), {
    ...{ energy_kwh: 640 + 400 + 300 + 535 + 240, counter_ms: 5 * HOUR },
    excluded: {},
  })
  assert.deepEqual(sums(readings, { meters: [meter(old), meter(next)] }), {
    ...{ energy_kwh: 640 + 535 + 240, counter_ms: 4 * HOUR },
    excluded: { counter_exchanged: 1 },
  })
})

test('without K, or where two meters or none were mounted, nothing is known', () => {
  for (const meters of [[meter({ constant_k: null })], [meter(), meter()], [meter({ to: at(0) })]]) {
    const found = sums(read(0, 165, 635), { meters })
    assert.deepEqual([found.energy_kwh, found.counter_ms], [0, 0])
    assert.deepEqual(found.excluded, { counter_factor_unknown: 2 })
  }
})

test('minutes count as quarters of an hour, and nothing is lost', () => {
  const minutes = Array.from({ length: 301 }, (_, minute) => ({ at: START + minute * 60_000, value: minute }))
  const intervals = counterIntervals(minutes, [meter()], 1000)
  assert.equal(intervals.length, 20)
  assert.deepEqual(counterSums(intervals, span(0, 5)), { energy_kwh: 300, counter_ms: 5 * HOUR, excluded: {} })
  assert.deepEqual(counterIntervals(minutes.slice(0, 1), [meter()], 1000), [])
})

test('the meters of the registry: production, else those without a role, else kWh', () => {
  const listed = [
    { serial: 'A', role: 'exchange', constant_k: 1 },
    { serial: 'B', constant_k: 80 },
  ]
  assert.deepEqual(
    productionMeters(listed).map(({ serial }) => serial),
    ['B'],
  )
  const production = {
    ...{ serial: 'C', role: 'production', constant_k: 2000, register_digits: 6 },
    ...{ mounted_at: '2026-06-01T10:00:00+02:00', register_at_mounting: 3 },
  }
  assert.deepEqual(productionMeters([...listed, production]), [
    { from: START, to: Number.POSITIVE_INFINITY, serial: 'C', constant_k: 2000, digits: 6, first: 3, last: null },
  ])
  assert.deepEqual(productionMeters([{ serial: 'A', role: 'exchange' }]), [KWH_METER])
  assert.equal(productionMeters([{ serial: 'A', constant_k: -1 }])[0]?.constant_k, null)
})
