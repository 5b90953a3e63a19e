import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import {
  COLD_BYTES,
  type DetectorState,
  HOT,
  HOT_BYTES,
  newDetector,
  packDetector,
  unpackDetector,
  WEEK,
} from './detector-state.ts'
import { explain } from './explanation.ts'
import { ANOMALY, scoreReading, type DetectorSettings, type Scored } from './detector.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const START = Date.UTC(2026, 0, 5)
const free: DetectorSettings = { min: null, max: null, max_rate: null }

/** Always the same noise, about normal with deviation 1. */
function noise(seed: number) {
  let state = seed
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  return () => next() + next() + next() + next() + next() + next() - 3 + (next() + next() - 1)
}

type Signal = (at: number, day: number) => number | null

/** Readings every five minutes; a null is a reading that never came. */
function watch(days: number, signal: Signal, { settings = free, every = 5 * MINUTE, hasWeek = true } = {}) {
  const state = newDetector()
  const found: (Scored & { at: number; day: number })[] = []
  for (let at = START; at < START + days * DAY; at += every) {
    const day = (at - START) / DAY
    const value = signal(at, day)
    if (value === null) continue
    const scored = scoreReading(state, settings, at, value, 192)
    if (!hasWeek) forgetWeek(state)
    if (scored.score >= ANOMALY) found.push({ ...scored, at, day })
  }
  return { state, found }
}

/** As if there were no week: what it learned is gone before the next reading. */
function forgetWeek({ week, support, peaks }: DetectorState): void {
  for (const part of [week, support, peaks]) part.fill(0)
}

const daily = (day: number): number => 30 + 8 * Math.sin(2 * Math.PI * day)

