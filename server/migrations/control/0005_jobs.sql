-- Jobs: what is to be done after the change that asks for it, and the schedules that ask by the clock.
--
-- A row here is the truth about a job; it is inserted in the transaction of the change. Waiting rows are admitted to delivery
-- (0006) in turn by tenant, so that nobody's hundred thousand delay another's one. docs/adr/0006-jobs.md says why.
--
--   delayed → waiting → admitted → completed | failed (dead: a person looks at it) | cancelled
--
-- Rows without a tenant are the installation's own. They are enqueued by custody, or while somebody signs in, when no tenant
-- is open yet; the application never sees them.

create table control.jobs (
  id          uuid primary key,
  tenant_id   uuid references control.tenants,
  kind        text not null,
  payload     jsonb not null,            -- ids: no documents, no secrets
  priority    smallint not null check (priority between -100 and 100),
  -- Among the unfinished jobs of a tenant and kind there is one with this key.
  key         text,
  state       text not null check (state in ('delayed', 'waiting', 'admitted', 'completed', 'failed', 'cancelled')),
  run_at      timestamptz not null,
  attempts    integer not null default 0,
  last_error  text,
  -- The delivery that may end it: a job that was taken from a worker and given to another is finished by the other alone.
  delivery    uuid,
  enqueued_by uuid,                      -- user or API key; null for the machine
  created_at  timestamptz not null default now(),
  finished_at timestamptz,
  -- Whose turn it is goes by lane: the tenant, or the installation's own.
  lane        uuid not null generated always as (coalesce(tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) stored,
  check ((state = 'admitted') = (delivery is not null)),
  check ((state in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
);
create unique index jobs_by_key on control.jobs (tenant_id, kind, key) nulls not distinct
  where key is not null and state in ('delayed', 'waiting', 'admitted');
create index jobs_of_tenant on control.jobs (tenant_id, id);
create index jobs_waiting on control.jobs (kind, lane, priority desc, run_at, id) where state = 'waiting';
create index jobs_delayed on control.jobs (run_at) where state = 'delayed';
create index jobs_admitted on control.jobs (kind, lane) where state = 'admitted';
create index jobs_dead on control.jobs (tenant_id, id) where state = 'failed';
create index jobs_finished on control.jobs (state, finished_at) where finished_at is not null;

-- Where the last round over the tenants of a kind ended.
create table control.job_turns (
  kind text primary key,
  lane uuid not null
);

-- A schedule of the code, for the installation or for one tenant. last_due is the occurrence that was dealt with last: it never
-- goes back, whatever the clock does. look_at is when to look again. declared: what it was worked out from.
create table control.schedules (
  tenant_id uuid references control.tenants,
  name      text not null,
  zone      text not null,
  declared  text not null,
  last_due  timestamptz not null,
  look_at   timestamptz not null,
  unique nulls not distinct (tenant_id, name)
);
create index schedules_to_look_at on control.schedules (look_at);

select control.protect('control.jobs', null, 'select, insert');
select control.protect('control.schedules', null, 'select');
create policy installation on control.jobs for insert to officina_app
  with check (tenant_id is null
              and (select current_setting('app.tenant_id') = '00000000-0000-0000-0000-000000000000'));
grant update (state, payload, run_at, attempts, last_error, delivery, finished_at) on control.jobs to officina_app;
grant select, insert, update, delete on control.job_turns to officina_custody;

-- Admits waiting jobs of these kinds, one tenant after the other, until a kind has in_windows admitted ones, of which at most
-- in_shares are one tenant's. A tenant's turn costs a few look-ups in jobs_waiting, however many it has waiting: the next
-- tenant is found by skipping to it, and its next job is the first of its part of the index.
-- For one caller at a time, who holds the advisory lock of the dispatcher. Its statements are planned once per connection, maybe
-- while the table is empty, and a plan that reads it from end to end would be kept when it is full: indexes only.
create function control.admit_jobs(in_kinds text[], in_windows integer[], in_shares integer[])
returns table (id uuid, tenant_id uuid, kind text, delivery uuid)
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  before_all constant uuid := '00000000-0000-0000-0000-000000000000';
  the_kind text;
  places integer;
  turn uuid;
  next_lane uuid;
  whole_round boolean;
  any_admitted boolean;
begin
  for k in 1 .. cardinality(in_kinds) loop
    the_kind := in_kinds[k];
    continue when not exists (select from control.jobs j where j.kind = the_kind and j.state = 'waiting');
    select in_windows[k] - count(*) into places from control.jobs j where j.kind = the_kind and j.state = 'admitted';
    turn := coalesce((select t.lane from control.job_turns t where t.kind = the_kind), before_all);
    whole_round := false;
    any_admitted := false;
    while places > 0 loop
      select j.lane into next_lane from control.jobs j
       where j.kind = the_kind and j.state = 'waiting' and j.lane > turn order by j.lane limit 1;
      if not found then
        exit when whole_round and not any_admitted;
        whole_round := true;
        any_admitted := false;
        turn := before_all;
        continue;
      end if;
      turn := next_lane;
      continue when in_shares[k] <= (select count(*) from control.jobs j
                                      where j.kind = the_kind and j.lane = turn and j.state = 'admitted');
      -- The machine works for whom people may write; what is held waits. Letters go all the same: they tell a person what became of
      -- the account, which a suspended company does not suspend.
      continue when the_kind <> 'mail.send' and exists (select from control.tenants t where t.id = turn
                             and (t.deleted_at is not null or t.status not in ('Active', 'Trial')
                                  or t.plan_expiry < current_date));
      return query
        update control.jobs j set state = 'admitted', delivery = gen_random_uuid()
         where j.id = (select w.id from control.jobs w
                        where w.kind = the_kind and w.lane = turn and w.state = 'waiting'
                        order by w.priority desc, w.run_at, w.id limit 1 for update skip locked)
        returning j.id, j.tenant_id, j.kind, j.delivery;
      if found then
        places := places - 1;
        any_admitted := true;
      end if;
    end loop;
    insert into control.job_turns (kind, lane) values (the_kind, turn)
      on conflict (kind) do update set lane = excluded.lane where job_turns.lane <> excluded.lane;
  end loop;
end $$;
revoke all on function control.admit_jobs(text[], integer[], integer[]) from public;
grant execute on function control.admit_jobs(text[], integer[], integer[]) to officina_custody;
