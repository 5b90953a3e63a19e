import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Config } from '../../config.ts'
import type { RefusalTable } from '../refusal.ts'
import { databaseRefusals } from '../database/database-refusals.ts'
import { invalidCode, KINDS, Problem, requestRefusals } from './problem.ts'

type Json = Record<string, unknown>
type Schema = Json & { response?: Record<string, unknown>; body?: unknown; params?: unknown; querystring?: unknown }

/** Refusals that any route may make, by what it takes and asks for. */
function edgeCodes(route: RouteOptions, schema: Schema): string[] {
  const { permission, mode } = route.config ?? {}
  const codes = ['request.malformed', 'request.bad_header', 'request.too_many', 'request.shutting_down']
  codes.push('database.unavailable', 'database.busy', 'request.value_out_of_range')
  if (permission !== 'public') {
    codes.push('auth.not_signed_in')
    if (mode !== 'self') codes.push('tenant.cancelled')
    if (permission !== 'signed_in') codes.push('auth.forbidden')
  }
  // The HEAD twin of a GET shares its schema.
  const changes = ![route.method].flat().some((method) => method === 'GET' || method === 'HEAD')
  if (changes && permission !== 'public' && mode === undefined) codes.push('tenant.suspended', 'tenant.expired')
  if (changes) codes.push('tenant.moving', 'request.too_large', 'request.unsupported_media_type', 'request.stale')
  if ([route.method].flat().includes('POST')) codes.push('request.running', 'request.key_reused')
  if (schema.params !== undefined) codes.push('request.not_found')
  return codes
}

/** Adds to each route's contract every refusal it can make, by status, with the codes spelled out. */
export function describeRefusals(app: FastifyInstance, tables: RefusalTable): void {
  const all: RefusalTable = { ...requestRefusals.table, ...databaseRefusals.table, ...tables }
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide === true) return
    const schema = (route.schema ?? {}) as Schema
    const { permission } = route.config ?? {}
    schema['x-permission'] = permission
    if (permission === 'public') schema['security'] = []
    route.schema = schema
    // Another product's protocol says no in its own shape, and describes it itself.
    if (route.config?.wire !== undefined) return
    const byStatus = new Map<number, string[]>([[500, ['internal']]])
    const add = (status: number, code: string): void =>
      void byStatus.set(status, [...(byStatus.get(status) ?? []), code])
    for (const code of new Set([...edgeCodes(route, schema), ...(route.config?.refusals ?? [])])) {
      const row = all[code]
      if (row === undefined) throw new Error(`${route.url} names the refusal ${code}, which no table has`)
      add(KINDS[row[0]][0], code)
    }
    if (schema.body !== undefined || schema.querystring !== undefined) add(422, invalidCode(route.url))
    for (const [status, codes] of byStatus) {
      schema.response ??= {}
      schema.response[status] ??= refusalSchema(codes)
    }
  })
}

function refusalSchema(codes: string[]): Json {
  const { error } = Problem.properties
  const code = { type: 'string', enum: codes.toSorted() }
  return {
    type: 'object',
    required: ['error'],
    'x-refusals': codes.toSorted(),
    description: codes
      .toSorted()
      .map((one) => `\`${one}\``)
      .join(', '),
    properties: { error: { ...error, properties: { ...error.properties, code } } },
  }
}

/** Schemas with a title become components, so that each shape stands once in openapi.json and has a name in the SDK. */
function hoistTitled(document: Json): Json {
  const components: Json = {}
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk)
    if (node === null || typeof node !== 'object') return node
    const entries = Object.entries(node).map(([key, value]) => [key, walk(value)] as const)
    const result: Json = Object.fromEntries(entries)
    if (result['x-refusals'] !== undefined) return sharedProblem(result)
    const title = result['title']
    if (typeof title === 'string' && 'type' in result && /^[A-Z][A-Za-z]+$/.test(title)) {
      components[title] = result
      return { $ref: `#/components/schemas/${title}` }
    }
    return result
  }
  const { info, ...rest } = document
  const walked = walk(rest) as Json
  const existing = (walked['components'] ?? {}) as Json
  components['Problem'] = walk({ ...Problem, title: undefined })
  return { ...walked, info, components: { ...existing, schemas: components } }
}

/** The envelope stands once in the contract; each answer adds which codes it can hold. */
function sharedProblem({ description, 'x-refusals': codes }: Json): Json {
  const code = { type: 'string', enum: codes }
  const narrowed = { type: 'object', properties: { error: { type: 'object', properties: { code } } } }
  return { description, allOf: [{ $ref: '#/components/schemas/Problem' }, narrowed] }
}

const sortKeys = (value: Json): Json =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))

export function openapiDocument(app: FastifyInstance): Json {
  const document = hoistTitled(app.swagger() as unknown as Json)
  const components = document['components'] as Json
  components['schemas'] = sortKeys(components['schemas'] as Json)
  return { ...document, paths: sortKeys(requireOnlyNeeded(document['paths'] as Paths)) }
}

type Paths = Record<string, Record<string, { parameters?: { required?: boolean; schema: Json }[] }>>

/** A parameter with a default need not be sent, though its schema (whose defaults come first) requires it. */
function requireOnlyNeeded(paths: Paths): Json {
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const parameter of operation.parameters ?? []) {
      if (parameter.schema['default'] !== undefined) parameter.required = false
    }
  }
  return paths
}

export async function registerOpenapi(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: config.APP_NAME === 'Officina' ? 'Officina' : `${config.APP_NAME} (Officina)`,
        version: config.version,
        description: 'Operations backend for regulated plants. Errors are listed in docs/errors.md.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'Access token or API key' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
  })
}

/** The description and its two readers, at the root and below /api. */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  let document: string | undefined
  const hidden = { schema: { hide: true }, config: { permission: 'public', limits: 'none' as const } }
  const redoc = dirname(createRequire(import.meta.url).resolve('redoc/package.json'))
  const bundle = await readFile(join(redoc, 'bundles/redoc.standalone.js'))
  const send = (_request: FastifyRequest, reply: FastifyReply) => {
    document ??= JSON.stringify(openapiDocument(app))
    return reply.type('application/json').send(document)
  }
  for (const base of ['', '/api']) {
    app.get(`${base}/openapi.json`, hidden, send)
    app.get(`${base}/redoc`, hidden, (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', REDOC_CSP)
        .send(
          `<!doctype html><html lang="en"><meta charset="utf-8"><title>Officina API</title><meta name="viewport" content="width=device-width"><body style="margin:0"><redoc spec-url="${base}/openapi.json" hide-hostname></redoc><script src="${base}/redoc/redoc.js"></script></body></html>`,
        ),
    )
    // Counted: a megabyte to compress for each that asks.
    app.get(`${base}/redoc/redoc.js`, { ...hidden, config: { permission: 'public' } }, (_request, reply) =>
      reply.type('text/javascript').header('cache-control', 'public, max-age=86400').send(bundle),
    )
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, ...hidden.config }
        // Its own are made anew for each that asks, as YAML in 100 ms of CPU, and nobody has to sign in. JSON is YAML too.
        if (/\/docs\/(json|yaml)$/.test(route.url)) route.handler = send
      })
      await scope.register(swaggerUi, {
        routePrefix: `${base}/docs`,
        staticCSP: true,
        theme: { title: 'Officina API' },
        logo: { type: 'image/svg+xml', content: LOGO, href: '/' },
      })
    })
  }
}
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><text x="0" y="29" font-family="sans-serif" font-size="28" fill="#fff">Officina</text></svg>'
const REDOC_CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