describe('the detector of a sensor', () => {
  it('says little of a quiet sensor: less than one anomaly in three days of noise', () => {
    const random = noise(7)
    const { found } = watch(30, (_, day) => daily(day) + random())
    assert.ok(found.length < 10, `${found.length} anomalies in 30 days`)
  })

  it('takes the first day of a sun that it never saw for no anomaly', () => {
    const random = noise(10)
    const sun = (day: number): number => Math.max(0, Math.sin(2 * Math.PI * day - 1.5)) * 900
    const { found } = watch(1, (_, day) => sun(day) * (1 + 0.05 * random()))
    assert.deepEqual(found, [])
  })

  it('finds a spike with the reading that brings it', () => {
    const random = noise(1)
    const { found } = watch(11, (_, day) => (Math.abs(day - 10) < 0.001 ? 90 : 30 + random()))
    const hit = found.filter(({ day }) => day >= 10)
    assert.ok(Math.abs(hit[0]!.day - 10) < 0.001)
    assert.ok(hit[0]!.causes.some(({ kind }) => kind === 'spike'))
    for (const { observed, high, times } of hit[0]!.causes) assert.ok(observed > high! && times! > 3)
    const season = hit[0]!.causes.find(({ kind }) => kind === 'season')!
    assert.ok(
      season.low! > 24 && season.low! < 30 && season.high! > 30 && season.high! < 36,
      `${season.low} ${season.high}`,
    )
    assert.ok(hit[0]!.score > 0.8)
  })

  it('finds a change of level within the hour, and tells it once', () => {
    const random = noise(2)
    const { found } = watch(14, (_, day) => (day < 10 ? 30 : 36) + random())
    const hit = found.filter(({ day }) => day >= 10)
    assert.ok(hit[0]!.day < 10 + 1 / 24)
    assert.ok(hit.filter(({ day }) => day < 10.4).length <= 2)
  })

  it('finds a slow drift before a limit would', () => {
    const random = noise(3)
    const { found } = watch(14, (_, day) => 30 + random() + Math.max(0, day - 10) * 5)
    const hit = found.filter(({ day }) => day >= 10)
    assert.ok(hit.length > 0 && hit[0]!.day < 11.5, `found on day ${hit[0]?.day}`)
  })

  it('finds a value that is usual, but not at this hour', () => {
    const random = noise(4)
    const peak = 10.75 // the low of the day
    const { found } = watch(12, (_, day) => (day > peak && day < peak + 0.1 ? 36 : daily(day)) + random() * 0.5)
    const hit = found.filter(({ day }) => day >= peak)
    assert.ok(hit[0]!.day < peak + 0.02)
    assert.ok(hit[0]!.causes.some(({ kind }) => kind === 'season'))
  })

  it('gets used to what comes at the same hour of every day', () => {
    const random = noise(5)
    const { found } = watch(21, (_, day) => 30 + random() + (day % 1 < 1 / 288 && day > 5 ? 15 : 0))
    const told = (from: number, to: number) =>
      found.filter(({ day }) => day % 1 < 0.01 && day > from && day < to).length
    assert.ok(told(5, 7) >= 1)
    assert.equal(told(14, 21), 0)
  })

  it('finds a stuck sensor, and missing readings when the next one comes', () => {
    const random = noise(6)
    const stuck = watch(12, (_, day) => (day > 10 ? 30.5 : 30 + random())).found.filter(({ day }) => day > 10)
    assert.ok(stuck.some(({ causes }) => causes.some(({ kind }) => kind === 'flat')))
    const gone = watch(12, (_, day) => (day > 10 && day < 10.5 ? null : 30 + random())).found
    const hit = gone.find(({ day }) => day >= 10)!
    assert.ok(Math.abs(hit.day - 10.5) < 0.01)
    assert.equal(hit.causes[0]!.kind, 'gap')
    assert.ok(Math.abs(hit.causes[0]!.times! - 144) < 2)
  })

  it('does not call a valve that seldom moves stuck', () => {
    const { found } = watch(14, (_, day) => (Math.floor(day * 2) % 2 === 0 ? 0 : 1))
    assert.ok(found.every(({ causes }) => causes.every(({ kind }) => kind !== 'flat')))
  })

  it('scores what is beyond a limit or a rate with 1, from the first reading on and each time', () => {
    const { found } = watch(0.1, () => 50, { settings: { min: 0, max: 40, max_rate: null } })
    assert.equal(found.length, 29)
    assert.ok(found.every(({ score, causes }) => score === 1 && causes[0]!.kind === 'limit'))
    const rates = watch(0.1, (at) => ((at / MINUTE) % 10 === 0 ? 0 : 60), { settings: { ...free, max_rate: 0.1 } })
    assert.equal(rates.found.length, 28)
    assert.equal(rates.found[0]!.causes[0]!.kind, 'rate')
  })

  it('scores a late reading by limits alone and changes nothing', () => {
    const { state } = watch(2, (_, day) => daily(day))
    const before = packDetector(state)
    assert.equal(scoreReading(state, { ...free, max: 100 }, START, 99, 192).score, 0)
    assert.equal(scoreReading(state, { ...free, max: 100 }, START, 101, 192).score, 1)
    assert.deepEqual(packDetector(state).hot, before.hot)
    assert.equal(packDetector(state).cold, null)
  })

  it('learns nothing of bad, stale and impossible values', () => {
    const { state } = watch(2, (_, day) => daily(day))
    const before = packDetector(state).hot
    const at = START + 2 * DAY
    for (const [value, quality] of [
      [9e9, 0],
      [9e9, 500],
      [Number.NaN, 192],
      [Number.POSITIVE_INFINITY, 192],
    ] as const) {
      assert.deepEqual(scoreReading(state, free, at, value, quality), { score: 0, causes: [] })
    }
    assert.deepEqual(packDetector(state).hot, before)
  })

  it('scores the same through packing after every reading as without it, also once it knows the week', () => {
    const random = noise(8)
    const kinds = [
      { every: 5, value: (i: number) => daily(i / 288) + random() + (i % 700 === 699 ? 30 : 0) },
      { every: 60, value: (i: number) => plant(i / 24) + random() + (i % 700 === 699 ? 30 : 0) },
    ]
    for (const { every, value } of kinds) {
      const whole = newDetector()
      let kept: { hot: Uint8Array; cold: Uint8Array } | null = null
      let coldWritten = 0
      let coldBytes = 0
      for (let i = 0; i < 2_000; i++) {
        const state = unpackDetector(kept?.hot ?? null, kept?.cold ?? null)
        const [at, now] = [START + i * every * MINUTE, value(i)]
        assert.deepEqual(scoreReading(state, free, at, now, 192), scoreReading(whole, free, at, now, 192))
        const { hot, cold } = packDetector(state)
        if (cold !== null) coldWritten += 1
        if (i < 30) coldBytes = Math.max(coldBytes, cold?.byteLength ?? 0)
        kept = { hot, cold: cold ?? kept!.cold }
      }
      assert.ok(coldWritten < (2_000 * every) / 60 + 40, `cold written ${coldWritten} times`)
      if (every === 5) assert.ok(coldBytes < 2_500, `${coldBytes} bytes in its first steps`)
      assert.equal(whole.week[WEEK.usedHours]! > 0, every === 60)
    }
    assert.ok(HOT_BYTES <= 512 && COLD_BYTES <= 4_000)
  })

  it('begins anew with bytes that are none of its own', () => {
    const state = unpackDetector(new Uint8Array(10), new Uint8Array(COLD_BYTES))
    assert.equal(state.hot[HOT.readings], 0)
    const zeros = unpackDetector(new Uint8Array(HOT_BYTES), new Uint8Array(COLD_BYTES))
    assert.equal(zeros.hot[HOT.version], 1)
  })

  it('stays finite and sound on every kind of nonsense', () => {
    const state = newDetector()
    const odd = [0, -0, 1e308, -1e308, 5e-324, 1e-300, 1e30, -1e30, 3, 3, Number.MAX_SAFE_INTEGER]
    for (let i = 0; i < 5_000; i++) {
      const at = START + i * (i % 3 === 0 ? 1 : 999_983)
      const { score } = scoreReading(state, free, at, odd[(i * 7 + (i >> 3)) % odd.length]!, 192)
      assert.ok(score >= 0 && score <= 1, `score ${score} at ${i}`)
    }
    assert.ok([state.hot, state.numbers, state.week].every((part) => part.every(Number.isFinite)))
  })

  it('judges a sensor that reads each second no more often than one that reads each five minutes', () => {
    const random = noise(9)
    const { found } = watch(3, () => 30 + random(), { every: 1_000 })
    assert.ok(found.length < 6, `${found.length} anomalies in three days`)
  })
})

