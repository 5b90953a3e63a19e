import { sql } from 'kysely'
import type { Work } from '../database/work.ts'
import { cloudEvent, type CloudEvent, type StoredEvent } from './cloud-event.ts'
import type { EventKind } from './event-kind.ts'

/** Positions looked at by one read, so that what is rare costs no more than what is frequent. */
const WINDOW = 10_000

export type Wanted = {
  kinds: readonly EventKind[]
  /** Events after this sequence; null: none, only how far it is. */
  after: number | null
  limit: number
}
/** `until`: everything up to this sequence was looked at. `head`: the last sequence of the tenant. */
export type EventsRead = { events: CloudEvent[]; until: number; head: number }

/** What whoever acts may do now, as SQL; null for who is neither a user nor a key. */
export const permissionsOf = ({ tenantId, actor }: Pick<Work, 'tenantId' | 'actor'>) =>
  actor.kind === 'api_key'
    ? sql`(select k.permissions from control.api_keys k where k.tenant_id = ${tenantId} and k.id = ${actor.id})`
    : sql`(select control.permissions_of(u.tenant_id, u.role) from control.users u
            where u.tenant_id = ${tenantId} and u.id = ${actor.id})`

/**
 * Events of the tenant in their order, as far as whoever acts may see them now: kinds by permission, plants by the policy.
 * One statement, so that head and events agree: whatever has a sequence up to head was seen.
 */
export async function readEvents(work: Work, { kinds, after, limit }: Wanted): Promise<EventsRead> {
  const { db, tenantId } = work
  const types = kinds.map(({ type }) => type)
  const permissions = kinds.map(({ permission }) => permission)
  const { rows } = await sql<{ head: number } & (StoredEvent | { sequence: null })>`
    select h.head, e.*
      from (select coalesce((select p.sequence from control.event_positions p
                              where p.tenant_id = ${tenantId} and p.sequence is not null
                              order by p.sequence desc limit 1), 0) as head) h
      left join lateral (
        select p.sequence, e.type, e.subject, e.time, e.data
          from control.event_positions p join control.events e on e.id = p.event_id
         where p.tenant_id = ${tenantId} and e.tenant_id = ${tenantId}
           and p.sequence > ${after}::bigint and p.sequence <= ${after}::bigint + ${WINDOW}
           and e.type = any (array(select k.type from unnest(${types}::text[], ${permissions}::text[]) k(type, permission)
                                    where k.permission = any (coalesce(${permissionsOf(work)}, '{}'))))
         order by p.sequence limit ${limit}) e on true`.execute(db)
  const head = rows[0]!.head
  const events = rows.flatMap((row) => (row.sequence === null ? [] : [cloudEvent(tenantId, row)]))
  if (after === null) return { events, until: head, head }
  const until = events.length === limit ? events.at(-1)!.sequence : Math.min(after + WINDOW, Math.max(head, after))
  return { events, until, head }
}
