-- Tenants, the people in them, and what proves who they are.
--
-- Control tables answer «who may open a scope?» and are therefore read before a scope exists, by functions of
-- the custody role only (0002). The application's role sees rows of the open tenant, or of the open account
-- while somebody signs in. Schemas, roles and extensions are made by provisioning, not here.
-- Foreign keys into these tables from tenant tables exist only for columns of the created_by kind.

create table control.tenants (
  id            uuid primary key,
  slug          text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
  name          text not null,
  status        text not null default 'Trial' check (status in ('Active', 'Suspended', 'Trial', 'Cancelled')),
  configuration jsonb not null default '{}',
  plan_expiry   date,
  tier          text not null default 'standard' check (tier in ('free', 'standard', 'professional', 'enterprise')),
  max_users     integer not null default 10 check (max_users > 0),
  max_plants    integer not null default 25 check (max_plants > 0),
  isolation     text not null default 'shared' check (isolation in ('shared', 'schema')),
  schema_name   text not null,
  -- The version of the tenant migrations its schema stands at; part of every prepared statement's name.
  schema_version integer not null default 0,
  -- From the beginning of a move to its end: rows may lie in its other place too, which is cleared (docs/adr/0009). Holds up nobody.
  moving        boolean not null default false,
  deleted_at    timestamptz,
  revision      integer not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  created_by    uuid,
  updated_by    uuid,
  check ((isolation = 'shared') = (schema_name = 'shared'))
);

create table control.accounts (
  id           uuid primary key,
  email        text not null unique check (email = lower(email)),
  username     text unique check (char_length(username) between 3 and 100 and username = lower(username)),
  language     text not null default 'it' check (language in ('it', 'en')),
  is_superuser boolean not null default false,
  erased_at    timestamptz,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

-- Apart from accounts, because colleagues may see an account's email and nobody may see this.
create table control.credentials (
  account_id          uuid primary key references control.accounts,
  password_hash       text,
  password_changed_at timestamptz,
  totp_secret         text,            -- encrypted (v1.<key>…), null when the second factor is off
  totp_pending        text,            -- encrypted, set up but not confirmed
  totp_last_step      bigint,          -- a code is good once
  recovery_hashes     text[] not null default '{}'
);

create table control.default_roles (
  name        text primary key,
  permissions text[] not null
);

create table control.roles (
  tenant_id   uuid not null references control.tenants,
  id          uuid not null,
  name        text not null,
  description text,
  permissions text[] not null,
  revision    integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table control.users (
  tenant_id   uuid not null references control.tenants,
  id          uuid not null,
  account_id  uuid not null references control.accounts,
  name        text not null,
  surname     text not null,
  role        text not null,           -- a default role or one of control.roles, by name
  status      text not null default 'Invited' check (status in ('Active', 'Invited', 'Suspended')),
  plant_ids   uuid[],                  -- null: all plants
  -- Added with a password though the email was somebody's account already: the password was not used and the person
  -- accepts by mail. Until then shown as Active, as one whose email was new is, or it would tell who has an account.
  password_given boolean not null default false,
  preferences jsonb not null default '{}',
  last_login  timestamptz,
  deleted_at  timestamptz,
  erased_at   timestamptz,             -- the person is forgotten; the row stays, others point at it
  revision    integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  created_by  uuid,
  updated_by  uuid,
  primary key (tenant_id, id)
);
create unique index users_one_per_account on control.users (tenant_id, account_id) where deleted_at is null;
create index users_of_account on control.users (account_id) where deleted_at is null;

create table control.sessions (
  tenant_id    uuid not null references control.tenants,
  id           uuid not null,
  user_id      uuid not null,
  account_id   uuid not null references control.accounts,
  refresh_hash text not null,
  -- The token just replaced: within ten seconds it returns the same successor (two tabs), later it ends the family.
  previous_hash text,
  rotated_at   timestamptz,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  end_reason   text,
  ip           text,
  user_agent   text,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references control.users
);
create unique index sessions_by_id on control.sessions (id);
create index sessions_by_refresh on control.sessions (refresh_hash);
create index sessions_by_previous on control.sessions (previous_hash);
create index sessions_of_user on control.sessions (tenant_id, user_id) where ended_at is null;
create index sessions_of_account on control.sessions (account_id, last_used_at desc);

-- Every refresh token that was ever replaced and has not expired: using one again ends its family.
create table control.spent_refresh_tokens (
  hash       text primary key,
  tenant_id  uuid not null references control.tenants,
  session_id uuid not null,
  expires_at timestamptz not null
);

create table control.api_keys (
  tenant_id    uuid not null references control.tenants,
  id           uuid not null,
  name         text not null,
  key_hash     text not null unique,
  hint         text not null,          -- the last four characters, for people to tell keys apart
  permissions  text[] not null,
  plant_ids    uuid[],                 -- null: all plants
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  revision     integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  created_by   uuid,
  updated_by   uuid,
  primary key (tenant_id, id)
);
create unique index api_keys_by_id on control.api_keys (id);

-- What is sent by mail or handed over between two steps of a sign-in; good once, short-lived, stored hashed.
create table control.tickets (
  hash       text primary key,
  purpose    text not null check (purpose in ('invitation', 'password_reset', 'second_factor', 'choose_tenant')),
  account_id uuid not null references control.accounts,
  tenant_id  uuid references control.tenants,
  user_id    uuid,
  attempts   integer not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index tickets_of_account on control.tickets (account_id, purpose);

create table control.known_devices (
  account_id   uuid not null references control.accounts,
  device_hash  text not null,
  first_seen   timestamptz not null default now(),
  last_seen    timestamptz not null default now(),
  primary key (account_id, device_hash)
);

-- Failed guesses. The subject is a digest of account and address, of the account, or of the address.
create table control.guesses (
  subject  text primary key,
  failures integer not null,
  last_at  timestamptz not null
);

create table control.signing_keys (
  kid          text primary key,
  public_jwk   jsonb not null,
  private_pem  text not null,          -- encrypted
  created_at   timestamptz not null default now(),
  retired_at   timestamptz
);

-- How each encrypted value is bound to its row: a copy for another installation is encrypted anew (platform/copies).
comment on column control.credentials.totp_secret is 'sealed control:credentials:totp_secret:{account_id}';
comment on column control.credentials.totp_pending is 'sealed control:credentials:totp_pending:{account_id}';
comment on column control.signing_keys.private_pem is 'sealed control:signing_keys:private_pem:{kid}';

create table control.idempotency_keys (
  tenant_id    uuid not null references control.tenants,
  principal    uuid not null,          -- user or API key
  key          text not null,
  operation    text not null,
  request_hash text not null,
  status       integer not null,
  headers      jsonb not null,
  answer       jsonb,
  created_at   timestamptz not null default now(),
  primary key (tenant_id, principal, key)
);
create index idempotency_keys_by_age on control.idempotency_keys (created_at);
