-- Of power plants: when one stood still or was held back, as people declare it, and what its kWh is paid. Availability,
-- lost energy and lost revenue are worked out from these and from readings (contexts/plants). One time has one category:
-- stoppages of a plant do not overlap, which whoever writes one makes sure of while holding the plant's row. A row may be
-- removed: the audit trail keeps what it said.
create table plant_stoppages (
  tenant_id       uuid not null,
  id              uuid not null,
  plant_id        uuid not null,
  category        text not null check (category in ('own_failure', 'planned_correction', 'planned_maintenance', 'grid',
                    'curtailment', 'environment', 'external', 'force_majeure')),
  starts_at       timestamptz not null,
  ends_at         timestamptz,          -- null: it goes on
  curtailed_to_kw double precision check (curtailed_to_kw >= 0),  -- null or 0: it stands still
  cause           text not null check (char_length(cause) between 1 and 200),
  note            text,
  revision        integer not null default 1,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  created_by      uuid,
  updated_by      uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id) references plants,
  check (ends_at > starts_at)
);
create index plant_stoppages_by_time on plant_stoppages (tenant_id, plant_id, starts_at);

create table plant_energy_prices (
  tenant_id         uuid not null,
  id                uuid not null,
  plant_id          uuid not null,
  valid_from        date not null,      -- in the plant's zone, until the next one
  price_eur_per_kwh double precision check (price_eur_per_kwh >= 0),  -- null: none is known
  source            text not null check (char_length(source) between 1 and 200),
  note              text,
  revision          integer not null default 1,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  created_by        uuid,
  updated_by        uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, plant_id) references plants
);
create unique index plant_energy_prices_day on plant_energy_prices (tenant_id, plant_id, valid_from);

select control.protect('plant_stoppages', 'plant_id', 'select, insert, update, delete');
select control.protect('plant_energy_prices', 'plant_id', 'select, insert, update, delete');
