import { BINS, COLD, type DetectorState, SEASON_TAILS, TAILS, WEEK } from './detector-state.ts'

/**
 * How rare a distance is, measured against the sensor's own past: no unit, no shape of noise is assumed. Per tail a
 * table counts how many steps reached each of 48 logarithmic bins (three to the doubling), as numbers of survivors, so that
 * a look-up costs the same however much was seen.
 */

const BINS_PER_DOUBLING = 3
/** Distances below a quarter of the usual one share the lowest bin: only what is far matters. */
const LOWEST = 2 * BINS_PER_DOUBLING
/** Steps from which a tail learns its scale. */
export const WARM_UP = 30
/** From here on all counts are halved: 60,000 steps are seven months, and the past fades. */
const MOST_STEPS = 60_000
/** A tail beyond the greatest seen is continued by its own slope; this is as far as it is believed. */
const FARTHEST = 8

/** The place of each tail among those of the seasons; −1 for others. */
const SEASON = Array.from({ length: TAILS }, (_, tail) => SEASON_TAILS.indexOf(tail))

/** Steps that are counted in the table of a tail. */
const stepsOf = ({ numbers, week }: DetectorState, tail: number): number =>
  numbers[COLD.steps]! - (SEASON[tail]! < 0 ? 0 : week[WEEK.stepsBefore]!)

/** Begins tables of the seasons beside those that are read: distances from now on are from another expectation. */
export function beginFresh({ numbers, fresh, week }: DetectorState): void {
  fresh.fill(0)
  week[WEEK.freshFrom] = numbers[COLD.steps]!
}

/** From now on the fresh ones are read: in the others, what lay far from what was expected before hides what is odd now. */
export function takeFresh({ survivors, fresh, week }: DetectorState): void {
  for (const [i, tail] of SEASON_TAILS.entries()) survivors.set(fresh.subarray(i * BINS, (i + 1) * BINS), tail * BINS)
  week[WEEK.stepsBefore] = week[WEEK.freshFrom]!
}

function binOf(distance: number, scale: number): number {
  const place = Math.log2(distance / scale) * BINS_PER_DOUBLING + LOWEST
  return place > 0 ? Math.min(place, BINS - 0.01) : 0
}

/** −log10 of the share of steps that were as far as this; 3 is one step in a thousand. */
export function rarityOf(state: DetectorState, tail: number, distance: number): number {
  const { numbers, survivors } = state
  const steps = stepsOf(state, tail)
  if (!(distance > 0) || steps === 0) return 0
  const scale = numbers[COLD.scale + tail]!
  // It never moved this way until now.
  if (scale === 0) return Math.min(3, Math.log10(steps + 1))
  const place = binOf(distance, scale)
  const bin = Math.floor(place)
  const base = tail * BINS
  const here = survivors[base + bin]!
  const next = bin + 1 < BINS ? survivors[base + bin + 1]! : 0
  const above = next + (here - next) * (bin + 1 - place)
  if (above >= 1) return Math.log10((steps + 1) / (above + 0.5))
  return beyond(survivors, base, steps, place)
}

/** Farther than all that was seen: the slope of the tail, from its last twentieth to its end, goes on. */
function beyond(survivors: Uint16Array, base: number, steps: number, place: number): number {
  let top = BINS - 1
  while (top > 0 && survivors[base + top] === 0) top--
  let start = top
  while (start > 0 && survivors[base + start]! < steps / 20) start--
  const fall = Math.log10(Math.max(1, survivors[base + start]!)) / Math.max(1, top + 1 - start)
  const farther = Math.max(0, place - top - 1) * Math.min(1, fall)
  return Math.log10((steps + 1) * 2) + Math.min(FARTHEST, farther)
}

/** How far a tail went in this share of all steps; 0 where it never went anywhere. */
export function reached(state: DetectorState, tail: number, share: number): number {
  const { numbers, survivors } = state
  const scale = numbers[COLD.scale + tail]!
  const base = tail * BINS
  const least = Math.max(1, share * stepsOf(state, tail))
  let bin = BINS - 1
  while (bin > 0 && survivors[base + bin]! < least) bin--
  return scale * 2 ** ((bin + 1 - LOWEST) / BINS_PER_DOUBLING)
}

/** The bin of each tail for a closed step; the first steps find the scales instead and give none. */
export function binsOfStep(state: DetectorState, into: Uint8Array): boolean {
  const { numbers, greatest } = state
  const warm = numbers[COLD.warm]!
  if (warm < WARM_UP) {
    for (let tail = 0; tail < TAILS; tail++) numbers[COLD.scale + tail]! += greatest[tail]! / WARM_UP
    numbers[COLD.warm] = warm + 1
    state.coldChanged = true
    return false
  }
  for (let tail = 0; tail < TAILS; tail++) {
    const distance = greatest[tail]!
    if (distance > 0 && numbers[COLD.scale + tail] === 0) {
      numbers[COLD.scale + tail] = distance
      state.coldChanged = true
    }
    into[tail] = distance > 0 ? Math.floor(binOf(distance, numbers[COLD.scale + tail]!)) : 0
  }
  return true
}

/** Counts one closed step. */
export function countStep(state: DetectorState, bins: Uint8Array): void {
  const { numbers, survivors, fresh, week } = state
  const isFresh = week[WEEK.usedHours] !== 0
  for (let tail = 0; tail < TAILS; tail++) {
    countInto(survivors, tail * BINS, bins[tail]!)
    if (isFresh && SEASON[tail]! >= 0) countInto(fresh, SEASON[tail]! * BINS, bins[tail]!)
  }
  numbers[COLD.steps]! += 1
  state.coldChanged = true
  if (numbers[COLD.steps]! < MOST_STEPS) return
  for (const table of [survivors, fresh]) for (let i = 0; i < table.length; i++) table[i] = table[i]! >> 1
  numbers[COLD.steps] = MOST_STEPS / 2
  for (const place of [WEEK.stepsBefore, WEEK.freshFrom]) week[place]! /= 2
}

function countInto(table: Uint16Array, base: number, bin: number): void {
  for (let i = base + bin; i >= base; i--) table[i]!++
}

/** Where a tenth of the steps lie this high, the scale was learned in an unusually quiet time: it is moved up. */
const CROWDED = 30
const MOVED = 15

export function moveScales(state: DetectorState): void {
  const { numbers, survivors, fresh } = state
  for (let tail = 0; tail < TAILS; tail++) {
    const steps = stepsOf(state, tail)
    if (survivors[tail * BINS + CROWDED]! * 10 < steps) continue
    if (steps < WARM_UP) continue
    moveDown(survivors, tail * BINS)
    if (SEASON[tail]! >= 0) moveDown(fresh, SEASON[tail]! * BINS)
    numbers[COLD.scale + tail]! *= 2 ** (MOVED / BINS_PER_DOUBLING)
  }
}

function moveDown(table: Uint16Array, base: number): void {
  const all = table[base]!
  table.copyWithin(base, base + MOVED, base + BINS)
  table.fill(0, base + BINS - MOVED, base + BINS)
  table[base] = all
}
