import { localSteps } from '#contexts/plants'
import { addTo, type ExactSum } from './exact-sum.ts'
import { HOUR_MS, type RolledHour } from './rollup.ts'
import { isGood, type Series } from './series.ts'

const FIXED = { s: 1_000, m: 60_000, h: HOUR_MS } as const
const DAY_MS = 24 * HOUR_MS

/** Fixed lengths begin at multiples of themselves since 1970, UTC; days, months and years are those of a time zone. */
export type Bucket = { kind: 'fixed'; ms: number } | { kind: 'local'; step: '1d' | '1mo' | '1y' }

/** `30s`, `5m`, `1h`, `1d`, `1mo`, `1y`. */
export const BUCKET_PATTERN = '^([1-9][0-9]{0,3}[smh]|1d|1mo|1y)$'

/** Reads what the pattern let through. */
export function readBucket(text: string): Bucket {
  if (text === '1d' || text === '1mo' || text === '1y') return { kind: 'local', step: text }
  const unit = text.slice(-1) as keyof typeof FIXED
  return { kind: 'fixed', ms: Number(text.slice(0, -1)) * FIXED[unit] }
}

/** What readings of a bucket come to: of the good ones alone. */
export type Summary = ExactSum & {
  ts: number
  min: number | null
  max: number | null
  /** Beside a sum that leads beyond what a double holds, the mean is no figure. */
  count: number
  last: number | null
  excluded: number
}

/** What is known of readings as a whole; `sum_low` is null where nobody wrote down what the sum lost. */
export type WholePiece = {
  first_ms: number
  readings: number
  good: number
  min: number
  max: number
  sum: number
  sum_low: number | null
  last_value: number
}
/** A block as it is summed up: whole by its figures where it lies within one bucket, else by its readings. */
export type Piece = WholePiece | Series

/** An hour of which nothing else is kept. */
export const pieceOf = ({ first_ms, good, excluded, min, max, last, sum, sum_low }: RolledHour): WholePiece => ({
  ...{ first_ms, readings: good + excluded, good, sum, sum_low },
  ...{ min: min?.value ?? 0, max: max?.value ?? 0, last_value: last?.value ?? 0 },
})

type Local = Extract<Bucket, { kind: 'local' }>

/** The whole steps that a time lies in; the last is cut. */
function localStepsOf({ step }: Local, zone: string, from: number, to: number) {
  // Cut at its beginning, the first step would not begin where its day, month or year does.
  const before = { '1d': 40 * HOUR_MS, '1mo': 40 * DAY_MS, '1y': 400 * DAY_MS }[step]
  return localSteps(from - before, to, step, zone).slice(1)
}

/** Whether buckets are made of whole hours, of those from a time to another: days of India begin at half past. */
export function isOfHours(bucket: Bucket, zone: string, from: number, to: number): boolean {
  if (bucket.kind === 'fixed') return bucket.ms % HOUR_MS === 0
  return localStepsOf(bucket, zone, from, to).every((step) => step.from % HOUR_MS === 0)
}

/** Where the bucket of a time begins; asked in the order of time. */
function beginnings(bucket: Bucket, zone: string, from: number, to: number): (at: number) => number {
  if (bucket.kind === 'fixed') return (at) => at - (at % bucket.ms)
  const steps = localStepsOf(bucket, zone, from, to)
  let place = 0
  return (at) => {
    while (place + 1 < steps.length && steps[place]!.to <= at) place += 1
    return steps[place]?.from ?? at
  }
}

const isSeries = (piece: Piece): piece is Series => 'at_ms' in piece
const firstOf = (piece: Piece): number => (isSeries(piece) ? piece.at_ms[0]! : piece.first_ms)
const lastOf = (piece: Piece): number => (isSeries(piece) ? piece.at_ms[piece.length - 1]! : piece.first_ms)

/** Sums up pieces that follow each other in time. Buckets without a reading are left out; null where there are more than `most`. */
export function summaries(pieces: readonly Piece[], bucket: Bucket, zone: string, most: number): Summary[] | null {
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (first === undefined || last === undefined) return []
  const beginning = beginnings(bucket, zone, firstOf(first), lastOf(last) + 1)
  const all: Summary[] = []
  let open: Summary | undefined
  const openAt = (at: number): Summary => {
    const ts = beginning(at)
    if (open?.ts === ts) return open
    open = { ts, min: null, max: null, sum: 0, sum_low: 0, count: 0, last: null, excluded: 0 }
    all.push(open)
    return open
  }
  for (const piece of pieces) {
    if (all.length > most) return null
    if (isSeries(piece)) {
      for (let i = 0; i < piece.length;) {
        const summary = openAt(piece.at_ms[i]!)
        const end = bucket.kind === 'fixed' ? summary.ts + bucket.ms : piece.at_ms[i]!
        i = addReadings(summary, piece, i, end)
      }
    } else addWhole(openAt(piece.first_ms), piece)
  }
  return all.length > most ? null : all
}

/** Adds a reading and those after it that lie before `end`; answers the place of the next. In locals: a field that may be null is costly to change. */
function addReadings(summary: Summary, { at_ms, value, mark, length }: Series, first: number, end: number): number {
  let [min, max] = [summary.min ?? Number.POSITIVE_INFINITY, summary.max ?? Number.NEGATIVE_INFINITY]
  const total = { sum: summary.sum, sum_low: summary.sum_low }
  let [good, last] = [0, 0]
  let i = first
  do {
    if (isGood(mark[i]!)) {
      const one = value[i]!
      if (one < min) min = one
      if (one > max) max = one
      addTo(total, one)
      good += 1
      last = one
    }
    i += 1
  } while (i < length && at_ms[i]! < end)
  summary.excluded += i - first - good
  if (good > 0) {
    summary.min = min
    summary.max = max
    summary.sum = total.sum
    summary.sum_low = total.sum_low
    summary.count += good
    summary.last = last
  }
  return i
}

function addWhole(summary: Summary, block: WholePiece): void {
  summary.excluded += block.readings - block.good
  if (block.good === 0) return
  summary.min = summary.min === null ? block.min : Math.min(summary.min, block.min)
  summary.max = summary.max === null ? block.max : Math.max(summary.max, block.max)
  addTo(summary, block.sum, block.sum_low ?? 0)
  summary.count += block.good
  summary.last = block.last_value
}
