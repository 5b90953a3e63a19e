import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor, Database, EdgeWork, Mode, Scope } from '../database/work.ts'
import { databaseRefusals } from '../database/database-refusals.ts'
import { once } from './idempotency.ts'
import { answerEtag } from './etag.ts'

/** Who calls, as the token or key says; whether that still holds is asked in the database with each statement. */
export type Caller = {
  readonly principal: string
  readonly tenantId: string
  readonly tier: string
  readonly actor: Actor
  /** When the token itself expires; a key ends in the database alone. */
  readonly until?: Date
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
    /** Why what was shown does not tell who calls; thrown once the call is counted. */
    refused: Error | null
  }
  interface FastifyContextConfig {
    /** A permission, `signed_in` (what is one's own), or `public`, a word that must be written. */
    permission?: string
    /** What the change is to: `self` is allowed in a suspended tenant, `export` in a cancelled one. */
    mode?: Mode
    /** The refusals that this route's use cases make; the edge's own are added. */
    refusals?: readonly string[]
    limits?: 'read' | 'write' | 'sign_in' | 'upload' | 'readings' | 'none'
    /** False where the answer holds a secret: it is not kept, and the key is ignored. */
    idempotent?: boolean
    /** Another product's protocol, with its own ways to show a key. */
    wire?: 'influx'
  }
}

export type Edges = {
  /** One statement, or several that need not agree: each in one round trip with its scope. */
  read: <T>(request: FastifyRequest, use: (work: EdgeWork) => Promise<T>, reply?: FastifyReply) => Promise<T>
  /** Several statements that must agree. */
  snapshot: <T>(request: FastifyRequest, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  write: <T>(request: FastifyRequest, reply: FastifyReply, use: (work: EdgeWork) => Promise<T>) => Promise<T>
}

export function scopeOf(request: FastifyRequest, fallback: Mode): Scope {
  const { caller } = request
  const { permission, mode } = request.routeOptions.config
  if (caller === null || permission === undefined || permission === 'public') {
    throw databaseRefusals.refuse('auth.not_signed_in')
  }
  return {
    open: {
      kind: 'scope',
      principal: caller.principal,
      permission: permission === 'signed_in' ? null : permission,
      mode: mode ?? fallback,
    },
    tenantId: caller.tenantId,
    actor: caller.actor,
    requestId: request.id,
    ip: request.ip,
  }
}

export function makeEdges(database: Database): Edges {
  return {
    read: async (request, use, reply) => {
      const result = await database.read(scopeOf(request, 'read'), use)
      return reply ? answerEtag(request, reply, result) : result
    },
    snapshot: (request, use) => database.snapshot(scopeOf(request, 'read'), use),
    write: async (request, reply, use) => {
      const result = await database.write(scopeOf(request, 'write'), (work) => once(request, reply, work, use))
      return answerEtag(request, reply, result)
    },
  }
}
