import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'

/** A link with what it was made of, as whoever checks it from outside needs it: docs/audit.md. */
export type TrailLine = {
  number: number
  audit_id: string
  /** The text whose SHA-256 is the digest; null where the entry is gone. */
  entry: string | null
  digest: string
  link: string
  /** Text, and salt in hexadecimal; null where an erasure took them, and the digest in `entry` is what stays. */
  contents: string | null
  contents_salt: string | null
  address: string | null
  address_salt: string | null
}

const PAGE = 5_000

/** The links after a number, in their order; fewer than a page where the chain ends. */
export async function exportTrail(
  { db, tenantId }: EdgeWork,
  after: number,
): Promise<{ lines: TrailLine[]; last: number | null }> {
  const { rows } = await sql<TrailLine>`
    select l.number, l.audit_id, encode(l.digest, 'hex') as digest, encode(l.link, 'hex') as link,
           case when a.id is not null then control.audit_text(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action, a.resource,
             a.resource_id, a.plant_id, a.request_id,
             coalesce(a.contents_digest, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after))),
             coalesce(a.ip_digest, control.audit_part(a.ip_salt, jsonb_build_array(a.ip)))) end as entry,
           case when a.contents_salt is not null then jsonb_build_array(a.before, a.after)::text end as contents,
           replace(a.contents_salt::text, '-', '') as contents_salt,
           case when a.ip_salt is not null then jsonb_build_array(a.ip)::text end as address, replace(a.ip_salt::text, '-', '') as address_salt
      from (select * from control.audit_chain where tenant_id = ${tenantId} and number > ${after} order by number limit ${PAGE}) l
      left join lateral (select * from audit where tenant_id = ${tenantId} and id = l.audit_id limit 1) a on true
     order by l.number`.execute(db)
  return { lines: rows, last: rows.length < PAGE ? null : rows.at(-1)!.number }
}
