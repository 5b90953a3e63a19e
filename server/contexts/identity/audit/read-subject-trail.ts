import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import type { TrailLine } from './export-trail.ts'

/** Links looked at by one read. */
const WINDOW = 10_000

export type SubjectTrail = {
  /** Ids of what the entries are about. */
  resources: readonly string[]
  /** Besides: every entry of this plant. */
  plant_id: string | null
  period: { from: string; to: string } | null
  /** Numbers of links, after < number ≤ until. */
  after: number
  until: number
}
/** A line of the trail with what a reader needs; the address is never in it, its digest stands in `entry`. */
export type SubjectLine = Omit<TrailLine, 'address' | 'address_salt'> & {
  at: string
  action: string
  resource: string
  resource_id: string | null
  actor: { kind: string; id: string | null; name: string | null }
}

const entryText = sql`control.audit_text(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action, a.resource, a.resource_id,
  a.plant_id, a.request_id, coalesce(a.contents_digest, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after))),
  coalesce(a.ip_digest, control.audit_part(a.ip_salt, jsonb_build_array(a.ip))))`

/** One page of what was done to some subjects, in the order of the chain; plants by the policy. `next` is null where all was looked at. */
export async function readSubjectTrail(
  { db, tenantId }: EdgeWork,
  { resources, plant_id, period, after, until }: SubjectTrail,
): Promise<{ entries: SubjectLine[]; next: number | null }> {
  const upTo = Math.min(after + WINDOW, until)
  const within = period === null ? sql`true` : sql`a.at >= ${period.from} and a.at < ${period.to}`
  const { rows } = await sql<SubjectLine>`
    select l.number, l.audit_id, ${entryText} as entry, encode(l.digest, 'hex') as digest, encode(l.link, 'hex') as link,
           case when a.contents_salt is not null then jsonb_build_array(a.before, a.after)::text end as contents,
           replace(a.contents_salt::text, '-', '') as contents_salt, a.at, a.action, a.resource, a.resource_id,
           jsonb_build_object('kind', a.actor_kind, 'id', a.actor_id,
             'name', coalesce(nullif(u.name || ' ' || u.surname, ' '), k.name)) as actor
      from control.audit_chain l join audit a on a.tenant_id = ${tenantId} and a.id = l.audit_id
      left join control.users u on u.tenant_id = ${tenantId} and u.id = a.actor_id
      left join control.api_keys k on k.tenant_id = ${tenantId} and k.id = a.actor_id
     where l.tenant_id = ${tenantId} and l.number > ${after}::bigint and l.number <= ${upTo}::bigint
       and a.outcome = 'done' and ${within}
       and (a.resource_id = any (${resources}::uuid[]) or a.plant_id = ${plant_id}::uuid)
     order by l.number`.execute(db)
  return { entries: rows, next: upTo < until ? upTo : null }
}

/** Links of the chain, both ends included: what lies between an entry and the signed head that proves it. */
export async function readLinks(
  { db, tenantId }: EdgeWork,
  { from, to }: { from: number; to: number },
): Promise<{ number: number; audit_id: string; digest: string; link: string }[]> {
  const { rows } = await sql<{ number: number; audit_id: string; digest: string; link: string }>`
    select number, audit_id, encode(digest, 'hex') as digest, encode(link, 'hex') as link from control.audit_chain
     where tenant_id = ${tenantId} and number between ${from} and ${to} order by number`.execute(db)
  return rows
}

/** The last link and the last sequence, once the entry of this action is chained; null before. */
export async function readReachOf(
  { db, tenantId }: EdgeWork,
  { action, resource_id }: { action: string; resource_id: string },
): Promise<{ number: number; link: string; sequence: number } | null> {
  const { rows } = await sql<{ number: number; link: string; sequence: number }>`
    select last.number, encode(last.link, 'hex') as link,
           coalesce((select max(p.sequence) from control.event_positions p where p.tenant_id = ${tenantId}), 0) as sequence
      from (select number, link from control.audit_chain where tenant_id = ${tenantId} order by number desc limit 1) last
     where exists (select from audit a join control.audit_chain c on c.tenant_id = ${tenantId} and c.audit_id = a.id
                    where a.tenant_id = ${tenantId} and a.action = ${action} and a.resource_id = ${resource_id})`.execute(
    db,
  )
  return rows[0] ?? null
}
