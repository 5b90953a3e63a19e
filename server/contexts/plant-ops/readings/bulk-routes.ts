import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TProperties, Type } from 'typebox'
import type { Readable } from 'node:stream'
import type { Edges } from '#platform/http/edge.ts'
import type { Limits } from '#platform/http/rate-limits.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import { Id, Timestamp } from '#platform/http/shapes.ts'
import type { Rows } from '../ingest/rows.ts'
import type { ReadingWork } from '../tables.ts'
import { ingestReadings } from './ingest-readings.ts'
import { jsonRows } from './take-json.ts'
import type { Ingested, ReadingColumns } from './reading-columns.ts'

/** A way in which readings come: how a body becomes rows, and, where they name no sensors by id, how they come to ids. */
export type BulkFormat = {
  readonly contentType: string
  readonly read: (request: FastifyRequest, payload: Readable) => Promise<Rows>
  /** In the Work that writes them; what has no sensor joins the refused. */
  readonly identify?: (work: ReadingWork, rows: Rows) => Promise<ReadingColumns>
  /** How it is told in the contract: its body, and what it reads of the address. */
  readonly schema?: object
  readonly query?: TProperties
}

const LONGEST_BODY = 16_777_216

const Reading = Type.Object(
  {
    sensor_id: Id,
    ts: Timestamp,
    value: Type.Number(),
    quality: Type.Optional(Type.Unsafe<0 | 192 | 500>({ type: 'integer', enum: [0, 192, 500], default: 192 })),
  },
  { additionalProperties: false },
)
const BulkBody = Type.Object(
  { readings: Type.Array(Reading) },
  {
    additionalProperties: false,
    title: 'Readings',
    examples: [
      { readings: [{ sensor_id: '01890000-0000-7000-8000-000000000000', ts: '2026-11-21T09:00:00Z', value: 21.4 }] },
    ],
  },
)
const Answer = Type.Object(
  {
    accepted: Type.Integer({ description: 'Rows that were written, late ones and corrections among them' }),
    duplicates: Type.Integer({ description: 'Rows that were there already and changed nothing' }),
    late: Type.Integer({ description: 'Of the accepted, those that are older than the newest of their sensor was' }),
    rejected: Type.Array(
      Type.Object({ index: Type.Integer({ description: 'From 0' }), code: Type.String(), message: Type.String() }),
      { description: 'Rows that were not written, and why; the others were' },
    ),
  },
  { title: 'IngestedReadings' },
)

const json: BulkFormat = {
  contentType: 'application/json',
  read: async (_request, payload) => jsonRows(await whole(payload)),
  schema: BulkBody,
}

async function whole(payload: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of payload as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > LONGEST_BODY) throw requestRefusals.refuse('request.too_large')
    pieces.push(piece)
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/** What a body became, with the format that it came in. */
type Taken = { rows: Rows; format: BulkFormat }

async function take(work: ReadingWork, { rows, format }: Taken, correction: boolean): Promise<Ingested> {
  const columns = (await format.identify?.(work, rows)) ?? rows.columns
  const { rejected, ...counts } = await ingestReadings(work, columns, { correction })
  if (rows.refused.length === 0) return { ...counts, rejected }
  return { ...counts, rejected: [...rows.refused, ...rejected].toSorted((one, other) => one.index - other.index) }
}

const refusals = [
  ...['plant_ops.body_too_large', 'plant_ops.too_many', 'plant_ops.csv_header', 'plant_ops.line_options'],
  'request.too_many_readings',
]
export type BulkDeps = { edges: Edges; limits: Limits; formats: readonly BulkFormat[] }

const handle =
  ({ edges, limits }: BulkDeps, correction: boolean) =>
  async (request: FastifyRequest, reply: FastifyReply) => {
    const taken = request.body as Taken | undefined
    // Neither a body nor the name of a format.
    if (taken === undefined) throw requestRefusals.refuse('request.malformed')
    await limits.spendReadings(request, reply, taken.rows.columns.index.length + taken.rows.refused.length)
    return edges.write(request, reply, (work) => take(work, taken, correction))
  }

/** `/plant-ops/sensors/readings/bulk` and `/corrections`: many readings of many sensors, in JSON and the formats given. */
export const bulkRoutes =
  (deps: BulkDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeAllContentTypeParsers()
    const all = [json, ...deps.formats]
    for (const format of all) {
      app.addContentTypeParser(
        format.contentType,
        { bodyLimit: LONGEST_BODY },
        async (request: FastifyRequest, payload: Readable) => ({
          rows: await format.read(request, payload),
          format,
        }),
      )
    }
    const body = {
      content: Object.fromEntries(all.map(({ contentType, schema }) => [contentType, { schema: schema ?? Text }])),
    }
    const querystring = Type.Object(Object.assign({}, ...all.map(({ query }) => query ?? {})) as TProperties)
    const shared = { tags: ['Readings'], querystring, body: body as never, response: { 200: Answer } }
    const counted = { limits: 'readings', idempotent: false, refusals } as const
    app.post(
      '/plant-ops/sensors/readings/bulk',
      {
        // Rows were looked at one by one when they were read.
        validatorCompiler: () => () => true,
        config: { permission: 'readings.write', ...counted },
        schema: { operationId: 'ingestReadings', summary: 'Send readings of many sensors', ...shared },
      },
      handle(deps, false),
    )
    app.post(
      '/plant-ops/sensors/readings/corrections',
      {
        validatorCompiler: () => () => true,
        config: { permission: 'readings.correct', ...counted },
        schema: {
          ...{ operationId: 'correctReadings', ...shared, summary: 'Send readings that replace others' },
          description: 'Another value at a time that has one replaces it; the earlier one is kept as a revision.',
        },
      },
      handle(deps, true),
    )
    await Promise.resolve()
  }

const Text = Type.String()
