-- MQTT brokers whose readings a company takes (docs/ingest.md). One process holds the connections of all: it renews its claim every
-- few seconds, and another takes over what was not renewed. Here and not among the company's own tables, so that one statement
-- claims them all.
create table control.brokers (
  tenant_id   uuid not null references control.tenants,
  id          uuid not null,
  name        text not null,
  url         text not null,
  version     smallint not null check (version in (4, 5)),  -- of the protocol: 3.1.1 calls itself 4
  username    text,
  password    text,
  ca          text,                      -- PEM of the authority that signed its certificate, where it is no public one
  topics      jsonb not null,            -- [{"filter", "format": "plain" | "sparkplug"}]
  plant_id    uuid,                      -- sensors made for its sources belong there
  rebirth     boolean not null,          -- whether Sparkplug's nodes may be asked to tell their births again
  enabled     boolean not null,
  revision    integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id)
);
comment on column control.brokers.password is 'sealed {tenant_id}:brokers:password:{id}';

-- How it goes; counters since the broker was entered.
create table control.broker_states (
  tenant_id     uuid not null,
  broker_id     uuid not null,
  holder        uuid,                    -- the process that holds the connection
  held_until    timestamptz,
  connected     boolean not null default false,
  connected_at  timestamptz,
  messages      bigint not null default 0,
  readings      bigint not null default 0,
  rejected      bigint not null default 0,   -- readings that were refused, a source without a sensor among them
  garbage       bigint not null default 0,   -- messages that are no readings
  last_message_at timestamptz,
  last_error    text,
  last_error_at timestamptz,
  primary key (tenant_id, broker_id),
  foreign key (tenant_id, broker_id) references control.brokers on delete cascade
);

select control.protect('control.brokers', 'plant_id', 'select, insert, update, delete');
select control.protect('control.broker_states', null, 'select, insert');
