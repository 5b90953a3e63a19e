-- What happened, in one order per tenant without gaps; and the audit trail chained in the same order.
--
-- A writer appends to control.events in the transaction of its change, unnumbered: whoever numbered there would hold up all
-- others until its commit. control.sequence_events() gives what is committed its place afterwards, in one process at a
-- time. A reader that trusted the order of ids instead would lose events: a lower id may be committed later.
-- No key leads to control.tenants: each event would lock its tenant's row, which all writers of the tenant share; the policy lets
-- in the open tenant alone.
-- Rows are added and never changed. What stands in the trail but is told to nobody has no type: its row is there to be chained.

create sequence control.event_ids;

create table control.events (
  -- The transaction has its number before the event has its id: what sequence_events() concludes from snapshots needs that.
  id        bigint primary key default (case when pg_current_xact_id() is not null then nextval('control.event_ids') end),
  tenant_id uuid not null,
  audit_id  uuid,
  type      text,
  subject   text,
  plant_id  uuid,
  time      timestamptz not null,
  data      jsonb,
  check ((type is null) = (subject is null) and (type is null) = (data is null)),
  check (type is not null or audit_id is not null)
);

-- Written by sequence_events() alone; what was brought in from another installation lies below zero, events and places.
-- position: over all tenants, for those who follow everything. sequence: in the tenant, for those who may see it.
create table control.event_positions (
  position  bigint primary key,
  tenant_id uuid not null,
  sequence  bigint,                      -- null: told to nobody
  event_id  bigint not null
);
create unique index event_positions_by_sequence on control.event_positions (tenant_id, sequence) include (event_id)
  where sequence is not null;
-- One place for each event, whatever the sequencer concludes.
create unique index event_positions_by_event on control.event_positions (event_id);

-- digest: of the entry as it was when it was chained (control.audit_digest). link: over the one before and this digest. An entry
-- whose person is erased later keeps its digest here, so that the chain stays whole.
create table control.audit_chain (
  tenant_id uuid not null,
  number    bigint not null,
  audit_id  uuid not null,
  digest    bytea not null,
  link      bytea not null,
  primary key (tenant_id, number)
);
create index audit_chain_by_entry on control.audit_chain (tenant_id, audit_id);

-- Places are given up to front, but for the gaps: ids that were not to be seen then, because their transaction was under way or had
-- been rolled back. Until every transaction below until_xact has ended, one may still come. Below low there is none.
-- front is null where nobody has looked yet: a new installation, or a copy that was brought back.
create table control.event_sequencer (
  single boolean primary key default true check (single),
  front  bigint,
  low    bigint not null default 0
);
insert into control.event_sequencer default values;

create table control.event_gaps (
  id         bigint primary key,
  until_xact xid8 not null
);

-- A follower of the events (webhooks, a bus, a reaction): everything up to position is dealt with or set aside. revision rises with
-- every step, so that what was read before a lock is known to be still true under it.
create table control.event_subscribers (
  name       text primary key,
  position   bigint not null,
  revision   bigint not null default 1,
  updated_at timestamptz not null default now()
);

-- What a subscriber went on without.
--   retrying: it failed, and is tried again at retry_at; or somebody asked for it
--   failed:   it failed too often; a person looks at it
--   held:     its tenant is moving; or, for a subscriber that keeps the order of a subject, it waits for the one before
create table control.event_failures (
  tenant_id  uuid not null references control.tenants,
  id         uuid not null default gen_random_uuid(),
  subscriber text not null references control.event_subscribers,
  sequence   bigint not null,
  position   bigint not null,
  subject    text not null,
  plant_id   uuid,
  state      text not null check (state in ('retrying', 'failed', 'held')),
  attempts   integer not null default 0,
  error      text,
  retry_at   timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, subscriber, sequence)
);
create index event_failures_of_subject on control.event_failures (tenant_id, subscriber, subject, position);
create index event_failures_to_try on control.event_failures (subscriber, position);

select control.protect('control.events', 'plant_id', 'select, insert');
select control.protect('control.event_positions', null, 'select');
select control.protect('control.audit_chain', null, 'select');
select control.protect('control.event_failures', 'plant_id', 'select, delete');
grant update (state, attempts, retry_at) on control.event_failures to officina_app;
grant usage on sequence control.event_ids to officina_app, officina_custody;
grant select, insert, update, delete on control.event_sequencer, control.event_gaps, control.event_subscribers to officina_custody;

-- A part of an entry that an erasure may take away, as the chain holds it: without its salt nobody finds out by trying what it was.
-- This and the next two are one expression with no path of their own, so that PostgreSQL puts them in the place of the call: an entry is
-- then verified in a tenth of the time.
create function control.audit_part(salt uuid, content jsonb) returns bytea
language sql stable as $$
  select sha256(uuid_send(salt) || convert_to(content::text, 'UTF8'))
