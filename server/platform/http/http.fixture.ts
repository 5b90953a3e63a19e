/** A server of its own with the routes a test needs, before the real database; tokens are the ids they stand for. */
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { testApp, type TestUser } from '../../test/harness.ts'
import type { Config } from '../../config.ts'
import { refusals, type RefusalTable } from '../refusal.ts'
import { openLog } from '../telemetry/log.ts'
import { makeEdges, type Caller, type Edges } from './edge.ts'
import { limitRates } from './rate-limits.ts'
import { makeServer } from './server.ts'

const bad = refusals({ 'auth.token_invalid': ['unauthenticated', 'The access token or API key is not valid.'] })

export const tokenOf = ({ tenantId, userId, sessionId }: TestUser, tier = 'standard'): string =>
  `${tenantId}.${userId}.${sessionId}.${tier}`
export const bearer = (user: TestUser, tier?: string) => ({ authorization: `Bearer ${tokenOf(user, tier)}` })

function callerOf(authorization: string | undefined): Caller | null {
  if (authorization === undefined) return null
  const [tenantId, id, session_id, tier] = authorization.replace(/^Bearer /, '').split('.')
  if (!tenantId || !id || !session_id || !tier) throw bad.refuse('auth.token_invalid')
  return { principal: `s${session_id}`, tenantId, tier, actor: { kind: 'user', id, account_id: null, session_id } }
}

type Own = {
  changes?: Partial<Config>
  refusals?: RefusalTable
  routes?: (app: FastifyInstance, edges: Edges) => void
}
export type OwnServer = {
  http: FastifyInstance
  /** What was logged, a line each. */
  lines: () => Record<string, unknown>[]
  raw: () => string
  denials: string[]
} & AsyncDisposable

export async function ownServer({ changes = {}, refusals: table = {}, routes }: Own = {}): Promise<OwnServer> {
  const { deps } = await testApp()
  const config = { ...deps.config, ...changes }
  let raw = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      raw += chunk.toString()
      done()
    },
  })
  const denials: string[] = []
  const http = await makeServer({
    config,
    log: openLog({ ...config, LOG_LEVEL: 'info' }, sink),
    refusals: { ...bad.table, ...table },
    authenticate: (request) => Promise.resolve().then(() => callerOf(request.headers.authorization)),
    denied: (_request, code) => void denials.push(code),
  })
  limitRates(http, config)
  http.get('/api/v1/public', { config: { permission: 'public' }, schema: { operationId: 'public' } }, () => ({
    ok: true,
  }))
  routes?.(http, makeEdges(deps.installation.database))
  await http.ready()
  const lines = () =>
    raw
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { http, lines, raw: () => raw, denials, [Symbol.asyncDispose]: () => http.close() }
}
