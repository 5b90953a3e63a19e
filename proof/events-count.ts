import { none, same, type Finding, type Say } from './proof.ts'

/** What became of each transaction, as its writer saw it. Begun and nothing more: nobody knows, and either may be true. */
export type Book = { begun: Set<string>; done: Set<string>; undone: Set<string> }

type Ask = <Row>(text: string) => Promise<Row[]>

/** What the handlers leave: one row, one effect. The application may add to it, and nothing else. */
export const EFFECTS = `
  create schema proof;
  create table proof.effects (id bigserial primary key, subscriber text not null, tenant_id uuid not null,
    position bigint not null, sequence bigint not null, subject text not null, version integer not null);
  grant usage on schema proof to officina_app;
  grant insert on proof.effects to officina_app;
  grant usage on sequence proof.effects_id_seq to officina_app`

/** What is committed and has no place yet, and what a subscriber has still to do. */
export const BACKLOG = `
  select (select count(*) from control.events e
           where not exists (select from control.event_positions p where p.event_id = e.id))
       + (select count(*) from control.event_subscribers s where s.position < (select max(position) from control.event_positions))
       + (select 2 - count(*) from control.event_subscribers where name like 'proof.%')
       + (select count(*) from control.event_failures) as waiting`

/** Each place beside its event. */
const NUMBERED = `
  select p.position, p.sequence, p.tenant_id, e.id, e.subject, e.data ->> 'token' as token, (e.data ->> 'version')::int as version
    from control.event_positions p join control.events e on e.id = p.event_id`

const PLACES = `select e.id, count(p.position) as places from control.events e
  left join control.event_positions p on p.event_id = e.id and p.tenant_id = e.tenant_id group by e.id having count(p.position) <> 1`
const GLOBAL_GAPS = `select position from (select position, row_number() over (order by position) as n from control.event_positions) s
  where position <> n`
const TENANT_GAPS = `select tenant_id, sequence from (
    select tenant_id, sequence, row_number() over (partition by tenant_id order by position) as n
      from control.event_positions where sequence is not null) s where sequence <> n`
/** A plant's versions begin with 2 and each follows the one before. */
const DISORDER = `select subject, version from (
    select subject, version, row_number() over (partition by subject order by position) + 1 as n
      from (${NUMBERED}) n where token is not null) s where version <> n`

/** Of each event one effect of each subscriber. */
const EFFECTS_WRONG = `
  select s.name, n.tenant_id, n.sequence, count(f.id) as effects
    from control.event_subscribers s cross join (${NUMBERED}) n
    left join proof.effects f on (f.subscriber, f.tenant_id, f.sequence, f.position) = (s.name, n.tenant_id, n.sequence, n.position)
   where n.token is not null and s.name like 'proof.%' group by 1, 2, 3 having count(f.id) <> 1`
/** In the order in which the effects were written, which is that of their commits: one process at a time has a subscriber. */
const EFFECTS_DISORDER = `
  select subscriber, subject, version from (
    select subscriber, subject, version, row_number() over (partition by subscriber, subject order by id) + 1 as n
      from proof.effects) s where version <> n`

const trailOf = (schemas: readonly string[]): string =>
  schemas.map((schema) => `select * from ${schema}.audit`).join(' union all ')
const chainBreaks = (trail: string): string => `
  select tenant_id, number from (
    select c.tenant_id, c.number, row_number() over w as n, c.link, c.digest, c.audit_id,
           lag(c.link) over w as before,
           control.audit_digest(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action, a.resource, a.resource_id,
             a.plant_id, a.request_id,
             coalesce(a.contents_digest, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after))),
             coalesce(a.ip_digest, control.audit_part(a.ip_salt, jsonb_build_array(a.ip)))) as now
      from control.audit_chain c left join (${trail}) a on (a.tenant_id, a.id) = (c.tenant_id, c.audit_id)
    window w as (partition by c.tenant_id order by c.number)) s
   where number <> n or digest is distinct from now
      or link <> sha256(coalesce(before, sha256(uuid_send(tenant_id))) || digest || uuid_send(audit_id))`
const unchained = (trail: string): string => `
  select a.id, count(c.number) as links from (${trail}) a
    left join control.audit_chain c on (c.tenant_id, c.audit_id) = (a.tenant_id, a.id) group by a.id having count(c.number) <> 1`

async function countOf(ask: Ask, from: string): Promise<number> {
  const [row] = await ask<{ n: number }>(`select count(*) as n from ${from}`)
  return row!.n
}

/** What was acknowledged, against what is there. */
async function countBook(ask: Ask, { begun, done, undone }: Book, say: Say): Promise<Finding[]> {
  const rows = await ask<{ token: string }>(
    `select data ->> 'token' as token from control.events where type = 'ProofChanged'`,
  )
  const there = new Set(rows.map(({ token }) => token))
  const unknown = [...begun].filter((token) => !done.has(token) && !undone.has(token))
  const found = unknown.filter((token) => there.has(token)).length
  say(
    `${begun.size} transactions: ${done.size} acknowledged, ${undone.size} rolled back, ` +
      `${unknown.length} interrupted, of which ${found} are in the database`,
  )
  return [
    same('an event of each transaction that is in the database, once', rows.length, there.size),
    none(
      'what was acknowledged is there',
      [...done].filter((token) => !there.has(token)),
      done.size,
    ),
    none(
      'what was rolled back is not',
      [...undone].filter((token) => there.has(token)),
      undone.size,
    ),
    none(
      'and nothing else is',
      [...there].filter((token) => !begun.has(token)),
      there.size,
    ),
  ]
}

/** The trails of all companies, where they live now, against the chain. */
export async function countTrail(ask: Ask): Promise<Finding[]> {
  const schemas = await ask<{ schema_name: string }>('select distinct schema_name from control.tenants')
  const trail = trailOf(schemas.map(({ schema_name }) => schema_name))
  const entries = await countOf(ask, `(${trail}) t`)
  return [
    none('every entry of the trail is chained once', await ask(unchained(trail)), entries),
    none('the chain, recomputed, is whole', await ask(chainBreaks(trail)), entries),
  ]
}

export async function countEvents(ask: Ask, book: Book, say: Say): Promise<readonly Finding[]> {
  const [events, places] = [await countOf(ask, 'control.events'), await countOf(ask, 'control.event_positions')]
  const effects = await countOf(ask, 'proof.effects')
  const told = await countOf(ask, `control.events where type = 'ProofChanged'`)
  return [
    ...(await countBook(ask, book, say)),
    same('events appended = events with a place', places, events),
    none('each has exactly one', await ask(PLACES), events),
    none('no gap in the order over all', await ask(GLOBAL_GAPS), places),
    none('no gap in the order of a tenant', await ask(TENANT_GAPS), places),
    none('within a plant, each version follows the one before', await ask(DISORDER), places),
    same('events appended = effects of each of the two subscribers', effects, told * 2),
    none('of each event each subscriber had exactly one', await ask(EFFECTS_WRONG), effects),
    none('within a plant, effects came in order', await ask(EFFECTS_DISORDER), effects),
    ...(await countTrail(ask)),
  ]
}
