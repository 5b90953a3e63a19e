/**
 * Readings of one sensor as columns, ordered by time without repetition. Columns cost a tenth of a row object each, both to
 * make and to go through.
 */
export type Series = {
  readonly length: number
  /** Epoch milliseconds. */
  readonly at_ms: Float64Array
  readonly value: Float64Array
  /** The anomaly score in steps of 1/255. */
  readonly score: Uint8Array
  /** Quality and marks, see `markOf`. */
  readonly mark: Uint8Array
}

/** Good is the usual case and so is 1; the order is that of the codes. */
const QUALITIES = [0, 192, 500] as const
export type Quality = (typeof QUALITIES)[number]

const LATE = 4
const CORRECTED = 8
/** The mark of a reading that is good, in time and as it first came. */
export const GOOD_MARK = 1

/** One byte: the quality, whether it came late, whether it replaced another. */
export const markOf = (quality: Quality, late: boolean, corrected: boolean): number =>
  (quality === 192 ? 1 : quality === 0 ? 0 : 2) | (late ? LATE : 0) | (corrected ? CORRECTED : 0)

export const qualityOf = (mark: number): Quality => QUALITIES[mark & 3] ?? 0
export const isLate = (mark: number): boolean => (mark & LATE) !== 0
export const isCorrected = (mark: number): boolean => (mark & CORRECTED) !== 0
export const isGood = (mark: number): boolean => (mark & 3) === GOOD_MARK

/** A score as it is kept; what comes out of a reading again is what was answered when it came in. */
export const scoreByte = (score: number): number => Math.round(Math.min(1, Math.max(0, score)) * 255)
export const scoreOf = (byte: number): number => Math.round((byte / 255) * 1000) / 1000

export const newSeries = (length: number): Series => ({
  length,
  at_ms: new Float64Array(length),
  value: new Float64Array(length),
  score: new Uint8Array(length),
  mark: new Uint8Array(length),
})

export const NO_READINGS: Series = newSeries(0)

/** A part of it, on the same memory. */
export const sliceOf = (series: Series, from: number, to: number): Series => ({
  length: to - from,
  at_ms: series.at_ms.subarray(from, to),
  value: series.value.subarray(from, to),
  score: series.score.subarray(from, to),
  mark: series.mark.subarray(from, to),
})

/** One after the other; the caller knows that each begins after the end of the one before. */
export function joined(parts: readonly Series[]): Series {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const all = newSeries(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.at_ms.set(part.at_ms, at)
    all.value.set(part.value, at)
    all.score.set(part.score, at)
    all.mark.set(part.mark, at)
    at += part.length
  }
  return all
}

/** The place of the first reading at or after a time. */
export function placeOf({ at_ms, length }: Series, at: number): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (at_ms[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

/** What lies in `from` (included) to `to` (not included). */
export function within(series: Series, from: number, to: number): Series {
  const [first, end] = [placeOf(series, from), placeOf(series, to)]
  return first === 0 && end === series.length ? series : sliceOf(series, first, Math.max(first, end))
}
