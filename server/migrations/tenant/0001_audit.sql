-- The audit trail: every change and every denied access. Rows are added, never changed or removed, except that
-- a repeated denial raises its row's count (a stranger who tries a thousand doors is one row an hour).
create table audit (
  tenant_id   uuid not null,
  id          uuid not null,
  at          timestamptz not null default now(),
  outcome     text not null default 'done' check (outcome in ('done', 'denied')),
  actor_kind  text not null check (actor_kind in ('user', 'api_key', 'system', 'account')),
  actor_id    uuid,
  action      text not null,
  resource    text not null,
  resource_id uuid,
  plant_id    uuid,
  before      jsonb,
  after       jsonb,
  request_id  text,
  ip          text,
  fold_key    text,
  repeats     integer not null default 1,
  -- What the erasure of a person takes away: the contents (before, after) of entries about them, the address of those by them. Each is
  -- chained as a digest with a salt of its own (control.audit_part): once the salt is gone nobody can find out by trying which
  -- name or address it was, and the chain still holds. erased_for: the user.
  contents_salt       uuid default gen_random_uuid(),
  contents_digest     bytea,
  contents_erased_for uuid,
  ip_salt             uuid default gen_random_uuid(),
  ip_digest           bytea,
  ip_erased_for       uuid,
  primary key (tenant_id, id)
);
create index audit_by_time on audit (tenant_id, at desc, id desc);
create index audit_by_resource on audit (tenant_id, resource, resource_id, at desc);
create unique index audit_fold on audit (tenant_id, fold_key) where fold_key is not null;
create index audit_erased on audit (tenant_id, id) where contents_erased_for is not null or ip_erased_for is not null;

select control.protect('audit', 'plant_id', 'select, insert');
-- A repeated denial raises its count and its time: the only row and the only columns of the trail that may change.
grant update (repeats, at) on audit to officina_app;
create policy folded on audit as restrictive for update to officina_app
  using (tenant_id = (select current_setting('app.tenant_id')::uuid) and outcome = 'denied' and fold_key is not null);
