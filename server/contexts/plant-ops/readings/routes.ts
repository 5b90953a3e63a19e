import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import type { Limits } from '#platform/http/rate-limits.ts'
import { Id, Nullable, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { addReading } from './add-reading.ts'
import { sensorRefusals } from '../sensors/refusals.ts'
import { bulkRoutes, type BulkFormat } from './bulk-routes.ts'
import { BUCKET_PATTERN, readBucket } from './bucket.ts'
import { CONTENT_TYPES, exportReadings, exportText, type ReadingFormat } from './export-readings.ts'
import { cursorTime, listReadings } from './list-readings.ts'
import { queryReadings } from './query-readings.ts'
import { readLatest } from './read-latest.ts'
import { ALWAYS, type Period } from './read-series.ts'

const tags = ['Readings']
const Quality = Type.Unsafe<0 | 192 | 500>({
  type: 'integer',
  enum: [0, 192, 500],
  description: '192 good, 0 bad, 500 stale',
})
const NewReading = Type.Object(
  { value: Type.Number(), ts: Type.Optional(Timestamp), quality: Type.Optional(Quality) },
  { additionalProperties: false, title: 'NewReading', examples: [{ value: 21.4, ts: '2026-11-21T09:00:00Z' }] },
)
const Score = Type.Number({ description: '0 to 1, in steps of 1/255' })
const TakenReading = Type.Object(
  {
    ts: Timestamp,
    value: Type.Number(),
    quality: Quality,
    anomaly_score: Score,
    is_anomaly: Type.Boolean(),
    late: Type.Boolean({ description: 'Older than the newest was: scored by limits and rate alone' }),
  },
  { title: 'TakenReading' },
)
const Reading = Type.Object(
  {
    ts: Timestamp,
    value: Type.Number(),
    quality: Quality,
    anomaly_score: Score,
    late: Type.Optional(Type.Boolean()),
    corrected: Type.Optional(Type.Boolean()),
  },
  { title: 'Reading' },
)
const Figure = Nullable(Type.Number())
const ReadingBucket = Type.Object(
  {
    ts: Type.String({ format: 'date-time', description: 'When the bucket begins' }),
    ...{ min: Figure, max: Figure, mean: Figure, count: Type.Integer(), last: Figure },
    excluded: Type.Optional(Type.Integer({ description: 'Readings that are not good: they count nowhere else' })),
  },
  { title: 'ReadingBucket', description: 'Of the good readings; a bucket without readings is left out' },
)
const kept = {
  raw_from: Nullable(
    Type.String({
      format: 'date-time',
      description:
        'Readings of before were removed, as the company or the sensor says: what is left are buckets of whole hours, and ' +
        'the lowest and highest of each hour for plots. A whole hour; null: nothing was removed',
    }),
  ),
  kept_from: Nullable(
    Type.String({ format: 'date-time', description: 'Of before, nothing is left at all; null: nothing was removed' }),
  ),
}
const ReadingPage = Type.Object({
  items: Type.Array(Type.Union([Reading, ReadingBucket])),
  next_cursor: Nullable(Type.String()),
  ...kept,
})
const Bucket = Type.String({
  pattern: BUCKET_PATTERN,
  examples: ['1h'],
  description: '30s, 5m, 1h: aligned to 1970 UTC; 1d, 1mo, 1y: of the plant’s time zone',
})
const Points = Type.Integer({
  ...{ minimum: 3, maximum: 5_000 },
  description: 'Readings chosen so that a plot of them looks like a plot of all (LTTB)',
})
const ReadingQuery = Shape({
  from: Type.Optional(Timestamp),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Not included' })),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 }),
  cursor: Type.Optional(Type.String({ maxLength: 11, pattern: '^[0-9a-z]+$' })),
  bucket: Type.Optional(Bucket),
  points: Type.Optional(Points),
})
const SeriesQuery = Type.Object(
  {
    sensor_ids: Type.Array(Id, { minItems: 1, maxItems: 200 }),
    from: Type.Optional(Timestamp),
    to: Type.Optional(Timestamp),
    bucket: Type.Optional(Bucket),
    points: Type.Optional(Points),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000, description: 'Raw readings of each sensor' }),
    ),
  },
  {
    additionalProperties: false,
    title: 'SeriesQuery',
    examples: [{ sensor_ids: ['01890000-0000-7000-8000-000000000000'], from: '2026-11-20T00:00:00Z', bucket: '1h' }],
  },
)
const SeriesAnswer = Type.Object({
  items: Type.Array(
    Type.Object(
      { sensor_id: Id, items: Type.Array(Type.Union([Reading, ReadingBucket])), ...kept },
      { title: 'SensorSeries' },
    ),
    { description: 'Of the sensors that there are, in the order that was asked for' },
  ),
})
const LatestQuery = Shape({
  sensor_id: Type.Optional(Type.Array(Id, { maxItems: 200, description: 'May be repeated' })),
  plant_id: Type.Optional(Id),
  line_id: Type.Optional(Id),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 200 }),
})
const LatestAnswer = Type.Object({
  items: Type.Array(
    Type.Object(
      {
        ...{ sensor_id: Id, plant_id: Id, name: Type.String(), unit: Type.String() },
        reading: Nullable(Type.Object({ ts: Timestamp, value: Type.Number(), quality: Quality, anomaly_score: Score })),
      },
      { title: 'LatestReading' },
    ),
  ),
})

export type ReadingDeps = { edges: Edges; limits: Limits; formats: readonly BulkFormat[] }

