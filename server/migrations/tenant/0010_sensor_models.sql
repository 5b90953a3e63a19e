-- Models of sensors (contexts/plant-ops/models): each training makes a version, which is kept where it foretells held-out readings better
-- than what is there. Of a sensor one at most is the champion; what it was fitted to stands in the sensor's row of state as well, with
-- its memory of the last steps, so that whoever takes readings has both with the row that it locks anyway.
--
-- report: the figures of the trial. fitted: weights and limit, kept of what was tried and lost, too, to be looked at; null before a trial and
-- where there was too little to learn from. Both are {} of models/trial.ts and models/forecast.ts.
create table sensor_models (
  tenant_id    uuid not null,
  id           uuid not null,
  sensor_id    uuid not null,
  plant_id     uuid not null,
  version      integer not null check (version > 0),
  status       text not null check (status in ('challenger', 'champion', 'retired', 'rejected')),
  reason       text check (reason in ('better', 'not_better', 'not_calibrated', 'too_little', 'hidden', 'unit_changed', 'replaced',
                 'removed', 'activated')),
  unit         text not null,             -- of the sensor when it was asked for: a model is for numbers in this unit
  asked_from   timestamptz not null,
  asked_to     timestamptz not null,
  job_id       uuid not null,
  report       jsonb,
  fitted       jsonb,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, sensor_id) references sensors,
  check (asked_from < asked_to),
  check (status in ('challenger', 'rejected') or fitted is not null),
  check ((status = 'challenger') = (reason is null))
);
create unique index sensor_models_version on sensor_models (tenant_id, sensor_id, version);
create unique index sensor_models_champion on sensor_models (tenant_id, sensor_id) where status = 'champion';

select control.protect('sensor_models', 'plant_id', 'select, insert, update');

alter table sensor_states add column model jsonb, add column model_memory bytea;
-- Rewritten with each step, as the detector's.
alter table sensor_states alter column model_memory set storage plain;
