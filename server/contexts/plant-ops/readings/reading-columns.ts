import type { RefusedRow } from '../ingest/rows.ts'

/** What every wire format becomes. Row i was the `index[i]`-th of the request; `sensor` is an id, `quality` 0, 192 or 500. */
export type ReadingColumns = {
  index: number[]
  sensor: string[]
  at_ms: number[]
  value: number[]
  quality: number[]
}

/** What became of each row, by its place in the columns. */
export const REFUSED = 0
export const ACCEPTED = 1
export const DUPLICATE = 2
export const LATE = 3
export const CORRECTION = 4

export type Verdicts = {
  readonly outcome: Uint8Array
  /** The score of an accepted row, in steps of 1/255. */
  readonly score: Uint8Array
  readonly rejected: RefusedRow[]
}

/** `late` are among the accepted, and so are corrections; a duplicate was there already and changed nothing. */
export type Ingested = { accepted: number; duplicates: number; late: number; rejected: RefusedRow[] }

export const newVerdicts = (length: number): Verdicts => ({
  outcome: new Uint8Array(length),
  score: new Uint8Array(length),
  rejected: [],
})

/** Why a row is refused that its format could read. */
const REFUSALS = {
  'plant_ops.unknown_sensor': 'There is no such sensor.',
  'plant_ops.time_out_of_range': 'The time is before 1970 or more than an hour ahead.',
  'plant_ops.not_finite': 'The value is not finite, or larger than a double can hold.',
  'plant_ops.bad_quality': 'The quality is none of 0, 192 and 500.',
  'plant_ops.conflict': 'The sensor has another value or quality at this time; a correction would replace it.',
  'plant_ops.raw_gone': 'Readings of this time are kept by the hour alone, and change no more.',
} as const

export function refuse(verdicts: Verdicts, columns: ReadingColumns, row: number, code: keyof typeof REFUSALS): void {
  verdicts.rejected.push({ index: columns.index[row]!, code, message: REFUSALS[code] })
}

/** The sum of it, with those refused in the order of the request. */
export function summed({ outcome, rejected }: Verdicts): Ingested {
  let [accepted, duplicates, late] = [0, 0, 0]
  for (const one of outcome) {
    if (one === DUPLICATE) duplicates += 1
    else if (one !== REFUSED) accepted += 1
    if (one === LATE) late += 1
  }
  return { accepted, duplicates, late, rejected: rejected.toSorted((one, other) => one.index - other.index) }
}

/** A clock that is ahead is forgiven so far. */
export const AHEAD_MS = 3_600_000

/** The rows of each sensor in the order of time; rows that no sensor could have are refused. */
export function rowsBySensor(columns: ReadingColumns, verdicts: Verdicts, nowMs: number): Map<string, number[]> {
  const { sensor, at_ms, value, quality } = columns
  const groups = new Map<string, number[]>()
  const latest = nowMs + AHEAD_MS
  let [id, rows]: [string, number[]] = ['', []]
  for (let row = 0; row < sensor.length; row += 1) {
    const at = at_ms[row]!
    if (!(at >= 0 && at <= latest)) refuse(verdicts, columns, row, 'plant_ops.time_out_of_range')
    else if (!Number.isFinite(value[row])) refuse(verdicts, columns, row, 'plant_ops.not_finite')
    else if (quality[row] !== 192 && quality[row] !== 0 && quality[row] !== 500) {
      refuse(verdicts, columns, row, 'plant_ops.bad_quality')
    } else {
      if (sensor[row] !== id) {
        id = sensor[row]!
        const known = groups.get(id)
        if (known === undefined) groups.set(id, (rows = []))
        else rows = known
      }
      rows.push(row)
    }
  }
  for (const group of groups.values()) sortByTime(group, at_ms)
  return groups
}

/** Nearly always in order already; equal times stay in the order of the request. */
function sortByTime(rows: number[], at_ms: readonly number[]): void {
  for (let i = 1; i < rows.length; i += 1) {
    if (at_ms[rows[i]!]! < at_ms[rows[i - 1]!]!) {
      rows.sort((one, other) => at_ms[one]! - at_ms[other]! || one - other)
      return
    }
  }
}
