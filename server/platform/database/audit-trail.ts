import type pg from 'pg'
import { placedOpening, type Placed, type Pool, type Statement } from './pool.ts'
import type { Opening } from './scoped-query.ts'
import type { Work } from './work.ts'
import type { NewEvent } from '../events/event-kind.ts'
import { newId } from '../new-id.ts'

/** What a change leaves in the audit trail. `before` and `after` hold the fields that changed, never a secret. */
export type AuditEntry = {
  action: string
  resource: string
  resource_id?: string | null
  plant_id?: string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

/** An entry, an event, or an entry that is also told: what one change leaves. */
export type Left = { readonly entry: AuditEntry | null; readonly event: NewEvent | null }

const TRAIL = `tenant_id, id, at, outcome, actor_kind, actor_id, action, resource, resource_id, plant_id,
               before, after, request_id, ip`
const EVENT = 'tenant_id, audit_id, time, type, subject, plant_id, data'
/** Of an entry's parameters, counted from 1: what its event takes from them. */
const [TENANT, ID, AT] = [1, 2, 3]

/** Fourteen columns of the trail (the outcome is said) from 13 parameters, and the event's own four after them. */
const trailValues = (first: number): string => {
  const [tenant, id, at, ...rest] = Array.from({ length: 13 }, (_, i) => `$${first + i}`)
  return [tenant, id, at, "'done'", ...rest].join(', ')
}
const eventValues = (first: number): string =>
  [TENANT, ID, AT].map((nth) => `$${first + nth - 1}`).join(', ') +
  Array.from({ length: 4 }, (_, i) => `, $${first + 13 + i}`).join('')

/** One entry is what most changes leave; it is planned once and has no JSON to take apart. */
const LEAVE_ONE = {
  name: 'o_leave_one',
  text: `with trail as (insert into audit (${TRAIL}) values (${trailValues(1)}))
         insert into control.events (${EVENT}) values (${eventValues(1)})`,
}
const LEAVE = {
  name: 'o_leave',
  text: `with given as materialized (
           select * from jsonb_to_recordset($1::jsonb) as r(ord integer, tenant_id uuid, id uuid, at timestamptz, actor_kind text,
             actor_id uuid, action text, resource text, resource_id uuid, plant_id uuid, before jsonb, after jsonb,
             request_id text, ip text, type text, subject text, event_plant_id uuid, data jsonb)),
         trail as (
           insert into audit (${TRAIL})
           select tenant_id, id, at, 'done', actor_kind, actor_id, action, resource, resource_id, plant_id, before, after,
                  request_id, ip from given where action is not null order by ord)
         insert into control.events (${EVENT})
         select tenant_id, case when action is not null then id end, at, type, subject, event_plant_id, data from given order by ord`,
}

const jsonOrNull = (value: object | null | undefined): string | null => (value ? JSON.stringify(value) : null)

function rowOf({ actor, tenantId, now, requestId, ip }: Work, entry: AuditEntry, event: NewEvent | null) {
  const { action, resource, resource_id = null, plant_id = null, before, after } = entry
  return [
    tenantId,
    newId(),
    now.toISOString(),
    actor.kind,
    actor.id ?? actor.account_id,
    action,
    resource,
    resource_id,
    plant_id,
    jsonOrNull(before),
    jsonOrNull(after),
    requestId,
    ip,
    event?.type ?? null,
    event?.subject ?? null,
    event?.plant_id ?? null,
    jsonOrNull(event?.data),
  ]
}

function rowsOf({ actor, tenantId, now, requestId, ip }: Work, left: readonly Left[]): string {
  const shared = { tenant_id: tenantId, at: now, actor_kind: actor.kind, actor_id: actor.id ?? actor.account_id }
  return JSON.stringify(
    left.map(({ entry, event }, ord) => ({
      ...{ ...shared, ord, id: newId(), request_id: requestId, ip },
      ...entry,
      ...(event && { type: event.type, subject: event.subject, event_plant_id: event.plant_id, data: event.data }),
    })),
  )
}

/** What a Work leaves, ready to travel with its commit. */
export async function leavingsOf(
  pool: Pool,
  client: pg.ClientBase,
  placed: Placed,
  work: Work,
  left: readonly Left[],
): Promise<Opening[]> {
  const [first] = left
  if (first === undefined) return []
  if (left.length === 1 && first.entry !== null) {
    const values = rowOf(work, first.entry, first.event)
    return [{ ...(await placedOpening(pool, client, LEAVE_ONE, placed)), values }]
  }
  return [{ ...(await placedOpening(pool, client, LEAVE, placed)), values: [rowsOf(work, left)] }]
}

const texts = new Map<string, string>()

/** The same text for the same change each time, because statements are known by their text. */
function textOf(change: Statement): string {
  let text = texts.get(change.sql)
  if (text === undefined) {
    const first = change.parameters.length + 1
    text = `with changed as (${change.sql}),
                 trail as (insert into audit (${TRAIL}) select ${trailValues(first)} from changed limit 1),
                 told as (insert into control.events (${EVENT}) select ${eventValues(first)} from changed limit 1)
            select * from changed`
    if (texts.size < 500) texts.set(change.sql, text)
  }
  return text
}

/** A change, its entry and its event as one statement: no row changed, nothing left. */
export const withTrail = (work: Work, change: Statement, entry: AuditEntry, event: NewEvent | null): Statement => ({
  sql: textOf(change),
  parameters: [...change.parameters, ...rowOf(work, entry, event)],
})
