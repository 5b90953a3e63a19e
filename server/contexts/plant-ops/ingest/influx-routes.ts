import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Config } from '#config'
import type { Edges } from '#platform/http/edge.ts'
import { asRefusal, KINDS, requestRefusals } from '#platform/http/problem.ts'
import type { Limits } from '#platform/http/rate-limits.ts'
import { Nothing } from '#platform/http/shapes.ts'
import { ingestReadings } from '../readings/ingest-readings.ts'
import type { ReadingWork } from '../tables.ts'
import { findSensors } from './find-sensors.ts'
import { InfluxError, influxError, onlyMakesDatabase, partialWrite } from './influx-answer.ts'
import { parseLineProtocol } from './line-protocol.ts'
import { lineOptions, lineQuery } from './read-formats.ts'
import type { Rows } from './rows.ts'
import { takeRows } from './take-rows.ts'

type Deps = {
  edges: Edges
  limits: Limits
  config: Pick<Config, 'version'>
  denials: { record: (request: FastifyRequest, code: string) => void }
}

async function takeLines(work: ReadingWork, rows: Rows) {
  const { rejected, ...counts } = await ingestReadings(work, await findSensors(work, rows))
  return { ...counts, rejected: [...rows.refused, ...rejected].toSorted((one, other) => one.index - other.index) }
}

const ignored = (what: string) =>
  Type.Optional(Type.String({ description: `${what}; says nothing here`, examples: ['any'] }))
const key = Type.Optional(Type.String({ description: 'An API key, where the client can show it nowhere else' }))
const tags = ['Readings']
const description =
  'The protocol of InfluxDB, for its agents: the API key is shown as `Authorization: Token`, `Bearer` or the password of `Basic`. docs/ingest.md says which answer means what.'
const body = {
  content: {
    'text/plain': {
      schema: Type.String({
        description: 'InfluxDB line protocol',
        examples: ['boiler,area=3 temperature=21.4 1795255200000000000'],
      }),
    },
  },
} as never
const refused = [400, 401, 403, 413, 415, 429, 500, 503]
const response: Record<number, TSchema> = {
  204: Nothing,
  ...Object.fromEntries(refused.map((status) => [status, InfluxError])),
}
const writes = {
  '/api/v2/write': {
    ...{ operationId: 'writeLineProtocol', summary: 'Write line protocol as to InfluxDB 2' },
    querystring: Type.Object({ org: ignored('Organisation'), bucket: ignored('Bucket'), ...lineQuery, p: key }),
  },
  '/write': {
    ...{ operationId: 'writeLineProtocolV1', summary: 'Write line protocol as to InfluxDB 1' },
    querystring: Type.Object({ db: ignored('Database'), u: ignored('User'), ...lineQuery, p: key }),
  },
}

/**
 * The addresses that agents for InfluxDB write to, in both versions. Organisation, bucket and database say nothing here: the API
 * key says whose readings they are. Errors have InfluxDB's shape, so that agents act on them as they do there.
 */
export const influxRoutes =
  ({ edges, limits, config: { version }, denials }: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeAllContentTypeParsers()
    // Agents name any type, or none: it is always lines.
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.setErrorHandler((error, request, reply) => answerError(denials, error, request, reply))
    const shared = { permission: 'readings.write', idempotent: false, wire: 'influx' } as const
    for (const [url, contract] of Object.entries(writes)) {
      const schema = { ...contract, tags, description, body, response }
      app.post(
        url,
        { config: { ...shared, limits: 'readings' }, validatorCompiler, schema },
        async (request, reply) => {
          // Who may not write shall not make the server read a body first.
          await edges.read(request, () => Promise.resolve())
          const parser = parseLineProtocol(lineOptions(request))
          const rows = request.body
            ? await takeRows(request.body as Readable, request.headers['content-length'], parser)
            : parser.end()
          await limits.spendReadings(request, reply, rows.columns.index.length + rows.refused.length)
          const { accepted, duplicates, rejected } = await edges.write(request, reply, (work) => takeLines(work, rows))
          const problem = partialWrite(accepted + duplicates, rejected)
          return problem === null ? reply.code(204).send() : reply.code(400).send(problem)
        },
      )
    }
    const hidden = { schema: { hide: true } }
    app.route({
      ...{ method: ['GET', 'POST'], url: '/query', config: shared, ...hidden },
      handler: async (request, reply) => {
        await edges.read(request, () => Promise.resolve())
        if (onlyMakesDatabase(await statementOf(request))) return reply.send({ results: [{ statement_id: 0 }] })
        return reply
          .code(400)
          .send(influxError('malformed', 'Readings are not queried here: GET /api/v1/plant-ops/sensors/{id}/readings.'))
      },
    })
    app.route({
      ...{ method: ['GET', 'HEAD', 'POST'], url: '/ping', config: { permission: 'public' }, ...hidden },
      handler: (_request, reply) => reply.code(204).header('x-influxdb-version', `officina-${version}`).send(),
    })
    await Promise.resolve()
  }

// Agents send parameters of their own, and what is wrong with ours is said in their shape.
const validatorCompiler = () => () => true

const LONGEST_STATEMENT = 4_096

/** `q` of the address, or of a form as its body. */
async function statementOf(request: FastifyRequest): Promise<string> {
  const { q } = request.query as Record<string, unknown>
  if (typeof q === 'string') return q
  if (!request.body) return ''
  let form = ''
  for await (const piece of request.body as AsyncIterable<Buffer>) {
    form += piece.toString('latin1')
    if (form.length > LONGEST_STATEMENT) throw requestRefusals.refuse('request.too_large')
  }
  return new URLSearchParams(form).get('q') ?? ''
}

function answerError(
  denials: Deps['denials'],
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = asRefusal(error, request.url)
  if (refusal === null) {
    request.log.error({ err: error, route: request.routeOptions.url }, 'something broke')
    return reply.code(500).send({ code: 'internal error', message: 'Something broke.', error: 'Something broke.' })
  }
  // Agents of version 1 know no 429: they drop what any 4xx refuses, and keep what a 503 does.
  const v1 = request.routeOptions.url === '/write'
  const kind = v1 && refusal.kind === 'rate_limited' ? 'unavailable' : refusal.kind
  const [status] = KINDS[kind]
  if (status === 401) reply.header('www-authenticate', 'Token')
  if (status === 401 || status === 403) denials.record(request, refusal.code)
  if (refusal.retryAfterS !== undefined) reply.header('retry-after', refusal.retryAfterS)
  if (refusal.cause !== undefined && status >= 500) request.log.warn({ err: refusal.cause }, refusal.code)
  return reply.code(status).send(influxError(kind, refusal.message))
}
