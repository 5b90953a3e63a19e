import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import type { Progress } from './verify-progress.ts'

/** Where the trail is not what it was. */
export type Break = {
  number: number | null
  audit_id: string | null
  at: string | null
  reason:
    | 'link_removed'
    | 'link_changed'
    | 'entry_removed'
    | 'entry_changed'
    | 'entry_not_chained'
    | 'entry_chained_twice'
    | 'erasure_unfounded'
    | 'head_missing'
    | 'head_differs'
    | 'head_forged'
}
type Step = { progress: Progress; broken: Break | null }

/** Each is about 0.2 s of one core. */
const LINKS = 20_000
const ENTRIES = 50_000

type Links = { seen: number; number: number; link: string; erased: number; broken: Break | null; whole: boolean }

/** The next links: each over the one before, each over its entry as it stands, none left out. */
export async function checkLinks({ db, tenantId }: EdgeWork, progress: Progress): Promise<Step> {
  const before = progress.link === '' ? sql`sha256(uuid_send(${tenantId}::uuid))` : sql`decode(${progress.link}, 'hex')`
  const { rows } = await sql<Links>`
    with links as materialized (
      select number, audit_id, digest, link from control.audit_chain
       where tenant_id = ${tenantId} and number > ${progress.number} order by number limit ${LINKS}),
    seen as (
      select l.number, l.audit_id, l.link, a.at, a.contents_erased_for is not null or a.ip_erased_for is not null as erased,
             lag(l.number, 1, ${progress.number}::bigint) over w + 1 as expected,
             case when l.number <> lag(l.number, 1, ${progress.number}::bigint) over w + 1 then 'link_removed'
                  when l.link <> sha256(lag(l.link, 1, ${before}) over w || l.digest || uuid_send(l.audit_id)) then 'link_changed'
                  when a.id is null then 'entry_removed'
                  when not ${WHOLE} or l.digest is distinct from ${DIGEST} then 'entry_changed' end as reason
        from links l
        left join lateral (select * from audit where tenant_id = ${tenantId} and id = l.audit_id limit 1) a on true -- by key, one by one
      window w as (order by l.number))
    select current_setting('app.all_plants') = 'on' as whole,
           (select count(*) from seen) as seen, (select count(*) from seen where erased) as erased,
           coalesce(last.number, 0) as number, coalesce(encode(last.link, 'hex'), '') as link,
           (select jsonb_build_object('number', expected, 'audit_id', case when reason <> 'link_removed' then audit_id end,
                                      'at', case when reason <> 'link_removed' then ${zulu('at')} end, 'reason', reason)
              from seen where reason is not null order by number limit 1) as broken
      from (select) nothing left join (select number, link from links order by number desc limit 1) last on true`.execute(
    db,
  )
  const { seen, number, link, erased, broken, whole } = rows[0]!
  // Who does not see every plant does not see the whole trail either, and would find half of it removed.
  if (!whole) throw identityRefusals.refuse('audit.all_plants_needed')
  if (seen === 0) return { progress: { ...progress, phase: 'entries' }, broken }
  const checked = broken?.number == null ? progress.checked + seen : broken.number - 1
  return { progress: { ...progress, number, link, checked, erased: progress.erased + erased }, broken }
}

const zulu = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** What is erased is gone, with its salt, and says for whom; what is not has its salt. */
const WHOLE = sql`(
  (a.contents_digest is null and a.contents_erased_for is null and a.contents_salt is not null
   or num_nulls(a.contents_digest, a.contents_erased_for) = 0 and num_nonnulls(a.contents_salt, a.before, a.after) = 0)
  and (a.ip_digest is null and a.ip_erased_for is null and a.ip_salt is not null
   or num_nulls(a.ip_digest, a.ip_erased_for) = 0 and num_nonnulls(a.ip_salt, a.ip) = 0))`

const DIGEST = sql`control.audit_digest(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action, a.resource, a.resource_id,
  a.plant_id, a.request_id,
  coalesce(a.contents_digest, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after))),
  coalesce(a.ip_digest, control.audit_part(a.ip_salt, jsonb_build_array(a.ip))))`

type Entries = { seen: number; entry: string | null; waiting: number; broken: Break | null }

/** The next entries: each is chained once, or was committed so lately that its event has no place yet. */
export async function checkEntries({ db, tenantId }: EdgeWork, progress: Progress): Promise<Step> {
  const { rows } = await sql<Entries>`
    with entries as materialized (
      select a.id, a.at, (select count(*) from control.audit_chain c where c.tenant_id = ${tenantId} and c.audit_id = a.id) as links
        from audit a where a.tenant_id = ${tenantId} and a.id > ${progress.entry} order by a.id limit ${ENTRIES}),
    odd as (
      select id, at, links, links = 0 and exists (
               select from control.events e, control.event_sequencer s
                where e.id > s.low and e.tenant_id = ${tenantId} and e.audit_id = entries.id
                  and (s.front is null or e.id > s.front or e.id in (select g.id from control.event_gaps g))
             ) as waiting
        from entries where links <> 1)
    select (select count(*) from entries) as seen, (select id from entries order by id desc limit 1) as entry,
           (select count(*) from odd where waiting) as waiting,
           (select jsonb_build_object('number', null, 'audit_id', id, 'at', ${zulu('at')},
                                      'reason', case links when 0 then 'entry_not_chained' else 'entry_chained_twice' end)
              from odd where not waiting order by id limit 1) as broken`.execute(db)
  const { seen, entry, waiting, broken } = rows[0]!
  if (seen === 0 || entry === null) return { progress: { ...progress, phase: 'erasures' }, broken }
  return { progress: { ...progress, entry, waiting: progress.waiting + waiting }, broken }
}

/**
 * What is marked as erased was erased: for each person the trail has a later entry that says so, with as many contents and
 * addresses as are marked. Whoever blanks an entry by hand finds no room in those counts.
 */
export async function checkErasures({ db, tenantId }: EdgeWork, progress: Progress): Promise<Step> {
  const { rows } = await sql<Break>`
    with marks as (
      select contents_erased_for as person, id, 1 as contents from audit
       where tenant_id = ${tenantId} and contents_erased_for is not null
      union all
      select ip_erased_for, id, 0 from audit where tenant_id = ${tenantId} and ip_erased_for is not null),
    persons as (
      select m.person, sum(m.contents) as contents, sum(1 - m.contents) as addresses, min(c.number) as first, max(c.number) as last
        from marks m left join control.audit_chain c on c.tenant_id = ${tenantId} and c.audit_id = m.id group by m.person)
    select p.first as number, c.audit_id, a.at, 'erasure_unfounded' as reason
      from persons p
      left join control.audit_chain c on c.tenant_id = ${tenantId} and c.number = p.first
      left join audit a on a.tenant_id = ${tenantId} and a.id = c.audit_id
     where not exists (
       select from audit e left join control.audit_chain l on l.tenant_id = ${tenantId} and l.audit_id = e.id
        where e.tenant_id = ${tenantId} and e.resource = 'user' and e.resource_id = p.person and e.action = 'users.erased'
          and (e.after ->> 'contents')::bigint = p.contents and (e.after ->> 'addresses')::bigint = p.addresses
          and (l.number is null or l.number > p.last))
     order by p.first limit 1`.execute(db)
  return { progress: { ...progress, phase: 'done' }, broken: rows[0] ?? null }
}
