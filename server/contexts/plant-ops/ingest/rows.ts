/** What every wire format becomes: columns for the ingest use case, and the rows that say no by themselves. */
import { ingestRefusals } from './refusals.ts'
import type { Source } from './source-key.ts'

/** Row i was the `index[i]`-th of the request. `sensor` is what the format names a sensor by: an id, or the key of a source. */
export type Columns = { index: number[]; sensor: string[]; at_ms: number[]; value: number[]; quality: number[] }

/** Why a row is no reading, in words that need no context; the codes are stable. */
export const ROW_REFUSALS = {
  'plant_ops.malformed_row': 'The row cannot be read.',
  'plant_ops.row_too_long': 'The row is longer than 65,536 bytes.',
  'plant_ops.not_utf8': 'The row is not UTF-8.',
  'plant_ops.unknown_field': 'The row has a field that readings do not have.',
  'plant_ops.unknown_sensor': 'There is no such sensor.',
  'plant_ops.unknown_source': 'No sensor is fed by this source.',
  'plant_ops.bad_time': 'The time is not a date and time with a zone (RFC 3339).',
  'plant_ops.not_a_number': 'The value is not a number.',
  'plant_ops.not_finite': 'The value is not finite, or larger than a double can hold.',
  'plant_ops.text_value': 'The field holds text, and readings are numbers.',
  'plant_ops.bad_quality': 'The quality is none of 0, 192 and 500.',
  'plant_ops.other_unit': 'The unit is not that of the sensor.',
} as const
export type RowCode = keyof typeof ROW_REFUSALS
export type RefusedRow = { index: number; code: string; message: string }

export type Rows = {
  columns: Columns
  refused: RefusedRow[]
  /** The unit that a row names, by its place in the columns; most name none. */
  units: Map<number, string>
  /** What the columns name instead of sensors, where a format knows no ids; by its key. */
  sources: Map<string, Source>
}

/** One request holds no more; whoever has more sends more requests. Refusals count: they are answered one by one. */
export const MAX_ROWS = 100_000

export const newRows = (): Rows => ({
  columns: { index: [], sensor: [], at_ms: [], value: [], quality: [] },
  refused: [],
  units: new Map(),
  sources: new Map(),
})

function makeRoom({ columns, refused }: Rows): void {
  if (columns.index.length + refused.length >= MAX_ROWS) throw ingestRefusals.refuse('plant_ops.too_many')
}

export function refuseRow(rows: Rows, index: number, code: RowCode, more?: string): void {
  makeRoom(rows)
  const message = ROW_REFUSALS[code]
  rows.refused.push({ index, code, message: more === undefined ? message : `${message} ${more}` })
}

export function addRow(rows: Rows, index: number, sensor: string, at_ms: number, value: number, quality: number): void {
  makeRoom(rows)
  const { columns } = rows
  columns.index.push(index)
  columns.sensor.push(sensor)
  columns.at_ms.push(at_ms)
  // There is one zero: a negative one would be another value at the same time.
  columns.value.push(value + 0)
  columns.quality.push(quality)
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** What a message may repeat of what was sent: short, and without control characters. */
export const shown = (text: string): string =>
  `«${text.slice(0, 60).toWellFormed().replaceAll(CONTROL, '·')}${text.length > 60 ? '…' : ''}»`

const GOOD = 192
/** 0 bad, 192 good, 500 stale; good where nothing is said; null for anything else. */
export function qualityOf(given: unknown): number | null {
  if (given === undefined || given === null) return GOOD
  return given === 0 || given === GOOD || given === 500 ? given : null
}
