-- Who sees which control rows. Row-level security is enabled and forced on every control table that has a tenant or
-- an account, also for the owner: rows are the custody role's and, within an open scope, the application's.
-- (select …) makes the setting an init plan, evaluated once per statement and not per row.

do $$
declare t text;
begin
  foreach t in array array['tenants', 'accounts', 'credentials', 'roles', 'users', 'sessions', 'spent_refresh_tokens',
                           'api_keys', 'tickets', 'known_devices', 'idempotency_keys'] loop
    execute format('alter table control.%I enable row level security', t);
    execute format('alter table control.%I force row level security', t);
    execute format('create policy custody on control.%I to officina_custody using (true) with check (true)', t);
  end loop;
  foreach t in array array['roles', 'api_keys', 'idempotency_keys'] loop
    execute format('create policy tenant on control.%I to officina_app
      using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))', t);
  end loop;
  foreach t in array array['credentials', 'tickets', 'known_devices'] loop
    execute format('create policy account on control.%I to officina_app
      using (account_id = (select current_setting(''app.account_id'')::uuid))', t);
  end loop;
end $$;

-- Whoever manages a tenant's users writes and withdraws its invitations, whose account is another person's.
create policy invitation on control.tickets to officina_app
  using (purpose = 'invitation' and tenant_id = (select current_setting('app.tenant_id')::uuid));

-- One sees the companies one belongs to, and changes the open one.
create policy tenant on control.tenants to officina_app
  using (id = (select current_setting('app.tenant_id')::uuid));
create policy own on control.tenants for select to officina_app
  using (id in (select u.tenant_id from control.users u where u.account_id = (select current_setting('app.account_id')::uuid)));
-- Somebody who signs in changes rows of the account in every tenant; within a tenant one sees one's memberships
-- elsewhere and changes none: an administrator here may be a viewer there.
do $$
declare t text;
begin
  foreach t in array array['users', 'sessions'] loop
    execute format('create policy tenant on control.%I to officina_app
      using (tenant_id = (select current_setting(''app.tenant_id'')::uuid)
             or (select current_setting(''app.tenant_id'') = ''00000000-0000-0000-0000-000000000000'')
                and account_id = (select current_setting(''app.account_id'')::uuid))', t);
    execute format('create policy own on control.%I for select to officina_app
      using (account_id = (select current_setting(''app.account_id'')::uuid))', t);
  end loop;
end $$;
-- Sessions are a person's and not a company's: a changed password ends those in the other companies too.
create policy own_ending on control.sessions for update to officina_app
  using (account_id = (select current_setting('app.account_id')::uuid));
create policy account on control.spent_refresh_tokens to officina_app
  using (exists (select 1 from control.sessions s where s.tenant_id = spent_refresh_tokens.tenant_id and s.id = session_id));
-- One sees one's account and those of colleagues, and changes one's own.
create policy account on control.accounts to officina_app
  using (id = (select current_setting('app.account_id')::uuid));
create policy colleagues on control.accounts for select to officina_app
  using (exists (select 1 from control.users u where u.account_id = accounts.id
                  and u.tenant_id = (select current_setting('app.tenant_id')::uuid)));

grant select, insert, update, delete on all tables in schema control to officina_custody;
-- Short name, limits, plan, status and place of a tenant, the email of an account and who is a superuser are changed by custody
-- alone; the keys that sign tokens are read by custody alone, too.
grant select on control.tenants, control.accounts to officina_app;
grant update (name, configuration, revision, updated_at, updated_by) on control.tenants to officina_app;
grant update (username, language, updated_at) on control.accounts to officina_app;
grant select, update on control.credentials to officina_app;
grant select on control.default_roles to officina_app;
grant select, insert, update on control.users to officina_app;
-- Whose a session is never changes.
grant select, insert on control.sessions to officina_app;
grant update (refresh_hash, previous_hash, rotated_at, last_used_at, expires_at, ended_at, end_reason, ip)
  on control.sessions to officina_app;
grant select, insert, update, delete on control.roles, control.api_keys, control.tickets, control.known_devices,
  control.guesses, control.idempotency_keys to officina_app;
grant select, insert, delete on control.spent_refresh_tokens to officina_app;

-- Protects one table of a tenant schema, called by the migration that makes it: row-level security enabled and forced,
-- the tenant's rows for the application, all rows for the custody role, and, where the table belongs to a plant, a
-- restrictive policy for the user's plants (in_plant: the column; rows without a plant are the tenant's).
-- Its foreign keys can be deferred: who brings many rows of several tables up to date at once (a move) has no order for them.
create function control.protect(in_table regclass, in_plant text, in_grants text) returns void
language plpgsql as $$
declare foreign_key name;
begin
  for foreign_key in select conname from pg_constraint where conrelid = in_table and contype = 'f' loop
    execute format('alter table %s alter constraint %I deferrable', in_table, foreign_key);
  end loop;
  execute format('alter table %s enable row level security', in_table);
  execute format('alter table %s force row level security', in_table);
  execute format('create policy custody on %s to officina_custody using (true) with check (true)', in_table);
  execute format('create policy tenant on %s to officina_app
    using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))', in_table);
  if in_plant is not null then
    execute format('create policy plant on %1$s as restrictive to officina_app
      using (%2$I is null or (select current_setting(''app.all_plants'') = ''on'')
             or %2$I = any (coalesce((select current_setting(''app.plants'')::uuid[]), ''{}'')))', in_table, in_plant);
  end if;
  execute format('grant %s on %s to officina_app', in_grants, in_table);
  execute format('grant select, insert, update, delete on %s to officina_custody', in_table);
end $$;

-- A later migration that replaces one of these functions does so as their owner: set local role officina_custody.
grant create on schema control to officina_custody;
do $$
declare f regprocedure;
begin
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'control' and p.proname <> 'protect' loop
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to officina_app, officina_custody', f);
    execute format('alter function %s owner to officina_custody', f);
  end loop;
end $$;
revoke create on schema control from officina_custody;
