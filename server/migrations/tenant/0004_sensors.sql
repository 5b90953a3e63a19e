-- Sensors and what they read (contexts/plant-ops, docs/adr/0010-readings.md). A reading is no row: of each sensor there is one small
-- row of state, which holds what came last and the newest readings packed together (tail), and blocks of older ones, packed, in
-- the order of time and without overlap. Everything that is written of a sensor holds its row of state.
--
-- Times are milliseconds since 1970. A score is kept in steps of 1/255. mark: bits 0 and 1 the quality (0 bad, 1 good, 2 stale), bit 2
-- late, bit 3 corrected. What the packed bytes are is said in readings/chunk.ts.
create table sensors (
  tenant_id    uuid not null,
  id           uuid not null,
  plant_id     uuid not null,           -- for good
  line_id      uuid,
  name         text not null check (char_length(name) between 1 and 200),
  unit         text not null check (char_length(unit) <= 50),
  kind         text check (char_length(kind) <= 50),
  -- What of its plant as a whole it measures: performance is worked out from these.
  quantity     text check (quantity in ('ac_power_kw', 'poa_irradiance_w_m2', 'module_temperature_c', 'ambient_temperature_c')),
  source       text check (char_length(source) between 1 and 500),  -- by what a feed without ids names it
  min          double precision,
  max          double precision,
  max_rate     double precision check (max_rate > 0),               -- of change, in its unit per second
  retention_days integer check (retention_days > 0),                -- older readings are removed; null: never
  deleted_at   timestamptz,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id) references plants,
  check (min < max)
);
create unique index sensors_quantity on sensors (tenant_id, plant_id, quantity) where deleted_at is null and quantity is not null;
create unique index sensors_source on sensors (tenant_id, source) where deleted_at is null and source is not null;
create index sensors_by_plant on sensors (tenant_id, plant_id, name, id) where deleted_at is null;

create table sensor_states (
  tenant_id    uuid not null,
  sensor_id    uuid not null,
  plant_id     uuid not null,
  stamp        bigint not null default 0,  -- another with every change: what a process remembers of this row holds while it is the same
  last_ms      bigint,
  last_value   double precision,
  last_score   smallint,
  last_mark    smallint,
  tail         bytea not null default '',
  small_blocks integer not null default 0, -- written since blocks were last merged
  detector_hot  bytea,                     -- of anomalies: rewritten with every request
  detector_cold bytea,                     -- seldom
  primary key (tenant_id, sensor_id),
  foreign key (tenant_id, sensor_id) references sensors
) with (fillfactor = 40);                  -- room for the next version in the same page
-- Short and rewritten each time: compressing them would cost more than it saves.
alter table sensor_states alter column tail set storage plain, alter column detector_hot set storage plain,
  alter column detector_cold set storage external;

create table reading_blocks (
  tenant_id    uuid not null,
  sensor_id    uuid not null,
  first_ms     bigint not null,
  last_ms      bigint not null,
  plant_id     uuid not null,
  readings     integer not null check (readings > 0),
  -- Of the good ones alone, so that a long time is summed up without unpacking what lies within.
  good         integer not null,
  min          double precision,
  max          double precision,
  sum          double precision,
  last_value   double precision,
  data         bytea not null,
  primary key (tenant_id, sensor_id, first_ms),
  foreign key (tenant_id, sensor_id) references sensors,
  check (first_ms <= last_ms)
);
alter table reading_blocks alter column data set storage external;

-- What a correction replaced.
create table reading_revisions (
  tenant_id    uuid not null,
  sensor_id    uuid not null,
  at_ms        bigint not null,
  revision     integer not null,        -- 1 is what came first
  plant_id     uuid not null,
  value        double precision not null,
  score        smallint not null,
  mark         smallint not null,
  replaced_at  timestamptz not null,
  replaced_by  uuid,
  primary key (tenant_id, sensor_id, at_ms, revision),
  foreign key (tenant_id, sensor_id) references sensors
);

select control.protect('sensors', 'plant_id', 'select, insert, update');
select control.protect('sensor_states', 'plant_id', 'select, insert, update');
select control.protect('reading_blocks', 'plant_id', 'select, insert, update, delete');
select control.protect('reading_revisions', 'plant_id', 'select, insert, delete');

-- What was kept row by row until now: a sensor for each quantity of a plant, its readings as plain records, a thousand to a block.
-- They are packed when blocks are next merged.
set local role officina_custody;

create temporary table carried on commit drop as
select distinct on (r.tenant_id, r.plant_id, r.quantity, floor(extract(epoch from r.ts) * 1000))
       r.tenant_id, r.plant_id, r.quantity, floor(extract(epoch from r.ts) * 1000)::bigint as at_ms, r.value + 0 as value,
       case r.quality when 192 then 1 when 0 then 0 else 2 end as mark
  from readings r
 where r.value between -1e300 and 1e300 and r.ts >= '1970-01-01Z'
 order by r.tenant_id, r.plant_id, r.quantity, floor(extract(epoch from r.ts) * 1000), r.ts desc;

insert into sensors (tenant_id, id, plant_id, name, unit, kind, quantity)
select c.tenant_id, gen_random_uuid(), c.plant_id,
       case c.quantity when 'ac_power_kw' then 'AC power' when 'poa_irradiance_w_m2' then 'Irradiance in the plane of the array'
                       when 'module_temperature_c' then 'Module temperature' else 'Ambient temperature' end,
       case c.quantity when 'ac_power_kw' then 'kW' when 'poa_irradiance_w_m2' then 'W/m2' else 'Cel' end,
       case c.quantity when 'ac_power_kw' then 'power' when 'poa_irradiance_w_m2' then 'irradiance' else 'temperature' end, c.quantity
  from (select distinct tenant_id, plant_id, quantity from carried) c;

insert into reading_blocks (tenant_id, sensor_id, first_ms, last_ms, plant_id, readings, good, min, max, sum, last_value, data)
select c.tenant_id, s.id, min(c.at_ms), max(c.at_ms), c.plant_id, count(*), count(*) filter (where c.mark = 1),
       min(c.value) filter (where c.mark = 1), max(c.value) filter (where c.mark = 1), sum(c.value) filter (where c.mark = 1),
       (array_agg(c.value order by c.at_ms desc) filter (where c.mark = 1))[1],
       '\x00'::bytea || int4send(count(*)::integer)
         || string_agg(int8send(c.at_ms) || float8send(c.value) || set_byte('\x00'::bytea, 0, c.mark), ''::bytea order by c.at_ms)
  from (select *, (row_number() over (partition by tenant_id, plant_id, quantity order by at_ms) - 1) / 1000 as nth from carried) c
  join sensors s on s.tenant_id = c.tenant_id and s.plant_id = c.plant_id and s.quantity = c.quantity
 group by c.tenant_id, c.plant_id, s.id, c.nth;

insert into sensor_states (tenant_id, sensor_id, plant_id, stamp, last_ms, last_value, last_score, last_mark, small_blocks)
select distinct on (s.tenant_id, s.id) s.tenant_id, s.id, s.plant_id, floor(random() * 9e15)::bigint, c.at_ms, c.value, 0, c.mark,
       (select count(*) from reading_blocks b where b.tenant_id = s.tenant_id and b.sensor_id = s.id)
  from sensors s join carried c on c.tenant_id = s.tenant_id and c.plant_id = s.plant_id and c.quantity = s.quantity
 order by s.tenant_id, s.id, c.at_ms desc;

set local role officina_owner;
drop table readings;
