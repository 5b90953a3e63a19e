import { packChunk } from './chunk.ts'
import { addTo, rounded } from './exact-sum.ts'
import { isGood, sliceOf, type Series } from './series.ts'

/** More readings than this make two blocks: few enough to unpack in a fraction of a millisecond. */
export const BLOCK_READINGS = 4_096

/** A block as its row holds it; figures are of the good readings alone. */
export type Block = {
  first_ms: number
  last_ms: number
  readings: number
  good: number
  min: number | null
  max: number | null
  sum: number | null
  /** What the sum lost when it was rounded. */
  sum_low: number | null
  last_value: number | null
  data: Buffer
}

/** Packs a series of at most so many readings, and says beside it what a long time is summed up from. */
function blockOf(series: Series): Block {
  const { length, at_ms, value, mark } = series
  let good = 0
  let [min, max, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  const total = { sum: 0, sum_low: 0 }
  for (let i = 0; i < length; i += 1) {
    if (!isGood(mark[i]!)) continue
    const one = value[i]!
    good += 1
    if (one < min) min = one
    if (one > max) max = one
    addTo(total, one)
    last = one
  }
  // The sum of the largest values leads beyond what a double holds: then the figures are worked out when they are asked for.
  const figures = good > 0 && Number.isFinite(rounded(total)) ? { min, max, ...total, last_value: last } : NO_FIGURES
  return {
    first_ms: at_ms[0]!,
    last_ms: at_ms[length - 1]!,
    readings: length,
    good,
    ...figures,
    data: packChunk(series),
  }
}
const NO_FIGURES = { min: null, max: null, sum: null, sum_low: null, last_value: null }

/** As few blocks as hold a series, of about the same size. */
export function blocksOf(series: Series): Block[] {
  const count = Math.ceil(series.length / BLOCK_READINGS)
  const each = Math.ceil(series.length / count)
  const blocks: Block[] = []
  for (let from = 0; from < series.length; from += each) {
    blocks.push(blockOf(sliceOf(series, from, Math.min(series.length, from + each))))
  }
  return blocks
}
