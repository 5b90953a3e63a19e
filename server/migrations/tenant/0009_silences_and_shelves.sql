-- Missing data that the clock tells, and alarms that are shelved (contexts/plant-ops/anomalies, docs/anomalies.md).
--
-- overdue_ms is written with a sensor's state whenever good readings come: from then on it is told by silences.record, which finds it by an
-- index and never reads a state that is not overdue. It is rounded up, so that most writes leave it, and with it the index, as it was. Null:
-- nothing is awaited, as its rhythm is not known, or it was told already. pulse: five numbers about when it speaks (anomalies/silence.ts).
alter table sensor_states add column overdue_ms bigint, add column silent boolean not null default false, add column pulse bytea;
alter table sensor_states alter column pulse set storage plain;
create index sensor_states_overdue on sensor_states (tenant_id, overdue_ms) where overdue_ms is not null;
create index sensor_states_silent on sensor_states (tenant_id, sensor_id) where silent;

-- When silences were last looked for: nobody is told of the time in which we did not listen.
create table silence_watches (
  tenant_id  uuid primary key,
  checked_at timestamptz not null
);
select control.protect('silence_watches', null, 'select, insert, update');

-- silent_since: of an alarm of missing data, the time of the last good reading before; it counts no readings, and while it goes on it is
-- active until 9999. shelved_*: who shelved the alarms of its sensor, why and until when; null again once that is over. held: it began while
-- they were shelved, and nobody was told.
alter table anomalies
  add column silent_since  timestamptz,
  add column shelved_until timestamptz,
  add column shelved_at    timestamptz,
  add column shelved_by    uuid,
  add column shelve_reason text check (char_length(shelve_reason) between 1 and 1000),
  add column held          boolean not null default false,
  drop constraint anomalies_readings_check,
  add constraint anomalies_readings_check check (readings > 0 or (readings = 0 and silent_since is not null)),
  add constraint anomalies_shelf_check check ((shelved_until is null) = (shelved_at is null) and (shelved_until is null) = (shelve_reason is null));
create index anomalies_silent on anomalies (tenant_id, sensor_id, last_at desc) where silent_since is not null;
create index anomalies_shelved on anomalies (tenant_id, sensor_id) where shelved_until is not null;
