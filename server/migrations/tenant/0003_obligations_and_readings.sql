-- What is due, and what was measured. Obligations are derived from the plant's registry by contexts/workflows;
-- a row is one period of one duty. status 'untracked': it fell due before the plant was entered here, so nobody
-- knows whether it was done. 'withdrawn': it no longer follows from the registry. doubts and unverified are lists of
-- text: where the sources disagree, and which facts of the plant could still void or move it.
-- Readings: one plain table for now, the sensor platform replaces it. ts is the beginning of the interval that the
-- value is the mean of.
create table obligations (
  tenant_id    uuid not null,
  id           uuid not null,
  plant_id     uuid not null,
  obligation   text not null,
  period       text not null,
  base_date    date not null,           -- before the authority's shifting rule
  due_date     date not null,
  status       text not null default 'open' check (status in ('open', 'completed', 'untracked', 'withdrawn')),
  responsible_entity text not null,
  source       text not null,
  source_year  integer not null,
  confidence   text not null check (confidence in ('high', 'medium', 'low')),
  doubts       jsonb not null default '[]',
  unverified   jsonb not null default '[]',
  workflow_id  uuid,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  unique (tenant_id, plant_id, obligation, period),
  foreign key (tenant_id, plant_id) references plants
);
create index obligations_by_date on obligations (tenant_id, due_date, id);

create table readings (
  tenant_id uuid not null,
  plant_id  uuid not null,
  quantity  text not null check (quantity in ('ac_power_kw', 'poa_irradiance_w_m2', 'module_temperature_c', 'ambient_temperature_c')),
  ts        timestamptz not null,
  value     double precision not null,
  quality   smallint not null default 192 check (quality in (0, 192, 500)),
  primary key (tenant_id, plant_id, quantity, ts),
  foreign key (tenant_id, plant_id) references plants
);

select control.protect('obligations', 'plant_id', 'select, insert, update');
select control.protect('readings', 'plant_id', 'select, insert, update');
