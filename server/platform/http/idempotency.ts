import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sql, type Kysely } from 'kysely'
import type { EdgeWork } from '../database/work.ts'
import { requestRefusals } from './problem.ts'

/**
 * Idempotency-Key: the same key and request within 24 hours get the same answer, kept in the transaction of the
 * change itself, so that there is never an effect without its answer. Another request under the key is refused; one
 * whose first is still running is told so. Per user or API key; where the plants they see have changed since, it is
 * another request too: the kept answer may tell of one that is no longer theirs.
 */
type KeyTable = {
  'control.idempotency_keys': {
    tenant_id: string
    principal: string
    key: string
    operation: string
    request_hash: string
    status: number
    headers: string
    answer: string | null
    created_at: string
  }
}
type Kept = { request_hash: string; status: number; headers: Record<string, string>; answer: unknown; stale: boolean }

const KEPT_HEADERS = ['location', 'etag'] as const

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined || request.method !== 'POST' || request.routeOptions.config.idempotent === false) return null
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) throw requestRefusals.refuse('request.bad_header')
  return key
}

// A fast hash of a known request with a password in it would be a way to guess the password.
const withoutPassword = (key: string, value: unknown): unknown => (key === 'password' ? undefined : value)

const hashOf = (request: FastifyRequest, plants: string): string =>
  createHash('sha256')
    .update(`${request.url}\n${plants}\n`)
    .update(JSON.stringify(request.body ?? null, withoutPassword))
    .digest('base64url')

async function find(db: Kysely<KeyTable>, tenantId: string, principal: string, key: string): Promise<Kept | undefined> {
  const { rows } = await sql<Kept>`
    select request_hash, status, headers, answer, created_at < now() - interval '24 hours' as stale
      from control.idempotency_keys where tenant_id = ${tenantId} and principal = ${principal} and key = ${key}`.execute(
    db,
  )
  return rows[0]
}

export async function once<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: EdgeWork,
  use: (work: EdgeWork) => Promise<T>,
): Promise<T> {
  const key = keyOf(request)
  if (key === null) return use(work)
  const db = work.db as Kysely<KeyTable>
  const principal = work.actor.id ?? work.tenantId
  const { rows } = await sql<{ got: boolean; plants: string }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${work.tenantId}:${principal}:${key}`}, 0)) as got,
           encode(sha256((current_setting('app.all_plants') || current_setting('app.plants'))::bytea), 'hex') as plants`.execute(
    db,
  )
  const [lock] = rows
  if (!lock?.got) throw requestRefusals.refuse('request.running', { retryAfterS: 1 })

  const hash = hashOf(request, lock.plants)
  const kept = await find(db, work.tenantId, principal, key)
  if (kept && !kept.stale) {
    if (kept.request_hash !== hash) throw requestRefusals.refuse('request.key_reused')
    reply.code(kept.status).headers({ ...kept.headers, 'idempotent-replayed': 'true' })
    return kept.answer as T
  }
  const result = await use(work)
  await keep(db, work, { principal, key, hash, request, reply, result })
  return result
}

type Keeping = {
  principal: string
  key: string
  hash: string
  request: FastifyRequest
  reply: FastifyReply
  result: unknown
}

async function keep(db: Kysely<KeyTable>, work: EdgeWork, { principal, key, hash, request, reply, result }: Keeping) {
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name)
    if (value !== undefined) headers[name] = String(value)
  }
  const values = {
    request_hash: hash,
    operation: request.routeOptions.url ?? request.url,
    status: reply.statusCode,
    headers: JSON.stringify(headers),
    answer: result === undefined || result === null ? null : JSON.stringify(result),
    created_at: work.now.toISOString(),
  }
  await db
    .insertInto('control.idempotency_keys')
    .values({ tenant_id: work.tenantId, principal, key, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'principal', 'key']).doUpdateSet(values))
    .execute()
}
