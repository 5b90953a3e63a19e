-- Lines of a plant and what is recorded of them (contexts/plant-ops). A line is never removed: deleted_at hides it, and its code is
-- free again within its plant. status, status_since, reason_code and status_note are the open row of line_states, kept in the
-- same transaction.
create table lines (
  tenant_id    uuid not null,
  id           uuid not null,
  plant_id     uuid not null,
  name         text not null check (char_length(name) between 1 and 200),
  code         text not null check (char_length(code) between 1 and 50),
  description  text,
  ideal_cycle_time_s double precision check (ideal_cycle_time_s > 0),  -- of a product that has none of its own
  status       text not null,
  status_since timestamptz not null,
  reason_code  text,
  status_note  text,
  deleted_at   timestamptz,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  -- What belongs to a line names its plant too, and cannot name another one.
  unique (tenant_id, plant_id, id),
  foreign key (tenant_id, plant_id) references plants,
  check (status in ('running', 'idle', 'down', 'changeover', 'cleaning', 'maintenance', 'planned_stop'))
);
create unique index lines_code on lines (tenant_id, plant_id, lower(code)) where deleted_at is null;

-- The history of states: of what holds now (superseded_at is null) no two rows of a line overlap and one is open. A correction
-- of the past marks the rows that it replaces and writes new ones; nothing is removed. source: who said so, a person or the start
-- or end of a batch.
create table line_states (
  tenant_id     uuid not null,
  id            uuid not null,
  plant_id      uuid not null,
  line_id       uuid not null,
  status        text not null,
  reason_code   text,
  note          text,
  starts_at     timestamptz not null,
  ends_at       timestamptz,
  source        text not null default 'person' check (source in ('person', 'batch')),
  recorded_at   timestamptz not null default now(),
  recorded_by   uuid,
  superseded_at timestamptz,
  superseded_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  check (status in ('running', 'idle', 'down', 'changeover', 'cleaning', 'maintenance', 'planned_stop')),
  check (ends_at > starts_at),
  constraint line_states_no_overlap exclude using gist (tenant_id with =, line_id with =, tstzrange(starts_at, ends_at) with &&)
    where (superseded_at is null)
);
create index line_states_by_time on line_states (tenant_id, line_id, starts_at);

-- Reasons of stops that a tenant has added to the public ones (contexts/plant-ops/lines/stop-reasons.ts).
create table stop_reasons (
  tenant_id  uuid not null,
  id         uuid not null,
  code       text not null check (code ~ '^[a-z][a-z0-9_]{0,49}$'),
  name_it    text not null,
  name_en    text not null,
  statuses   text[] not null check (cardinality(statuses) > 0),
  failure    boolean not null default false,   -- counts in MTBF and MTTR
  retired_at timestamptz,
  revision   integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, code)
);

-- When a line is to stand still: taken out of its planned operation time.
create table planned_downtimes (
  tenant_id    uuid not null,
  id           uuid not null,
  plant_id     uuid not null,
  line_id      uuid not null,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null,
  reason_code  text not null,
  note         text,
  cancelled_at timestamptz,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  check (ends_at > starts_at),
  constraint planned_downtimes_no_overlap exclude using gist (tenant_id with =, line_id with =, tstzrange(starts_at, ends_at) with &&)
    where (cancelled_at is null)
);

-- A pattern says at which local times a shift is worked (ends not after starts: the next day); its shifts are written with it, as
-- instants, so that a night of a clock change has the hours that it has, and no two shifts of a line overlap.
create table shift_patterns (
  tenant_id   uuid not null,
  id          uuid not null,
  plant_id    uuid not null,
  line_id     uuid not null,
  name        text not null,
  days        text[] not null,
  starts      text not null check (starts ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  ends        text not null check (ends ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  time_zone   text not null,
  valid_from  date not null,
  valid_until date not null,
  revision    integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  check (valid_until >= valid_from)
);
create table shifts (
  tenant_id    uuid not null,
  id           uuid not null,
  plant_id     uuid not null,
  line_id      uuid not null,
  pattern_id   uuid not null,
  name         text not null,
  local_date   date not null,           -- the day on which it begins
  starts_at    timestamptz not null,
  ends_at      timestamptz not null,
  cancelled_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  foreign key (tenant_id, pattern_id) references shift_patterns,
  check (ends_at > starts_at),
  constraint shifts_no_overlap exclude using gist (tenant_id with =, line_id with =, tstzrange(starts_at, ends_at) with &&)
    where (cancelled_at is null)
);
create index shifts_by_time on shifts (tenant_id, line_id, starts_at);

-- Products are the tenant's; how fast a line makes one is the line's. recipe: ingredients, steps, control points.
create table products (
  tenant_id  uuid not null,
  id         uuid not null,
  code       text not null check (char_length(code) between 1 and 50),
  name       text not null check (char_length(name) between 1 and 200),
  unit       text not null,
  ideal_cycle_time_s double precision check (ideal_cycle_time_s > 0),
  recipe     jsonb not null default '{}',
  deleted_at timestamptz,
  revision   integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id)
);
create unique index products_code on products (tenant_id, lower(code)) where deleted_at is null;
create table product_cycle_times (
  tenant_id  uuid not null,
  product_id uuid not null,
  line_id    uuid not null,
  plant_id   uuid not null,
  ideal_cycle_time_s double precision not null check (ideal_cycle_time_s > 0),
  primary key (tenant_id, product_id, line_id),
  foreign key (tenant_id, product_id) references products,
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id)
);

