-- Alarms (contexts/plant-ops/anomalies): anomalous readings of one sensor that belong together. A row is written when an anomaly
-- begins and while it goes on; nothing is written while nothing is anomalous. So that an alarm clears is not written either: it
-- is active until active_until, an hour after its last anomalous reading arrived.
--
-- Times of readings are the readings' own; active_until is our clock. causes: what the strongest reading was measured against,
-- the strongest cause first ({kind, low, high, times}); words are made of it when it is read.
create table anomalies (
  tenant_id    uuid not null,
  id           uuid not null,
  sensor_id    uuid not null,
  plant_id     uuid not null,
  started_at   timestamptz not null,
  last_at      timestamptz not null,
  active_until timestamptz not null,
  readings     integer not null check (readings > 0),
  occurrences  integer not null check (occurrences > 0),
  peak_score   double precision not null check (peak_score between 0 and 1),
  peak_at      timestamptz not null,
  peak_value   double precision not null,
  causes       jsonb not null,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  note         text check (char_length(note) between 1 and 1000),
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, sensor_id) references sensors,
  check (started_at <= last_at)
);
create index anomalies_by_sensor on anomalies (tenant_id, sensor_id, last_at desc);
create index anomalies_by_time on anomalies (tenant_id, started_at desc, id);

select control.protect('anomalies', 'plant_id', 'select, insert, update');
