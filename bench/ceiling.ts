/**
 * What the parts can do with nothing on top: Fastify, pg and one row-level policy. Tokens are a Map, begin, scope,
 * query and commit travel together, statements are prepared, timestamps stay text. No permissions, audit, ETag, limits,
 * headers, log or metrics. Officina is measured against it, in the same run, on the same server and rows.
 * `/plants/with-trail` also writes one row of a trail with its key: what that promise costs by itself.
 */
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import pg from 'pg'
import { Type } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { CEILING_COLUMNS } from './ceiling-columns.ts'

const { BENCH_DATABASE_URL: connectionString, BENCH_TENANTS: tenantsFile } = process.env
const tenants = new Map(Object.entries(JSON.parse(readFileSync(tenantsFile!, 'utf8')) as Record<string, string>))

const asText = { getTypeParser: (oid: number) => (oid === 701 ? Number : String) }
const pool = new pg.Pool({
  connectionString: connectionString!,
  max: 10,
  types: asText,
  pipeline: true,
})

const text = Type.Union([Type.String(), Type.Null()])
const number = Type.Union([Type.Number(), Type.Null()])
const NUMBERS = new Set(['power_kw', 'latitude', 'longitude'])
const Plant = Type.Object(Object.fromEntries(CEILING_COLUMNS.map((name) => [name, NUMBERS.has(name) ? number : text])))
const Body = Type.Object({ name: Type.String(), code: Type.String() }, { additionalProperties: true })

const columns = CEILING_COLUMNS.join(', ')
const GIVEN = [
  'id',
  'name',
  'code',
  'type',
  'status',
  'power_kw',
  'address',
  'municipality',
  'province',
  'region',
  'latitude',
  'longitude',
  'notes',
]
const statements = {
  list: `select ${columns} from bare.plants where tenant_id = $1 order by name, id limit $2`,
  get: `select ${columns} from bare.plants where tenant_id = $1 and id = $2`,
  create: `insert into bare.plants (tenant_id, ${GIVEN.join(', ')}) values ($1, ${GIVEN.map((_, i) => `$${i + 2}`).join(', ')}) returning ${columns}`,
}
const TRAIL = `insert into bare.audit (tenant_id, id, at, actor_id, action, resource, resource_id, after, request_id, ip)
  values ($1, $2, now(), $1, 'plants.created', 'plant', $3, $4, $5, '127.0.0.1')`

async function inTenant(
  tenantId: string,
  name: keyof typeof statements,
  values: unknown[],
  trail?: unknown[],
): Promise<pg.QueryResult> {
  const client = await pool.connect()
  try {
    const [, , result] = await Promise.all([
      client.query({ name: 'begin', text: 'begin' }),
      client.query({ name: 'scope', text: "select set_config('bare.tenant_id', $1, true)", values: [tenantId] }),
      client.query({ name, text: statements[name], values: [tenantId, ...values] }),
      trail && client.query({ name: 'trail', text: TRAIL, values: [tenantId, ...trail] }),
      client.query({ name: 'commit', text: 'commit' }),
    ])
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

const app = Fastify()
app.decorateRequest('tenantId', '')
app.addHook('onRequest', (request, reply, done) => {
  const tenantId = tenants.get(request.headers.authorization?.slice(7) ?? '')
  if (tenantId === undefined) void reply.code(401).send()
  else {
    Object.assign(request, { tenantId })
    done()
  }
})
const tenantOf = (request: unknown): string => (request as { tenantId: string }).tenantId

const query = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }) })
app.get(
  '/api/v1/plants',
  { schema: { querystring: query, response: { 200: Type.Object({ items: Type.Array(Plant) }) } } },
  async (request) => {
    const { rows } = await inTenant(tenantOf(request), 'list', [(request.query as { limit: number }).limit])
    return { items: rows }
  },
)
app.get('/api/v1/plants/:id', { schema: { response: { 200: Plant } } }, async (request) => {
  const { rows } = await inTenant(tenantOf(request), 'get', [(request.params as { id: string }).id])
  if (!rows[0]) throw new Error('No such plant')
  return rows[0]
})
for (const [path, withTrail] of [
  ['/api/v1/plants', false],
  ['/api/v1/plants/with-trail', true],
] as const) {
  app.post(path, { schema: { body: Body, response: { 201: Plant } } }, async (request, reply) => {
    const body = request.body as Record<string, unknown>
    const id = newId()
    const { rows } = await inTenant(
      tenantOf(request),
      'create',
      GIVEN.map((name) => (name === 'id' ? id : body[name])),
      withTrail ? [newId(), id, JSON.stringify(body), request.id] : undefined,
    )
    return reply.code(201).send(rows[0])
  })
}

process.stdout.write(`The ceiling is ready at ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.once('SIGTERM', () => process.exit(0))
