import { randomInt } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Answer, Raw } from './api.ts'

export type Sensor = { readonly id: string; readonly source: string }
export type Reading = { readonly sensor: Sensor; readonly at_ms: number; readonly value: number }

/** What an answer to readings may hold, whatever the way they went. */
export type Taken = {
  accepted?: number
  duplicates?: number
  rejected?: unknown[]
  ts?: string
  value?: number
} | null

/** A way in. */
type Way = {
  readonly most: number
  readonly path: (readings: readonly Reading[]) => string
  readonly body: (readings: readonly Reading[]) => Raw
  /** Whether the answer says that all of them are there. */
  readonly acknowledges: (answer: Answer<Taken>, readings: readonly Reading[]) => boolean
}

const BULK = '/api/v1/plant-ops/sensors/readings/bulk'
/** More than any request here holds. */
const ANY = 1_000_000
const textOf = (at_ms: number): string => new Date(at_ms).toISOString()

/** One in three goes packed, as agents send. */
function packed(type: string, text: string): Raw {
  if (randomInt(3) > 0) return { headers: { 'content-type': type }, data: text }
  const data = new Uint8Array(gzipSync(text))
  return { headers: { 'content-type': type, 'content-encoding': 'gzip' }, data }
}

const asObject = ({ sensor, at_ms, value }: Reading) => ({ sensor_id: sensor.id, ts: textOf(at_ms), value })
const asLine = ({ sensor, at_ms, value }: Reading): string =>
  `${sensor.source.replace(' value', ` value=${value}`)} ${at_ms}`
const lines = (rows: readonly string[]): string => `${rows.join('\n')}\n`

const bulk = (type: string, write: (readings: readonly Reading[]) => string, query = ''): Way => ({
  most: ANY,
  path: () => `${BULK}${query}`,
  body: (readings) => packed(type, write(readings)),
  acknowledges: ({ status, body }, { length }) =>
    status === 200 && body!.rejected!.length === 0 && length === body!.accepted! + body!.duplicates!,
})

const influx = (path: string): Way => ({
  most: ANY,
  path: () => path,
  body: (readings) => packed('text/plain', lines(readings.map(asLine))),
  acknowledges: ({ status }) => status === 204,
})

/** All ways in over HTTP, by the name under which they are counted. */
export const WAYS: Readonly<Record<string, Way>> = {
  JSON: bulk('application/json', (readings) => JSON.stringify({ readings: readings.map(asObject) })),
  NDJSON: bulk('application/x-ndjson', (readings) => lines(readings.map((one) => JSON.stringify(asObject(one))))),
  CSV: bulk('text/csv', (readings) =>
    lines([
      'ts,sensor_id,value',
      ...readings.map(({ sensor, at_ms, value }) => `${textOf(at_ms)},${sensor.id},${value}`),
    ]),
  ),
  'line protocol': bulk('text/plain', (readings) => lines(readings.map(asLine)), '?precision=ms'),
  'InfluxDB 2': influx('/api/v2/write?org=any&bucket=any&precision=ms'),
  'InfluxDB 1': influx('/write?db=any&precision=ms'),
  single: {
    most: 1,
    path: ([reading]) => `/api/v1/plant-ops/sensors/${reading!.sensor.id}/readings`,
    body: ([reading]) => {
      const { ts, value } = asObject(reading!)
      return { headers: { 'content-type': 'application/json' }, data: JSON.stringify({ ts, value }) }
    },
    acknowledges: ({ status, body }, [reading]) =>
      status === 201 && body!.value === reading!.value && Date.parse(body!.ts!) === reading!.at_ms,
  },
}