/** Day 0 is a Monday. Works from 6 to 18, not on Sundays. */
const plant = (day: number, weekday = Math.floor(day) % 7): number =>
  weekday !== 6 && day % 1 >= 0.25 && day % 1 < 0.75 ? 50 : 20

describe('the week of a sensor', () => {
  const SUNDAY = 6
  const every = 15 * MINUTE
  const lastOf = (weeks: number, weekday: number): number => (weeks - 1) * 7 + weekday
  const onDay = (found: readonly { day: number }[], day: number): number =>
    found.filter((one) => Math.floor(one.day) === day).length

  it('gets used to what comes each Sunday and on no other day', () => {
    const isRinsed = (day: number): boolean => Math.floor(day) % 7 === SUNDAY && day % 1 > 0.42 && day % 1 < 0.43
    const told = (hasWeek: boolean): number[] => {
      const random = noise(12)
      const { found } = watch(16 * 7, (_, day) => (isRinsed(day) ? 80 : 50) + random(), { every, hasWeek })
      return Array.from({ length: 16 }, (_, week) => onDay(found, week * 7 + SUNDAY))
    }
    const sundays = told(true)
    assert.ok(sundays[0]! > 0 && sundays[1]! > 0)
    assert.deepEqual([...sundays.slice(3, 8), ...sundays.slice(12)], [0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert.ok(told(false).filter((many) => many > 0).length > 12)
  })

  it('says nothing of a usual Sunday, whatever the plant does on it', () => {
    const sundays = [
      (day: number) => plant(day),
      (day: number) => (day % 1 > 0.4 && day % 1 < 0.5 ? 80 : 20),
      (day: number) => 26 + 8 * Math.sin(2 * Math.PI * day),
    ]
    for (const [i, sunday] of sundays.entries()) {
      const random = noise(13 + i)
      const signal = (day: number): number => (Math.floor(day) % 7 === SUNDAY ? sunday(day) : plant(day)) + random()
      const { found } = watch(12 * 7, (_, day) => signal(day), { every })
      const many = found.filter(({ day }) => day > 28 && Math.floor(day) % 7 === SUNDAY).length
      assert.ok(many <= 1, `${many} on eight Sundays of kind ${i}`)
    }
  })

  it('finds a Sunday that is like a Monday, and a Monday that is like a Sunday', () => {
    for (const [weekday, like] of [
      [SUNDAY, 0],
      [0, SUNDAY],
    ] as const) {
      const odd = lastOf(9, weekday)
      const found = (hasWeek: boolean) => {
        const random = noise(16)
        const as = (day: number): number => plant(day, Math.floor(day) === odd ? like : undefined)
        return watch(9 * 7, (_, day) => as(day) + random(), { every, hasWeek }).found.filter(
          ({ day }) => Math.floor(day) === odd,
        )
      }
      const hits = found(true)
      assert.ok(hits.length > 0 && hits[0]!.day < odd + 0.35, `${hits[0]?.day}`)
      const kinds = new Set(hits.flatMap(({ causes }) => causes.map(({ kind }) => kind)))
      assert.ok(kinds.has(weekday === SUNDAY ? 'week' : 'season'), [...kinds].join())
      assert.deepEqual(found(false), [])
    }
  })

  it('says the range that the week expects, and that other days differ', () => {
    const random = noise(17)
    const odd = lastOf(9, SUNDAY)
    const as = (day: number): number => plant(day, Math.floor(day) === odd ? 0 : undefined)
    const { found } = watch(9 * 7, (_, day) => as(day) + random(), { every })
    const week = found.flatMap(({ causes }) => causes).find(({ kind }) => kind === 'week')!
    assert.ok(week.low! < week.high! && week.high! < week.observed && week.times! > 3, JSON.stringify(week))
    assert.match(explain('it', { unit: '1', causes: [week] }), /a quest’ora di questo giorno della settimana/)
    assert.match(explain('en', { unit: '1', causes: [week] }), /for this hour on this day of the week/)
  })

  it('takes the week up only where it explains more than the day, in the fourth week', () => {
    const usedIn = (weeks: number, signal: (day: number) => number): boolean => {
      const random = noise(18)
      return watch(weeks * 7, (_, day) => signal(day) + random(), { every }).state.week[WEEK.usedHours]! > 0
    }
    assert.deepEqual([usedIn(3, plant), usedIn(4, plant)], [false, true])
    assert.equal(usedIn(12, daily), false)
    // Weather: a day is like the one before, and no weekday like itself.
    assert.equal(
      usedIn(12, (day) => daily(day) * (1 + Math.sin(Math.floor(day) ** 1.7))),
      false,
    )
    assert.equal(
      usedIn(12, () => 5),
      false,
    )
  })

  it('gives the week up when its days become alike', () => {
    const random = noise(19)
    const { state, found } = watch(18 * 7, (_, day) => plant(day, day < 12 * 7 ? undefined : 0) + random(), { every })
    assert.ok(onDay(found, lastOf(13, SUNDAY)) > 0)
    // That Sundays are no longer what they were may be told once more, where the days after them go back.
    assert.ok(found.filter(({ day }) => day >= 13 * 7).length <= 1)
    assert.ok(found.every(({ day }) => day < 16 * 7))
    assert.equal(state.week[WEEK.usedHours], 0)
  })

  it('is not misled by one odd day: a week later it expects what it expected before', () => {
    const random = noise(20)
    const holiday = lastOf(10, 1)
    const as = (day: number): number => plant(day, Math.floor(day) === holiday ? SUNDAY : undefined)
    const { found } = watch(13 * 7, (_, day) => as(day) + random(), { every })
    assert.ok(onDay(found, holiday) > 0)
    assert.deepEqual(
      found.filter(({ day }) => day >= holiday + 1),
      [],
    )
  })

  it('goes on with what was packed before there was a week', () => {
    const bytes = inflateRawSync(Buffer.from(BEFORE_THE_WEEK, 'base64'))
    const state = unpackDetector(bytes.subarray(0, 464), bytes.subarray(464))
    assert.equal(state.hot[HOT.readings], 30 * 288)
    const from = START + 30 * DAY
    const scores = [30, 34, 46, 31, 90, 30].map((value, i) => {
      return scoreReading(state, free, from + i * 5 * MINUTE, value, 192).score
    })
    // As the detector that packed it scored them.
    const before = [0, 0.5011228853, 0.8801153503, 1 / 3, 0.9597164906, 1 / 3]
    for (const [i, score] of scores.entries()) assert.ok(Math.abs(score - before[i]!) < 1e-9, `${i}: ${score}`)
    const random = noise(21)
    for (let at = from + DAY; at < from + 42 * DAY; at += 5 * MINUTE) {
      scoreReading(state, free, at, plant((at - START) / DAY) + random(), 192)
    }
    assert.ok(state.week[WEEK.usedHours]! > 0)
    const { hot, cold } = packDetector(state)
    assert.ok(cold!.byteLength > 3_500 && cold!.byteLength <= COLD_BYTES)
    assert.deepEqual(packDetector(unpackDetector(hot, cold)).hot, hot)
  })
})

/** A month of `daily` with noise, as it was kept before there was a week: 464 bytes and 1,900, deflated. */
const BEFORE_THE_WEEK =
  'tZR7UFRVHMd/d/fu3fs853ctxAeDrCVDaQEyWQu7e/ZupWNqjjqZwiAhkm+NRqY0TVysqUQYniqT+Mh0HAJlQvKBDJmmJjGCEY3hII2JTZbrK8XEmstK' +
  'U/9F2G/mzrmf8z3ne75z7+9eALMCDODIhVlHlvum7XFcKlvm9vZMn6/3dnORWU2xo4PcU8F1vdS2KCS28GTc33SoZ/7phnlz1xJujJua+2bD0cz7etT9' +
  'MdJ72dm8qnyf2xvRmH/dX+vynj9c/+LOdQne6YdXj9aj473V824XThgU7/WPmTU51/Eli9/ekfZyQiHrzbWk8tiGjyJ/+IsBsozP9gdzpUX7PeYovWr0' +
  '6C1/rPe8rsZ6egPujFvOkisOsF5O3J3qPXR2k6sHUACLOcoKQBgQoALYzBlZAxgKKhAAHqwAMjFZMdlqskRNlkAHGTToZZUDDWTgAUQ0GYCCBoqll20g' +
  'yGAz94t6UCcgBfUetgBIwfPsQZ0zt5h+wgCAIQCg280AAIoczAtZDGYIYwECRsPNT9hXP6meq6E/eiblfuyBJsJSWMAteWo8J0a1uZvSeOaMeY3d+3yH' +
  'W7ua4rZv3+WO777iqkrP9uRLj7gSim4ZadlWX0aR7Ev5Gn0trhDfyPKBvpGBUN+6qhDfxETdV7da8e16gvfNvtVl5GZ3Gux6qxHuOWlEzaw1Wp6uNvgp' +
  'VUara6+RUVBt3L5eawzLO24IzlZjxuWLBoD53v6/q2xuBbtztJHVL05mj4pOtuVgEVs6uoDNaafezlSH9/FSu/dAs8ZOOzPYU6UJLP3idra4MozNubGG' +
  'Zc5by14Y2Mo6c6pZRfU2tsrxPovsmMTOXZnMypLymB6Sz0ocZ2gFXUkNepcUk8HkXa1S3azEyGPF3/mt0P8qcQzXw/VQHXVRv4cBbMcGPIDFmIHR2EV3' +
  'UEZPkeFkkvaS2imfENNsp82+6JO/gx4jz5FC7YzarPjlEGm2fZGt0HqDawcDhAeQv4xOo93kHdKhjdCc6mNKjTREfF6Yy+daxnNLQO+3/0btW/Wq0ir7' +
  'pQgxXcjhGy2J3AIYAhzAA3n+Fmyjn9I1dBStIXGkUPtOPascl/3SXXu0kMhvsri5RUD/82kljih5vdgm3OFd1t1cMcTAQyA/oOxB/xYyk9Rqv6h2tUHO' +
  'lL63u4WV/BeW+VwljIGHg/+5fvk7cRQORQ4v0Dq6gb5Cke4hMSRPq1C3KknyenG3rX/+h3ALZmMSjsA2upIOojmkWbumNilT5YC9zDq4//2JG7EAc9CP' +
  'b+BiTMJxGIcKdtKDdAV9sufb2KYdVLco8fJ4MczWd/8ObMez+A024kmsw31YjqW4FhfiBByBv9I9dDq9RJLIVu2oWqoI8j77fGvf/JfhUlyICzAVk3Ei' +
  'GhiNoQjYQWvoKvoM/ZmsIDe1dG2XWq2skPeL12zWPuYfoOs66qgTXdZFHXTQuzCAF7AFT+Fe/BDfwik4DM/R92gELSVXtIFal/K2PFus55V/5V9njxIy' +
  '+d8sc7g1wCAcsN89+U9/0C9hE5ZjFroxQDfTWFpAzmu31WtKvixJqfYPbFXWMEsYtxOS4VkY0Ef/PwE='