-- Production batches. From started_at to ended_at a batch has its line to itself. Quantities are the sums of batch_outputs, kept in
-- the same transaction. A planned batch that is hidden has deleted_at; one that was started stays.
create table batches (
  tenant_id        uuid not null,
  id               uuid not null,
  plant_id         uuid not null,
  line_id          uuid not null,
  batch_number     text not null check (char_length(batch_number) between 1 and 50),
  product_code     text not null check (char_length(product_code) between 1 and 50),
  unit             text not null,
  planned_quantity numeric not null check (planned_quantity > 0),
  planned_start    timestamptz,
  status           text not null default 'planned' check (status in ('planned', 'running', 'completed', 'aborted')),
  started_at       timestamptz,
  ended_at         timestamptz,
  end_reason       text,
  ideal_cycle_time_s double precision check (ideal_cycle_time_s > 0),   -- as it was at the start
  good_quantity    numeric check (good_quantity >= 0),
  scrap_quantity   numeric check (scrap_quantity >= 0),
  rework_quantity  numeric check (rework_quantity >= 0),
  inspected_quantity  numeric check (inspected_quantity >= 0),
  first_pass_quantity numeric check (first_pass_quantity >= 0 and first_pass_quantity <= inspected_quantity),
  scrap_reasons    jsonb not null default '[]',
  labor_cost       numeric check (labor_cost >= 0),
  material_cost    numeric check (material_cost >= 0),
  scrap_cost       numeric check (scrap_cost >= 0),
  currency         text check (currency ~ '^[A-Z]{3}$'),
  recipe           jsonb,                -- of its own; null: the product's
  notes            text,
  deleted_at       timestamptz,
  revision         integer not null default 1,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  created_by       uuid,
  updated_by       uuid,
  primary key (tenant_id, id),
  unique (tenant_id, plant_id, id),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id),
  check ((started_at is null) = (status = 'planned' or status = 'aborted' and started_at is null)),
  check ((ended_at is null) = (status in ('planned', 'running'))),
  check (ended_at > started_at),
  constraint batches_one_at_a_time exclude using gist (tenant_id with =, line_id with =, tstzrange(started_at, ended_at) with &&)
    where (started_at is not null)
);
create unique index batches_number on batches (tenant_id, plant_id, lower(batch_number)) where deleted_at is null;
create index batches_by_line on batches (tenant_id, line_id, started_at);

-- What was to be made and how, as it was when the batch started: written once, never changed.
create table batch_recipes (
  tenant_id uuid not null,
  batch_id  uuid not null,
  plant_id  uuid not null,
  snapshot  jsonb not null,
  taken_at  timestamptz not null default now(),
  primary key (tenant_id, batch_id),
  foreign key (tenant_id, plant_id, batch_id) references batches (tenant_id, plant_id, id)
);

-- What came out, by stretches of time; a correction is a row that adds or takes away. Never changed, never removed.
create table batch_outputs (
  tenant_id   uuid not null,
  id          uuid not null,
  plant_id    uuid not null,
  batch_id    uuid not null,
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  good        numeric not null,
  scrap       numeric not null,
  rework      numeric not null,
  reason      text,                     -- of a correction
  recorded_at timestamptz not null default now(),
  recorded_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, batch_id) references batches (tenant_id, plant_id, id),
  check (ends_at >= starts_at),
  check (reason is not null or good >= 0 and scrap >= 0 and rework >= 0)
);
create index batch_outputs_by_batch on batch_outputs (tenant_id, batch_id, ends_at);

-- HACCP: what was measured at the control points of a batch. A measurement is never changed; the corrective action is added once.
create table control_measurements (
  tenant_id     uuid not null,
  id            uuid not null,
  plant_id      uuid not null,
  batch_id      uuid not null,
  control_point text not null,
  value         double precision not null,
  unit          text not null,
  within_limits boolean not null,
  measured_at   timestamptz not null,
  note          text,
  corrective_action text,
  corrected_at  timestamptz,
  corrected_by  uuid,
  revision      integer not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  created_by    uuid,
  updated_by    uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, batch_id) references batches (tenant_id, plant_id, id),
  check (corrective_action is null or not within_limits)
);
create index control_measurements_by_batch on control_measurements (tenant_id, batch_id, measured_at);

