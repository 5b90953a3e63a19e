import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import type { Config } from '../../config.ts'

/** What every answer tells a browser. A page that needs more of it says so itself; a hijacked answer sends these too. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'none';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}
const security = Object.entries(SECURITY_HEADERS)

const EXPOSED = [
  ...['etag', 'location', 'x-request-id', 'x-correlation-id', 'x-process-time'],
  ...['ratelimit', 'ratelimit-policy', 'retry-after'],
]

/** What a client may choose as an id: it stands in headers, logs and the trail as it is. */
export const CLIENT_ID = /^[A-Za-z0-9_.:-]{1,100}$/

/** One id over the several requests of one piece of work, from the client; a request that names none is its own. */
export function correlationOf(request: FastifyRequest): string {
  const given = request.headers['x-correlation-id']
  return typeof given === 'string' && CLIENT_ID.test(given) ? given : request.id
}

export async function answerHeaders(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(cors, {
    origin: config.corsOrigins.length === 0 ? false : [...config.corsOrigins],
    credentials: true,
    // An OPTIONS that is no preflight would be answered in plain text.
    strictPreflight: false,
    exposedHeaders: EXPOSED,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  })
  // Brotli at its default is slow for answers made anew each time; below 1 kB nothing is won.
  await app.register(compress, { global: true, threshold: 1024, encodings: ['gzip', 'deflate', 'identity'] })
  app.addHook('onSend', (request, reply, _payload, done) => {
    // Set here and not on the raw answer: Fastify then hands all headers to Node in one piece.
    for (const [name, value] of security) if (!reply.hasHeader(name)) reply.header(name, value)
    reply.header('x-request-id', request.id)
    reply.header('x-correlation-id', correlationOf(request))
    reply.header('x-process-time', (reply.elapsedTime / 1000).toFixed(4))
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    done()
  })
}

/** One line per request, with the route and not the URL: query strings can hold personal data. */
export function logRequests(app: FastifyInstance, log: FastifyBaseLogger): void {
  // Without the search for secrets, which costs more than all the rest of the line: none of these fields can be one.
  const line = (log as Logger).child({}, { redact: [] })
  app.addHook('onResponse', (request, reply, done) => {
    const { caller } = request
    line.info({
      reqId: request.id,
      correlation_id: correlationOf(request),
      route: request.routeOptions.url ?? 'none',
      method: request.method,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(caller && { tenant_id: caller.tenantId, actor_id: caller.actor.id }),
    })
    done()
  })
}
