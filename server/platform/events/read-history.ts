import { sql } from 'kysely'
import type { Work } from '../database/work.ts'
import { cloudEvent, type CloudEvent, type StoredEvent } from './cloud-event.ts'

/** Positions looked at by one read, so that a page takes as long in a large company as in a small one. */
const WINDOW = 10_000

export type History = {
  types: readonly string[]
  /** Events of these subjects and of what is below them (`plants/<id>/registry`). */
  subjects: readonly string[]
  /** Besides: all events of this plant. */
  plant_id: string | null
  period: { from: string; to: string } | null
  /** Sequences, after < sequence ≤ until. */
  after: number
  until: number
}

/** One page of what was told about some subjects, in its order; plants by the policy. `next` is null where all was looked at. */
export async function readHistory(
  { db, tenantId }: Work,
  { types, subjects, plant_id, period, after, until }: History,
): Promise<{ events: CloudEvent[]; next: number | null }> {
  const upTo = Math.min(after + WINDOW, until)
  const within = period === null ? sql`true` : sql`e.time >= ${period.from} and e.time < ${period.to}`
  const { rows } = await sql<StoredEvent>`
    select p.sequence, e.type, e.subject, e.time, e.data
      from control.event_positions p join control.events e on e.id = p.event_id
     where p.tenant_id = ${tenantId} and e.tenant_id = ${tenantId} and p.sequence > ${after}::bigint and p.sequence <= ${upTo}::bigint
       and e.type = any (${types}::text[]) and ${within}
       and (e.subject = any (${subjects}::text[]) or regexp_replace(e.subject, '/[a-z_]+$', '') = any (${subjects}::text[])
            or e.plant_id = ${plant_id}::uuid)
     order by p.sequence`.execute(db)
  return { events: rows.map((row) => cloudEvent(tenantId, row)), next: upTo < until ? upTo : null }
}
