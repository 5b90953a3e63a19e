-- What stays of readings that are no longer kept one by one (contexts/plant-ops/readings, docs/adr/0010-readings.md): of each hour, UTC, how
-- many there were, what they summed up to, and the lowest, the highest and the last of them with their times, packed as readings/rollup.ts
-- says. A row holds at most a month, and is written in the transaction that removes its readings. Times are milliseconds since 1970.
create table reading_rollups (
  tenant_id    uuid not null,
  sensor_id    uuid not null,
  first_ms     bigint not null,         -- the first hour's beginning
  last_ms      bigint not null,         -- the last hour's beginning
  plant_id     uuid not null,
  hours        integer not null check (hours > 0),  -- with a reading
  data         bytea not null,
  primary key (tenant_id, sensor_id, first_ms),
  foreign key (tenant_id, sensor_id) references sensors,
  check (first_ms <= last_ms)
);
alter table reading_rollups alter column data set storage external;

-- Both whole hours; null: nothing was removed yet.
alter table sensor_states
  add column raw_from_ms bigint,        -- what was read before is kept by the hour alone
  add column kept_from_ms bigint;       -- nothing is kept of what was read before

-- What the sum of a block lost when it was rounded, so that a sum of sums is that of all readings. Null, in blocks of before: not known.
alter table reading_blocks add column sum_low double precision;

select control.protect('reading_rollups', 'plant_id', 'select, insert, delete');