$$;

-- What the chain holds of an entry. A denial that repeats raises its count and its time: those two are left out. Contents and address
-- are digests (audit_part), which stay when a person is erased.
create function control.audit_text(id uuid, at timestamptz, outcome text, actor_kind text, actor_id uuid, action text,
  resource text, resource_id uuid, plant_id uuid, request_id text, contents bytea, address bytea) returns text
language sql stable as $$
  select jsonb_build_array(id, case when outcome = 'done' then extract(epoch from at)::numeric end, outcome, actor_kind, actor_id,
    action, resource, resource_id, plant_id, request_id, encode(contents, 'hex'), encode(address, 'hex'))::text
$$;
create function control.audit_digest(id uuid, at timestamptz, outcome text, actor_kind text, actor_id uuid, action text,
  resource text, resource_id uuid, plant_id uuid, request_id text, contents bytea, address bytea) returns bytea
language sql stable as $$
  select sha256(convert_to(control.audit_text(id, at, outcome, actor_kind, actor_id, action, resource, resource_id, plant_id,
    request_id, contents, address), 'UTF8'))
$$;

-- Chains entries of the trail, given in order; null: none. Those of one tenant lie in one schema. An entry that is gone is chained
-- with an empty digest, which no entry has: the chain shows it.
create function control.chain_audit(in_tenants uuid[], in_entries uuid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_mergejoin = off as $$
declare
  places constant jsonb := (select coalesce(jsonb_object_agg(id, schema_name), '{}') from control.tenants where id = any (in_tenants));
  place text;
  entry record;
  open_tenant uuid;
  last record;
begin
  for place in select distinct value from jsonb_each_text(places) loop
    for entry in execute format('
      select g.tenant_id, g.audit_id as id, case when a.id is null then '''' else control.audit_digest(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action,
             a.resource, a.resource_id, a.plant_id, a.request_id,
             coalesce(a.contents_digest, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after))),
             coalesce(a.ip_digest, control.audit_part(a.ip_salt, jsonb_build_array(a.ip)))) end::bytea as digest
        from unnest($1, $2) with ordinality as g(tenant_id, audit_id, ord)
        left join %I.audit a on a.tenant_id = g.tenant_id and a.id = g.audit_id
       where g.audit_id is not null and $3 ->> g.tenant_id::text = $4
       order by g.tenant_id, g.ord', place) using in_tenants, in_entries, places, place
    loop
      if entry.tenant_id is distinct from open_tenant then
        open_tenant := entry.tenant_id;
        select number, link into last from control.audit_chain where tenant_id = open_tenant order by number desc limit 1;
        if not found then select 0::bigint as number, sha256(uuid_send(open_tenant)) as link into last; end if;
      end if;
      last.number := last.number + 1;
      last.link := sha256(last.link || entry.digest || uuid_send(entry.id));
      insert into control.audit_chain values (open_tenant, last.number, entry.id, entry.digest, last.link);
    end loop;
  end loop;
  -- A tenant that moved meanwhile took its entries with it: they are chained where they are now, with the next try.
  if exists (select from control.tenants where id = any (in_tenants) and places ->> id::text <> schema_name) then
    raise exception 'a tenant has moved' using errcode = '40001';
  end if;
end $$;

-- Gives up to in_limit committed events their places, in the order of their ids. Null: another process is at it. Each statement has a
-- snapshot of its own (read committed), which the order of the steps relies on:
-- - a later version of a thing is written after the earlier one was committed, so it has a higher id, and whoever sees it sees
--   the earlier too. What is new and what fills a gap are therefore read in one statement;
-- - a transaction has its number before its event has an id. So whoever can still fill a gap below the new front has a number below
--   our own, which we take after reading (a snapshot's xmax will not do: it lies above what has ended, not above what is under way);
--   and whoever had ended when the horizon was taken has filled it.
-- However long a transaction stays open, a batch costs what is new and a look into the gaps.
--
-- It is planned when the tables are empty, and that plan is kept: without the two settings it would read all of history later.
create function control.sequence_events(in_limit integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_mergejoin = off as $$
declare
  elected constant boolean := pg_try_advisory_xact_lock(hashtext('officina.sequencer'));
  old_front bigint;
  new_front bigint;
  gaps bigint[];
  horizon xid8;
  until xid8;
  head bigint;
  ids bigint[];
  tenants uuid[];
  told boolean[];
  entries uuid[];
begin
  if not elected then return null; end if;
  select front into old_front from control.event_sequencer;
  if old_front is null then
    update control.event_sequencer set front = greatest((select max(event_id) from control.event_positions), 0) returning front into old_front;
    insert into control.event_gaps
    select e.id, pg_current_xact_id() from control.events e
     where e.id between 1 and old_front and not exists (select from control.event_positions p where p.event_id = e.id);
    return in_limit;  -- the rest with the next call, whose number comes after its reading
  end if;
  if pg_current_xact_id_if_assigned() is not null then
    raise exception 'events are numbered in a transaction of their own';
  end if;

  gaps := array(select id from control.event_gaps);
  horizon := pg_snapshot_xmin(pg_current_snapshot());
  select array_agg(c.id order by c.id), array_agg(c.tenant_id order by c.id), array_agg(c.type is not null order by c.id),
         array_agg(c.audit_id order by c.id) into ids, tenants, told, entries
    from (select * from (select e.* from control.events e where e.id = any (gaps)
                          union all
                         (select n.* from control.events n where n.id > old_front order by n.id limit in_limit)) f
           order by f.id limit in_limit) c;
  if ids is not null then until := pg_current_xact_id(); end if;  -- looking alone uses up no number
  new_front := greatest(old_front, ids[cardinality(ids)]);

  delete from control.event_gaps
   where id = any (ids)
      or until_xact <= horizon and (ids is null or cardinality(ids) < in_limit or id <= ids[cardinality(ids)]);
  insert into control.event_gaps
  select n, until from generate_series(old_front + 1, new_front) n except select unnest(ids), until;
  update control.event_sequencer s
     set front = new_front, low = w.low
    from (select coalesce((select min(id) - 1 from control.event_gaps), new_front) as low) w
   where s.front is distinct from new_front or s.low <> w.low;
  if ids is null then return 0; end if;

  select greatest(max(position), 0) into head from control.event_positions;
  insert into control.event_positions (position, tenant_id, sequence, event_id)
  select head + e.n, e.tenant_id,
         case when e.told then h.sequence + count(*) filter (where e.told) over (partition by e.tenant_id order by e.n) end, e.id
    from unnest(ids, tenants, told) with ordinality as e(id, tenant_id, told, n)
    join (select d.tenant_id, coalesce((select p.sequence from control.event_positions p
                                         where p.tenant_id = d.tenant_id and p.sequence is not null
                                         order by p.sequence desc limit 1), 0) as sequence
            from (select distinct t.tenant_id from unnest(tenants) t(tenant_id)) d) h using (tenant_id);
  perform control.chain_audit(tenants, entries);
  perform pg_notify('officina_events', (head + cardinality(ids))::text);
  return cardinality(ids);
end $$;

-- These two are what the application may do to subscribers, which are of all tenants: a subscriber's effects are the application's, in
-- the scope of their tenant, and its steps belong into the same transaction.
--
-- True: nobody moved it since revision, and until the end of this transaction nobody will.
create function control.hold_subscriber(in_name text, in_revision bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from control.event_subscribers where name = in_name and revision = in_revision for update skip locked;
  return found;
end $$;

-- in_done: dealt with; in_held: to be dealt with later. in_position: everything up to there is one or the other.
create function control.settle_events(in_name text, in_position bigint, in_done bigint[], in_held bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update control.event_subscribers
     set position = greatest(position, in_position), revision = revision + 1, updated_at = now() where name = in_name;
  delete from control.event_failures where subscriber = in_name and position = any (in_done);
  insert into control.event_failures (tenant_id, subscriber, sequence, position, subject, plant_id, state)
  select p.tenant_id, in_name, p.sequence, p.position, e.subject, e.plant_id, 'held'
    from control.event_positions p join control.events e on e.id = p.event_id
   where p.position = any (in_held)
  on conflict (tenant_id, subscriber, sequence) do nothing;
end $$;

grant create on schema control to officina_custody;
do $$
declare f regprocedure;
begin
  foreach f in array array['control.hold_subscriber(text, bigint)', 'control.settle_events(text, bigint, bigint[], bigint[])',
    'control.chain_audit(uuid[], uuid[])', 'control.sequence_events(integer)',
    'control.audit_part(uuid, jsonb)', 'control.audit_text(
    uuid, timestamptz, text, text, uuid, text, text, uuid, uuid, text, bytea, bytea)', 'control.audit_digest(
    uuid, timestamptz, text, text, uuid, text, text, uuid, uuid, text, bytea, bytea)']::regprocedure[] loop
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to officina_custody', f);
    -- Whoever reads the trail checks it.
    if f::text ~ 'audit_(digest|part|text)|hold_subscriber|settle_events' then execute format('grant execute on function %s to officina_app', f); end if;
    execute format('alter function %s owner to officina_custody', f);
  end loop;
end $$;
revoke create on schema control from officina_custody;
