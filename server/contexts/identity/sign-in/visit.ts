import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '#config'
import type { Scope } from '#platform/database/work.ts'
import { hashOfToken } from '../tokens/opaque-token.ts'

/** Who is at the door before anybody is signed in. `device` is the hash of the device token that was shown. */
export type Visit = {
  readonly requestId: string
  readonly ip: string
  readonly userAgent: string | null
  readonly device: string | null
}

const COOKIE = 'officina_device'
const DEVICE_TOKEN = /(?:^|;\s*)officina_device=(ofd_[A-Za-z0-9_-]{43})(?:;|$)/
// Browsers keep no cookie longer than 400 days.
const KEPT_S = 400 * 86_400
const LONGEST_USER_AGENT = 300

export const visitOf = (request: FastifyRequest): Visit => {
  const token = DEVICE_TOKEN.exec(request.headers.cookie ?? '')?.[1]
  return {
    requestId: request.id,
    ip: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
    device: token === undefined ? null : hashOfToken(token),
  }
}

/** The device by a cookie that scripts cannot read and other sites cannot send; it proves nothing but an earlier visit. */
export function rememberDevice(reply: FastifyReply, config: Config, token: string | null): void {
  if (token === null) return
  const secure = config.PUBLIC_URL?.startsWith('https:') ? '; Secure' : ''
  const cookie = `${COOKIE}=${token}; Path=/api/v1/auth; Max-Age=${KEPT_S}; HttpOnly; SameSite=Strict${secure}`
  reply.header('set-cookie', cookie)
}

/** No account and no tenant: with it an unknown name takes the same way as a known one, and finds nothing. */
export const NOBODY = '00000000-0000-0000-0000-000000000000'

/** The rows of one account, before any tenant is open. */
export const accountScope = (visit: Pick<Scope, 'requestId' | 'ip'>, accountId: string): Scope => ({
  open: { kind: 'account' },
  tenantId: NOBODY,
  actor: { kind: 'account', id: null, account_id: accountId, session_id: null },
  requestId: visit.requestId,
  ip: visit.ip,
})

/** One tenant, on behalf of an account that has no session there: for notes in its audit trail. */
export const tenantNoteScope = (visit: Visit, tenantId: string, accountId: string): Scope => ({
  ...accountScope(visit, accountId),
  open: { kind: 'system' },
  tenantId,
})