/** Readings of one sensor, and of many. */
export const readingRoutes =
  (deps: ReadingDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges, limits } = deps
    app.post(
      '/plant-ops/sensors/:id/readings',
      {
        config: {
          permission: 'readings.write',
          refusals: ['sensors.not_found', 'plant_ops.conflict', 'plant_ops.raw_gone', 'plant_ops.time_out_of_range'],
          ...{ limits: 'readings', idempotent: false },
        },
        schema: {
          ...{ operationId: 'addReading', tags, summary: 'Send one reading' },
          ...{ params: WithId, body: NewReading, response: { 201: TakenReading } },
        },
      },
      async (request, reply) => {
        await limits.spendReadings(request, reply, 1)
        return edges.write(request, reply.code(201), (work) => addReading(work, request.params.id, request.body))
      },
    )
    app.get(
      '/plant-ops/sensors/:id/readings',
      {
        config: { permission: 'readings.read', refusals: ['sensors.not_found', 'plant_ops.period_not_usable'] },
        schema: {
          ...{ operationId: 'listReadings', tags, summary: 'Readings of a sensor in the order of time' },
          ...{ params: WithId, querystring: ReadingQuery, response: { 200: ReadingPage } },
        },
      },
      async (request, reply) => {
        const { from, to, limit, cursor, bucket, points } = request.query
        const { id } = request.params
        const period = periodOf(from, to)
        const text = await edges.read(request, async (work) => {
          if (bucket === undefined && points === undefined) {
            const begin = cursor === undefined ? ALWAYS.from : cursorTime(cursor)
            return listReadings(work, id, { ...period, from: Math.max(period.from, begin) }, limit)
          }
          const found = await queryReadings(work, [id], { period, ...wanted(bucket, points), limit })
          const answer = found.get(id.toLowerCase())
          if (answer === undefined) throw sensorRefusals.refuse('sensors.not_found')
          return `{${answer},"next_cursor":null}`
        })
        return reply.type('application/json; charset=utf-8').send(text as never)
      },
    )
    exportRoute(app, edges)
    manyRoutes(app, edges)
    await app.register(bulkRoutes(deps))
  }

const periodOf = (from: string | undefined, to: string | undefined): Period => ({
  from: from === undefined ? ALWAYS.from : Math.max(0, Date.parse(from)),
  to: to === undefined ? ALWAYS.to : Date.parse(to),
})
const wanted = (bucket: string | undefined, points: number | undefined) => ({
  ...(bucket !== undefined && { bucket: readBucket(bucket) }),
  ...(points !== undefined && { points }),
})

type App = Parameters<FastifyPluginAsyncTypebox>[0]

function exportRoute(app: App, edges: Edges): void {
  app.get(
    '/plant-ops/sensors/:id/readings/export',
    {
      config: { permission: 'readings.read', mode: 'export', refusals: ['sensors.not_found'] },
      schema: {
        ...{
          operationId: 'exportReadings',
          tags,
          summary: 'Readings of a sensor, however many, ready to be sent again',
        },
        description:
          'One line each, as the bulk takes them, in the order of time; streamed. `x-raw-from` is `raw_from` of the other reads, where ' +
          'readings were removed. An answer that is cut off has not all of them.',
        params: WithId,
        querystring: Shape({
          format: Type.Unsafe<ReadingFormat>({ type: 'string', enum: ['csv', 'ndjson'], default: 'csv' }),
          from: Type.Optional(Timestamp),
          to: Type.Optional(Timestamp),
        }),
        response: {
          200: {
            content: { 'text/csv': { schema: Type.String() }, 'application/x-ndjson': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { format, from, to } = request.query
      const { id } = request.params
      const period = periodOf(from, to)
      const part = (begin: number) =>
        edges.read(request, (work) => exportReadings(work, id, { ...period, from: begin }, format))
      // The first is read before anything is sent, so that a refusal is one.
      const first = await part(period.from)
      if (first.raw_from_ms !== null) reply.header('x-raw-from', new Date(first.raw_from_ms).toISOString())
      reply.header('content-disposition', `attachment; filename="${id}.${format}"`)
      return reply.type(CONTENT_TYPES[format]).send(Readable.from(exportText(first, format, part)) as never)
    },
  )
}

function manyRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/sensors/readings/query',
    {
      config: {
        ...{ permission: 'readings.read', refusals: ['plant_ops.period_not_usable'] },
        ...{ limits: 'read', idempotent: false },
      },
      schema: {
        ...{ operationId: 'queryReadings', tags, summary: 'Readings of many sensors, raw, by bucket or for a plot' },
        ...{ body: SeriesQuery, response: { 200: SeriesAnswer } },
      },
    },
    async (request, reply) => {
      const { sensor_ids, from, to, bucket, points, limit = 1_000 } = request.body
      const asked = { period: periodOf(from, to), ...wanted(bucket, points), limit }
      const found = await edges.read(request, (work) => queryReadings(work, sensor_ids, asked))
      const items = Array.from(found, ([id, series]) => `{"sensor_id":"${id}",${series}}`)
      return reply.type('application/json; charset=utf-8').send(`{"items":[${items.join(',')}]}` as never)
    },
  )
  app.get(
    '/plant-ops/sensors/readings/latest',
    {
      config: { permission: 'readings.read' },
      schema: {
        ...{ operationId: 'readLatest', tags, summary: 'The newest reading of each of many sensors' },
        ...{ querystring: LatestQuery, response: { 200: LatestAnswer } },
      },
    },
    (request) => edges.read(request, (work) => readLatest(work, request.query)),
  )
}
