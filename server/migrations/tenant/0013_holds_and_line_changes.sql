-- Batches that are held, planned scrap, patterns that replace one another, and changes of a line's past that wait to be restated.

-- A held batch keeps its line; the time on hold is nobody's run time. planned_scrap_rate of a product becomes the quantity of a batch
-- at its start, where the batch has none of its own.
alter table products add column planned_scrap_rate double precision check (planned_scrap_rate >= 0 and planned_scrap_rate <= 1);
alter table batches add column planned_scrap_quantity numeric check (planned_scrap_quantity >= 0);

-- What 0005 said of states, with the new one: its checks have no names of their own.
do $$
declare old record;
begin
  for old in select conname from pg_constraint
              where conrelid = 'batches'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%''running''%' loop
    execute format('alter table batches drop constraint %I', old.conname);
  end loop;
end $$;
alter table batches
  add constraint batches_status_check check (status in ('planned', 'running', 'held', 'completed', 'aborted')),
  add constraint batches_ended_check check ((ended_at is null) = (status in ('planned', 'running', 'held')));

-- When a batch was on hold, and why: one at a time, the open one while its status is held. Ended once; nothing else changes.
create table batch_holds (
  tenant_id  uuid not null,
  id         uuid not null,
  plant_id   uuid not null,
  batch_id   uuid not null,
  reason     text not null check (char_length(reason) between 1 and 500),
  starts_at  timestamptz not null,
  ends_at    timestamptz,
  held_by    uuid,
  resumed_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, batch_id) references batches (tenant_id, plant_id, id),
  check (ends_at >= starts_at),
  constraint batch_holds_no_overlap exclude using gist (tenant_id with =, batch_id with =, tstzrange(starts_at, ends_at) with &&)
);
create index batch_holds_by_batch on batch_holds (tenant_id, batch_id, starts_at);

-- The pattern that this one goes on from.
alter table shift_patterns add column replaces uuid;
alter table shift_patterns add foreign key (tenant_id, replaces) references shift_patterns deferrable;

-- What was changed of a line's past and is not restated yet, in the order of the changes (the line is locked by whoever adds one).
-- before: the facts that touch the span as they were, of the kinds that the change concerns. A job writes period_figures from it
-- and removes it.
create table line_changes (
  tenant_id uuid not null,
  plant_id  uuid not null,
  line_id   uuid not null,
  number    bigint not null check (number > 0),
  reason    text not null,
  starts_at timestamptz not null,
  ends_at   timestamptz not null,
  before    jsonb not null,
  told_at   timestamptz not null,
  told_by   uuid,
  primary key (tenant_id, line_id, number),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  check (ends_at > starts_at)
);

select control.protect('batch_holds', 'plant_id', 'select, insert');
grant update (ends_at, resumed_by) on batch_holds to officina_app;
select control.protect('line_changes', 'plant_id', 'select, insert, delete');
