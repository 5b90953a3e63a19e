-- Where a tenant's events are sent, and the log of what was sent (docs/webhooks.md; why so: docs/adr/0011-webhooks.md).

create table control.webhooks (
  tenant_id       uuid not null references control.tenants,
  id              uuid not null,
  url             text not null,
  description     text,
  event_types     text[],                -- null: all
  plant_ids       uuid[],                -- events of these plants, and those of none; null: all
  enabled         boolean not null default true,
  -- Why the machine disabled it; null where it is enabled, or a person disabled it.
  disabled_reason text check (disabled_reason in ('gone', 'failing')),
  disabled_at     timestamptz,
  -- Gone with the webhook. The one before is good beside it for a while.
  secret          text,
  previous_secret text,
  previous_until  timestamptz,
  -- Attempts that failed since one succeeded, over all deliveries, and when the first of them was.
  failures        integer not null default 0,
  failing_since   timestamptz,
  -- Nothing is sent before: whoever does not answer is asked by one delivery at a time, and seldom.
  resting_until   timestamptz,
  deleted_at      timestamptz,
  revision        integer not null default 1,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid,
  updated_by      uuid,
  primary key (tenant_id, id),
  check (enabled = (disabled_at is null)),
  check (deleted_at is not null or secret is not null)
);
comment on column control.webhooks.secret is 'sealed {tenant_id}:webhooks:secret:{id}';
comment on column control.webhooks.previous_secret is 'sealed {tenant_id}:webhooks:previous_secret:{id}';

-- One event for one webhook. It is tried by one job at a time; the next attempt is another job, at its time.
create table control.webhook_deliveries (
  tenant_id        uuid not null,
  id               uuid not null,
  webhook_id       uuid not null,
  sequence         bigint,               -- of the event; null: a test
  type             text not null,
  subject          text not null,
  plant_id         uuid,
  state            text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'cancelled')),
  attempts         integer not null default 0,
  -- The job that may make the next attempt: one that was replaced finds that it is not the one, and does nothing.
  job_id           uuid,
  next_attempt_at  timestamptz,
  last_attempt_at  timestamptz,
  response_status  smallint,
  response_excerpt text,
  duration_ms      integer,
  error            text,
  created_at       timestamptz not null default now(),
  finished_at      timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, webhook_id) references control.webhooks,
  check ((state = 'pending') = (finished_at is null))
);
create unique index webhook_deliveries_by_event on control.webhook_deliveries (tenant_id, webhook_id, sequence);
create index webhook_deliveries_newest on control.webhook_deliveries (tenant_id, webhook_id, id);
create index webhook_deliveries_finished on control.webhook_deliveries (finished_at) where finished_at is not null;

select control.protect('control.webhooks', null, 'select, insert, update');
select control.protect('control.webhook_deliveries', 'plant_id', 'select, insert, update');

-- A webhook tells what it reaches. Who sees some plants sees, makes and changes those that reach no others.
create policy plants on control.webhooks as restrictive to officina_app
  using ((select current_setting('app.all_plants') = 'on')
         or plant_ids <@ coalesce((select current_setting('app.plants')::uuid[]), '{}'));

-- What a receiver answered to an event about a person may be about the person. Erasing goes through control.erase_person, which
-- runs as custody, and so does this.
create function control.forget_answers() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update control.webhook_deliveries set response_excerpt = null
   where tenant_id = new.tenant_id and subject = 'users/' || new.id and response_excerpt is not null;
  return null;
end $$;
revoke all on function control.forget_answers() from public;
create trigger forget_answers after update of erased_at on control.users
  for each row when (old.erased_at is null and new.erased_at is not null) execute function control.forget_answers();
