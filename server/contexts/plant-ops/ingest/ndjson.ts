import { readInstant } from './instant.ts'
import { lineParser, sensorIds, type RowParser } from './row-parser.ts'
import { addRow, newRows, qualityOf, refuseRow, shown, type Rows } from './rows.ts'

const FIELDS = new Set(['sensor_id', 'ts', 'value', 'quality', 'unit'])
type Given = { sensor_id?: unknown; ts?: unknown; value?: unknown; quality?: unknown; unit?: unknown }

/** Newline-delimited JSON: one reading a line, as in the bulk of JSON. Blank lines are no rows. */
export function parseNdjson(): RowParser {
  const rows = newRows()
  const idOf = sensorIds()
  return lineParser(rows, (text, from, to, number) => {
    const row = text.slice(from, to)
    if (row.trim() !== '') takeRow(rows, idOf, row, number)
  })
}

function objectOf(text: string): Given | null {
  try {
    const given: unknown = JSON.parse(text)
    return typeof given === 'object' && given !== null && !Array.isArray(given) ? given : null
  } catch {
    return null
  }
}

function takeRow(rows: Rows, idOf: (text: string) => string | null, text: string, number: number): void {
  const given = objectOf(text)
  if (given === null) {
    const word = /:\s*-?(nan|inf|infinity)\b/i.test(text)
    return refuseRow(rows, number, word ? 'plant_ops.not_finite' : 'plant_ops.malformed_row')
  }
  for (const field in given) {
    if (!FIELDS.has(field)) return refuseRow(rows, number, 'plant_ops.unknown_field', shown(field))
  }
  const { sensor_id, ts, value, unit } = given
  const at = typeof ts === 'string' ? readInstant(ts, 0, ts.length) : Number.NaN
  if (Number.isNaN(at))
    return refuseRow(rows, number, 'plant_ops.bad_time', typeof ts === 'string' ? shown(ts) : undefined)
  if (typeof value !== 'number') return refuseRow(rows, number, 'plant_ops.not_a_number')
  if (!Number.isFinite(value)) return refuseRow(rows, number, 'plant_ops.not_finite')
  const quality = qualityOf(given.quality)
  if (quality === null) return refuseRow(rows, number, 'plant_ops.bad_quality')
  const id = typeof sensor_id === 'string' ? idOf(sensor_id) : null
  if (id === null) return refuseRow(rows, number, 'plant_ops.unknown_sensor')
  if (unit !== undefined && unit !== null) {
    if (typeof unit !== 'string') return refuseRow(rows, number, 'plant_ops.other_unit')
    rows.units.set(rows.columns.index.length, unit)
  }
  addRow(rows, number, id, at, value, quality)
}
