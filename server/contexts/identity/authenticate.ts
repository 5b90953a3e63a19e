import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { sql } from 'kysely'
import type { Caller } from '#platform/http/edge.ts'
import type { Database } from '#platform/database/work.ts'
import { verifyAccessToken } from './tokens/access-token.ts'
import { hashOfToken, isApiKey } from './tokens/opaque-token.ts'
import { identityRefusals } from './refusals.ts'
import type { Issuing } from './tokens/token-keys.ts'

const { refuse } = identityRefusals

/** Which tenant a key belongs to never changes, so it is remembered; whether it is still good is asked at each call. */
type KeyPlace = { id: string; tenant_id: string }

function shown(request: FastifyRequest): string | null {
  if (request.routeOptions.config.wire === 'influx') return shownToInflux(request)
  const { authorization } = request.headers
  const key = request.headers['x-api-key']
  if (authorization === undefined) return typeof key === 'string' && key !== '' ? key : null
  const match = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)
  if (match === null) throw refuse('auth.token_invalid')
  return match[1]!
}

/** Where clients of InfluxDB show an API key: `Token`, the password of Basic, or `p` in the address. */
function shownToInflux(request: FastifyRequest): string | null {
  const { authorization } = request.headers
  const { p } = request.query as Record<string, unknown>
  if (authorization === undefined) return typeof p === 'string' && p !== '' ? p : null
  const [, scheme, given] = /^(Token|Bearer|Basic) +([\x21-\x7e]+)$/i.exec(authorization) ?? []
  if (scheme === undefined || given === undefined) throw refuse('auth.token_invalid')
  if (scheme.toLowerCase() !== 'basic') return given
  const pair = Buffer.from(given, 'base64').toString('utf8')
  const password = pair.slice(pair.indexOf(':') + 1)
  // A key is of these characters; whatever else was shown is none.
  if (!/^[\x21-\x7e]+$/.test(password)) throw refuse('auth.token_invalid')
  return password
}

/** What the authenticator asks and tells. */
export type Authenticating = {
  readonly database: Database
  readonly issuing: Issuing
  readonly tierOf: (tenantId: string) => string
  /** Told whenever a known key is shown. */
  readonly keyUsed: (keyId: string) => void
}

/** Who a token or an API key belongs to, wherever it was shown. Refuses what is not valid. */
export type TokenReader = (token: string) => Promise<Caller>

/** Who calls, from a bearer token or an API key; null for nobody. Refuses what was shown and is not valid. */
export const authenticator =
  (callerOf: TokenReader) =>
  async (request: FastifyRequest): Promise<Caller | null> => {
    const token = shown(request)
    return token === null ? null : callerOf(token)
  }

/** Remembers where keys belong. */
export function tokenReader({ database, issuing, tierOf, keyUsed }: Authenticating): TokenReader {
  const keys = new LRUCache<string, KeyPlace>({ max: 10_000 })
  const findKey = async (token: string): Promise<KeyPlace> => {
    const hash = hashOfToken(token)
    const known = keys.get(hash)
    if (known) return known
    const query = sql<KeyPlace>`select id, tenant_id from control.find_api_key(${hash})`
    const found = await database.lookup(query)
    if (!found[0]) throw refuse('auth.token_invalid')
    keys.set(hash, found[0])
    return found[0]
  }
  return async (token) => {
    if (isApiKey(token)) {
      const { id, tenant_id } = await findKey(token)
      keyUsed(id)
      const actor = { kind: 'api_key', id, account_id: null, session_id: null } as const
      return { principal: `k${id}`, tenantId: tenant_id, tier: tierOf(tenant_id), actor }
    }
    const verdict = await verifyAccessToken(issuing.current(), token, new Date())
    if (!verdict.ok) throw refuse(verdict.reason === 'expired' ? 'auth.token_expired' : 'auth.token_invalid')
    const { sub, session_id, tenant_id, exp } = verdict.claims
    const actor = { kind: 'user', id: sub, account_id: null, session_id } as const
    const until = new Date(exp * 1000)
    return { principal: `s${session_id}`, tenantId: tenant_id, tier: tierOf(tenant_id), actor, until }
  }
}