-- Lots of material, and what happened to them. on_hand is the sum of the movements, kept in the same transaction. A movement from a
-- lot to a lot or from a batch to a lot makes that lot, so that its graph has no circle; into a batch only what does not come from it.
create table lots (
  tenant_id   uuid not null,
  id          uuid not null,
  plant_id    uuid not null,
  code        text not null check (char_length(code) between 1 and 100),
  material    text not null check (char_length(material) between 1 and 100),
  unit        text not null,
  quantity    numeric not null check (quantity > 0),
  on_hand     numeric not null check (on_hand >= 0 and on_hand <= quantity),
  status      text not null default 'released' check (status in ('released', 'held', 'blocked')),
  supplier    text,
  expiry_date date,
  origin      text not null check (origin in ('received', 'produced', 'split', 'merged')),
  revision    integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id),
  unique (tenant_id, plant_id, id),
  foreign key (tenant_id, plant_id) references plants
);
create unique index lots_code on lots (tenant_id, plant_id, lower(code));
create table lot_movements (
  tenant_id   uuid not null,
  id          uuid not null,
  plant_id    uuid not null,
  kind        text not null check (kind in ('receive', 'consume', 'produce', 'split', 'merge', 'ship', 'discard')),
  from_lot_id uuid,
  to_lot_id   uuid,
  batch_id    uuid,
  quantity    numeric not null check (quantity > 0),
  destination text,
  note        text,
  at          timestamptz not null,
  recorded_at timestamptz not null default now(),
  recorded_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, from_lot_id) references lots (tenant_id, plant_id, id),
  foreign key (tenant_id, plant_id, to_lot_id) references lots (tenant_id, plant_id, id),
  foreign key (tenant_id, plant_id, batch_id) references batches (tenant_id, plant_id, id),
  check (case kind when 'receive' then from_lot_id is null and to_lot_id is not null and batch_id is null
                   when 'consume' then from_lot_id is not null and to_lot_id is null and batch_id is not null
                   when 'produce' then from_lot_id is null and to_lot_id is not null and batch_id is not null
                   when 'split' then from_lot_id is not null and to_lot_id is not null and batch_id is null
                   when 'merge' then from_lot_id is not null and to_lot_id is not null and batch_id is null
                   else from_lot_id is not null and to_lot_id is null and batch_id is null end),
  check (from_lot_id <> to_lot_id)
);
create index lot_movements_from on lot_movements (tenant_id, from_lot_id) where from_lot_id is not null;
create index lot_movements_to on lot_movements (tenant_id, to_lot_id) where to_lot_id is not null;
create index lot_movements_batch on lot_movements (tenant_id, batch_id) where batch_id is not null;

-- Mock recalls as they were run.
create table recalls (
  tenant_id  uuid not null,
  id         uuid not null,
  plant_id   uuid not null,
  lot_id     uuid not null,
  report     jsonb not null,
  started_at timestamptz not null,
  ended_at   timestamptz not null,
  created_at timestamptz not null default now(),
  created_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id, lot_id) references lots (tenant_id, plant_id, id)
);

-- Figures of closed periods that were changed afterwards: the first version is what stood before the first change.
create table period_figures (
  tenant_id  uuid not null,
  id         uuid not null,
  plant_id   uuid not null,
  line_id    uuid not null,
  period     text not null check (period in ('shift', 'day', 'month')),
  starts_at  timestamptz not null,
  ends_at    timestamptz not null,
  version    integer not null check (version > 0),
  figures    jsonb not null,
  reason     text not null,
  created_at timestamptz not null default now(),
  created_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, line_id, period, starts_at, ends_at, version),
  foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id)
);

select control.protect('lines', 'plant_id', 'select, insert, update');
select control.protect('line_states', 'plant_id', 'select, insert, update');
select control.protect('stop_reasons', null, 'select, insert, update');
select control.protect('planned_downtimes', 'plant_id', 'select, insert, update');
select control.protect('shift_patterns', 'plant_id', 'select, insert, update');
select control.protect('shifts', 'plant_id', 'select, insert, update');
select control.protect('products', null, 'select, insert, update');
select control.protect('product_cycle_times', 'plant_id', 'select, insert, update, delete');
select control.protect('batches', 'plant_id', 'select, insert, update');
select control.protect('batch_recipes', 'plant_id', 'select, insert');
select control.protect('batch_outputs', 'plant_id', 'select, insert');
select control.protect('control_measurements', 'plant_id', 'select, insert');
grant update (corrective_action, corrected_at, corrected_by, revision, updated_at, updated_by) on control_measurements to officina_app;
select control.protect('lots', 'plant_id', 'select, insert, update');
select control.protect('lot_movements', 'plant_id', 'select, insert');
select control.protect('recalls', 'plant_id', 'select, insert');
select control.protect('period_figures', 'plant_id', 'select, insert');

-- A sensor may name a line of its plant (0004 came first).
alter table sensors add constraint sensors_line_fkey foreign key (tenant_id, plant_id, line_id) references lines (tenant_id, plant_id, id)
  deferrable;
