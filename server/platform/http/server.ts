import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify'
import multipart from '@fastify/multipart'
import type { Config } from '../../config.ts'
import { databaseRefusals } from '../database/database-refusals.ts'
import { Refusal, type RefusalTable } from '../refusal.ts'
import { requestLog, type Log } from '../telemetry/log.ts'
import type { Caller } from './edge.ts'
import { CLIENT_ID, answerHeaders, logRequests } from './headers.ts'
import { acceptJson } from './json-body.ts'
import { describeRefusals, registerOpenapi } from './openapi.ts'
import { asRefusal, brokenProblem, KINDS, problemOf, requestRefusals } from './problem.ts'
import { validateStrictly } from './validation.ts'

export type HttpOptions = {
  config: Config
  log: FastifyBaseLogger
  refusals: RefusalTable
  /** Who calls; null for nobody. Throws a refusal where something was shown that is not valid. */
  authenticate: (request: FastifyRequest) => Promise<Caller | null>
  /** Called for what was refused with 401 or 403, to be written into the audit trail. */
  denied: (request: FastifyRequest, code: string) => void
}

export async function makeServer(options: HttpOptions): Promise<FastifyInstance> {
  const { config, log } = options
  const app = Fastify({
    loggerInstance: log,
    // One line per request, ours, with the route and not the URL: query strings can hold personal data.
    childLoggerFactory: (logger, bindings) => requestLog(logger as Log, String(bindings['reqId'])),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.TRUST_PROXY ? config.TRUST_PROXY.split(',').map((one) => one.trim()) : false,
    bodyLimit: config.MAX_BODY_SIZE,
    requestTimeout: config.REQUEST_TIMEOUT_MS,
    connectionTimeout: config.REQUEST_TIMEOUT_MS + 5_000,
    keepAliveTimeout: 72_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    forceCloseConnections: 'idle',
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && CLIENT_ID.test(given) ? given : randomUUID()
    },
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      const refusal = asRefusal(error, request.url) ?? requestRefusals.refuse('request.malformed', { cause: error })
      // An address that cannot be read passes no hook.
      void (reply as FastifyReply)
        .code(KINDS[refusal.kind][0])
        .headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
        .send(problemOf(refusal, request.id))
    },
  })
  validateStrictly(app)
  acceptJson(app)
  app.decorateRequest('caller', null)
  app.decorateRequest('refused', null)
  // Before the first route, which the cross-origin headers bring along: a route keeps the handler that it found.
  answerErrors(app, options)
  await answerHeaders(app, config)
  logRequests(app, log)
  await app.register(multipart, { limits: { fileSize: config.MAX_UPLOAD_SIZE, files: 1, fields: 20, parts: 25 } })
  await registerOpenapi(app, config)
  requirePermissions(app)
  describeRefusals(app, options.refusals)
  app.addHook('onRequest', async (request) => {
    if (request.url.includes('%00')) throw requestRefusals.refuse('request.malformed')
    // A public route looks at nobody: whoever comes to refresh an expired token often shows it along.
    if (request.routeOptions.config.permission === 'public') return
    try {
      request.caller = await options.authenticate(request)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      request.refused = error
    }
  })
  // A kind of hook later, so that the limits have counted the call: keys and tokens are guessed here.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const open = request.is404 || request.routeOptions.config.permission === 'public'
    // A preflight that no origin is allowed to make shows nobody's token: it finds nothing.
    if (request.caller !== null || open || request.method === 'OPTIONS') done()
    else done(request.refused ?? notSignedIn())
  })
  endKeptConnections(app)
  return app
}

/** A connection kept alive for the next request would hold the end of the process up for 72 seconds. */
function endKeptConnections(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    app.server.keepAliveTimeout = 1
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close')
    done()
  })
}

const notSignedIn = (): Error => databaseRefusals.refuse('auth.not_signed_in')

/** A route without a permission stops the start: nothing reachable is undeclared. */
function requirePermissions(app: FastifyInstance): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  // Asked when all are known: a plugin's routes get their permission from the scope that registers it.
  app.addHook('onReady', async () => {
    const silent = routes.filter((route) => typeof route.config?.permission !== 'string')
    if (silent.length === 0 && routes.length > 0) return
    const names = silent.map((route) => `${String(route.method)} ${route.url}`).join(', ')
    throw new Error(`${names} names no permission; write 'public' if it needs none`)
  })
}

function answerErrors(app: FastifyInstance, options: HttpOptions): void {
  app.setNotFoundHandler({}, (request, reply) => {
    const refusal = requestRefusals.refuse('request.no_such_route')
    return reply.code(404).send(problemOf(refusal, request.id))
  })
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error, request.url)
    if (refusal === null) {
      request.log.error({ err: error, route: request.routeOptions.url }, 'something broke')
      return reply.code(500).send(brokenProblem(request.id))
    }
    const [status] = KINDS[refusal.kind]
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (status === 401 || status === 403) options.denied(request, refusal.code)
    if (refusal.retryAfterS !== undefined) reply.header('retry-after', refusal.retryAfterS)
    if (refusal.cause !== undefined && status >= 500) request.log.warn({ err: refusal.cause }, refusal.code)
    return reply.code(status).send(problemOf(refusal, request.id))
  })
}

/** What cannot even be parsed as HTTP still gets the envelope. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return
  const [status, text, code] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'Request Header Fields Too Large', 'request.bad_header'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'Request Timeout', 'request.malformed'] as const)
        : ([400, 'Bad Request', 'request.malformed'] as const)
  const body = JSON.stringify({
    error: { type: 'BadRequest', code, message: 'The request cannot be read.', request_id: randomUUID() },
  })
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
