import { createHash } from 'node:crypto'
import { Counter, type Registry } from 'prom-client'
import type { FastifyRequest } from 'fastify'
import { newId } from '#platform/new-id.ts'
import { Refusal } from '#platform/refusal.ts'
import type { Actor, Database } from '#platform/database/work.ts'
import type { Log } from '#platform/telemetry/log.ts'
import { writeDenials } from './write-denials.ts'

/** Denied access on its way into the trail. Denials alike within an hour are one row that counts them. */
export type Denials = {
  /** For what was answered with 401 or 403. Where nobody knows whose company it was, the log has it and nothing else. */
  record: (request: FastifyRequest, code: string) => void
  measure: (registry: Registry) => void
  flush: () => Promise<void>
  close: () => Promise<void>
}

export type Denial = {
  id: string
  at: string
  fold_key: string
  actor_kind: Actor['kind']
  actor_id: string | null
  resource: string
  code: string
  request_id: string
  ip: string
  repeats: number
}

const FLUSH_MS = 1_000
/** Distinct denials kept in memory; a storm of more is counted by a metric only. */
const MOST = 10_000

type Pending = Map<string, { tenantId: string; denial: Denial }>

export function openDenials(database: Database, log: Log, most = MOST): Denials {
  const pending: Pending = new Map()
  let dropped = 0
  const add = (tenantId: string, denial: Denial): void => {
    const key = `${tenantId} ${denial.fold_key}`
    const known = pending.get(key)
    if (known) {
      known.denial.repeats += denial.repeats
      known.denial.at = denial.at > known.denial.at ? denial.at : known.denial.at
    } else if (pending.size < most) pending.set(key, { tenantId, denial })
    else dropped += denial.repeats
  }
  const flush = async (): Promise<void> => {
    const byTenant = Map.groupBy(pending.values(), ({ tenantId }) => tenantId)
    pending.clear()
    for (const [tenantId, entries] of byTenant) {
      const denials = entries.map(({ denial }) => denial)
      try {
        await writeDenials(database, tenantId, denials)
      } catch (error) {
        const kind = error instanceof Refusal ? error.kind : null
        if (kind === 'unavailable') for (const denial of denials) add(tenantId, denial)
        // Of a company that is no more nobody reads the trail; its programs may go on knocking for years.
        else if (kind !== 'not_found')
          log.warn({ err: error, tenant_id: tenantId }, 'denied access was not written into the trail')
      }
    }
  }
  let flushing = Promise.resolve()
  const inTurn = (): Promise<void> => (flushing = flushing.then(flush))
  const timer = setInterval(() => void inTurn(), FLUSH_MS).unref()
  return {
    record: (request, code) => {
      if (request.caller === null) request.log.info({ code, route: request.routeOptions.url }, 'denied to nobody known')
      else add(request.caller.tenantId, denialOf(request, request.caller.actor, code))
    },
    measure: (registry) => {
      const counter = new Counter({
        name: 'audit_denials_dropped_total',
        help: 'Denied accesses that were left out of the trail because too many waited',
        registers: [],
        collect() {
          this.reset()
          this.inc(dropped)
        },
      })
      registry.registerMetric(counter)
    },
    flush: inTurn,
    close: () => {
      clearInterval(timer)
      return inTurn()
    },
  }
}

function denialOf(request: FastifyRequest, actor: Actor, code: string): Denial {
  const at = new Date().toISOString()
  const resource = `${request.method} ${request.routeOptions.url ?? 'unknown'}`
  const folded = [actor.kind, actor.id, resource, code, at.slice(0, 13)].join(' ')
  const fold_key = createHash('sha256').update(folded).digest('base64url')
  return {
    ...{ id: newId(), at, fold_key, actor_kind: actor.kind, actor_id: actor.id, resource, code },
    ...{ request_id: request.id, ip: request.ip, repeats: 1 },
  }
}
