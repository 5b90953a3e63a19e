-- Plants and their registry. A plant is never removed: deleted_at hides it, restore brings it back, its code is
-- free again while it is hidden. search_text is the searchable text without accents, written by the application
-- (unaccent is not immutable, so it cannot be a generated column).
create table plants (
  tenant_id    uuid not null,
  id           uuid not null,
  name         text not null check (char_length(name) between 1 and 200),
  code         text not null check (char_length(code) between 1 and 50),
  type         text not null check (type in ('Photovoltaic', 'Wind', 'Hydroelectric', 'Biomass', 'Geothermal', 'Food')),
  status       text not null check (status in ('In Operation', 'In Authorization', 'Under Construction', 'Decommissioned')),
  power        text,
  power_kw     double precision check (power_kw >= 0),
  country      text not null default 'IT' check (country ~ '^[A-Z]{2}$'),
  location     text,
  address      text,
  municipality text,
  province     text,
  region       text,
  latitude     double precision check (latitude between -90 and 90),
  longitude    double precision check (longitude between -180 and 180),
  time_zone    text,                    -- null: the tenant's
  tags         text[] not null default '{}',
  notes        text,
  next_deadline      date,              -- kept in the same transaction as the deadline (contexts/workflows)
  next_deadline_type text,
  search_text  text not null,
  deleted_at   timestamptz,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id),
  check ((latitude is null) = (longitude is null))
);
create unique index plants_code on plants (tenant_id, lower(code)) where deleted_at is null;
create index plants_by_name on plants (tenant_id, name, id) where deleted_at is null;
create index plants_by_deadline on plants (tenant_id, next_deadline, id) where deleted_at is null and next_deadline is not null;
create index plants_search on plants using gin (tenant_id, search_text ext.gin_trgm_ops) where deleted_at is null;

create table plant_registries (
  tenant_id           uuid not null,
  plant_id            uuid not null,
  pod                 text,
  gaudi_code          text,
  up_code             text,
  rup_code            text,
  sapr_code           text,
  adm_license_code    text,
  adm_periodicity     text check (adm_periodicity in ('annual', 'semiannual')),
  dso                 text,
  voltage_kv          double precision check (voltage_kv >= 0),
  connection_power_kw double precision check (connection_power_kw >= 0),
  regime              text,
  self_consumption    boolean,
  sale_mode           text check (sale_mode in ('partial', 'total')),
  commissioning_date  date,
  spi_tested_on       date,
  owner_name          text,
  vat_number          text,
  tax_code            text,             -- encrypted
  dc_power_kw         double precision check (dc_power_kw > 0),
  temperature_coefficient_per_c double precision,
  sections            jsonb not null default '[]',
  meters              jsonb not null default '[]',
  revision            integer not null default 1,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  created_by          uuid,
  updated_by          uuid,
  primary key (tenant_id, plant_id),
  foreign key (tenant_id, plant_id) references plants
);

-- How the value is bound to its row: a copy for another installation is encrypted anew (platform/copies).
comment on column plant_registries.tax_code is 'sealed {tenant_id}:plant_registries:tax_code:{plant_id}';

select control.protect('plants', 'id', 'select, insert, update');
select control.protect('plant_registries', 'plant_id', 'select, insert, update');

-- Trigram operators are not leakproof, so the policy would keep plants_search from being used (0.45 ms becomes
-- 15 ms at 50,000 rows). This function is the isolation instead: its owner may read these columns only, it takes
-- tenant and plants from the open scope and never from a parameter, and fails where no scope is open.
-- in_text is written as search_text is: lower case, no accents, words with one space between.
-- Exchanged letters are the error that trigrams forgive least («caprii» shares two of seven with «carpi»), so the text
-- is also tried with each pair of neighbours exchanged back.
create function find_plants(in_text text) returns table (id uuid, score real)
language sql stable security definer
set search_path = {schema}, ext, pg_temp
set pg_trgm.word_similarity_threshold = 0.45 as $$
  with wanted as materialized (
    select in_text as text, 1::real as weight
    union all
    select overlay(in_text placing reverse(pair) from i for 2), 0.9::real
      from generate_series(1, least(char_length(in_text) - 1, 40)) as i, substr(in_text, i, 2) as pair
     where char_length(in_text) >= 4 and pair !~ '\s' and left(pair, 1) <> right(pair, 1)
  ), found as (
    select p.id, w.weight * ext.word_similarity(w.text, p.search_text) as score
      from wanted w join plants p on w.text operator(ext.<%) p.search_text
     where p.tenant_id = (select current_setting('app.tenant_id')::uuid)
       and ((select current_setting('app.all_plants') = 'on') or p.id = any (coalesce((select current_setting('app.plants')::uuid[]), '{}')))
       and p.deleted_at is null
    union all
    select p.id, greatest(0.5, ext.word_similarity(in_text, p.search_text))
      from plants p
     where p.tenant_id = (select current_setting('app.tenant_id')::uuid)
       and ((select current_setting('app.all_plants') = 'on') or p.id = any (coalesce((select current_setting('app.plants')::uuid[]), '{}')))
       and p.deleted_at is null
       and p.search_text like '%' || replace(replace(replace(in_text, '\', '\\'), '%', '\%'), '_', '\_') || '%'
  )
  select f.id, max(f.score)::real from found f group by f.id order by 2 desc, 1 limit 2000
$$;

-- How many more plants the plan of the open tenant allows, also where the user sees only some: limits count all.
-- Those who ask for one company go one after the other, from here to the end of their transactions, so that two cannot
-- both take the last place. Volatile: its second statement begins after the lock was taken, so it counts what the one
-- before committed; as part of an insert it needs no round trip of its own.
create function places_left() returns integer
language plpgsql volatile security definer
set search_path = {schema}, pg_temp as $$
declare
  tenant constant uuid := current_setting('app.tenant_id')::uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('places:' || tenant, 0));
  return (select t.max_plants from control.tenants t where t.id = tenant)
       - (select count(*) from plants p where p.tenant_id = tenant and p.deleted_at is null);
end $$;

grant select (tenant_id, id, deleted_at, search_text) on plants to officina_search;
create policy search on plants to officina_search using (true);
-- Before the owner changes: afterwards a revoke is only a warning, and the public keeps its right.
revoke all on function find_plants(text), places_left() from public;
grant execute on function find_plants(text), places_left() to officina_app;
grant create on schema {schema} to officina_search, officina_custody;
alter function find_plants(text) owner to officina_search;
alter function places_left() owner to officina_custody;
revoke create on schema {schema} from officina_search, officina_custody;
