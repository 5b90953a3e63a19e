import { requestRefusals } from '#platform/http/problem.ts'
import { readInstant } from '../ingest/instant.ts'
import { sensorIds } from '../ingest/row-parser.ts'
import { addRow, newRows, qualityOf, refuseRow, shown, type Rows } from '../ingest/rows.ts'
import { readingRefusals } from './refusals.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const FIELDS: ReadonlySet<string> = new Set(['sensor_id', 'ts', 'value', 'quality'])

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch (error) {
    throw requestRefusals.refuse('request.malformed', { cause: error })
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (field: string, message: string): Error =>
  readingRefusals.refuse('plant_ops.invalid', { details: [{ field, message }] })

/**
 * `{"readings": [{sensor_id, ts, value, quality?}]}` as columns. What is wrong with a row refuses that row alone; by hand, because
 * a schema's validator costs as much as all the rest of a request and gives one answer for all rows.
 */
export function jsonRows(body: Buffer): Rows {
  const whole = parsed(body)
  if (!isObject(whole)) throw invalid('', 'must be object')
  const { readings, ...others } = whole
  const [other] = Object.keys(others)
  if (other !== undefined) throw invalid(other, 'is not known here')
  if (!Array.isArray(readings)) throw invalid('readings', 'must be array')
  const rows = newRows()
  const idOf = sensorIds()
  for (let index = 0; index < readings.length; index += 1) addReading(rows, index, readings[index], idOf)
  return rows
}

function addReading(rows: Rows, index: number, row: unknown, idOf: (text: string) => string | null): void {
  if (!isObject(row)) return refuseRow(rows, index, 'plant_ops.malformed_row')
  for (const field in row) {
    if (!FIELDS.has(field)) return refuseRow(rows, index, 'plant_ops.unknown_field', shown(field))
  }
  const { sensor_id, ts, value } = row
  const sensor = typeof sensor_id === 'string' ? idOf(sensor_id) : null
  if (sensor === null) return refuseRow(rows, index, 'plant_ops.unknown_sensor')
  const at = typeof ts === 'string' ? readInstant(ts, 0, ts.length) : Number.NaN
  if (Number.isNaN(at)) return refuseRow(rows, index, 'plant_ops.bad_time')
  if (typeof value !== 'number') return refuseRow(rows, index, 'plant_ops.not_a_number')
  if (!Number.isFinite(value)) return refuseRow(rows, index, 'plant_ops.not_finite')
  const quality = qualityOf(row['quality'])
  if (quality === null) return refuseRow(rows, index, 'plant_ops.bad_quality')
  addRow(rows, index, sensor, at, value, quality)
}
