-- The one way in: open_scope checks session or key, user, role, permission and tenant as they are now, and sets
-- tenant, user, account and plants for the transaction. It returns the search path, because a path set inside a
-- function with a pinned path would be undone at its end; the caller applies it in the same statement.
--
-- Refusals leave as SQLSTATE OFnnn, where nnn is the HTTP status they become; the message is the refusal's code.
-- Policies read the settings with current_setting(name) and so raise where no scope is open: never an empty
-- tenant by mistake.

create function control.permissions_of(in_tenant uuid, in_role text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce((select r.permissions from control.default_roles r where r.name = in_role),
                  (select r.permissions from control.roles r where r.tenant_id = in_tenant and r.name = in_role),
                  '{}')
$$;

-- One expression and no path of its own, so that PostgreSQL puts it in the place of the call: 2 µs instead of 8. Its
-- callers have pinned the path.
create function control.set_scope(in_tenant uuid, in_user uuid, in_account uuid, in_plants uuid[],
                                  in_placement text, in_read_only boolean) returns text
language sql as $$
  select set_config('app.tenant_id', in_tenant::text, true)
      || set_config('app.user_id', coalesce(in_user::text, ''), true)
      || set_config('app.account_id', in_account::text, true)
      || set_config('app.all_plants', case when in_plants is null then 'on' else 'off' end, true)
      || set_config('app.plants', coalesce(in_plants, '{}')::text, true)
      || set_config('app.placement', in_placement, true)
      || case when in_read_only then set_config('transaction_read_only', 'on', true) else '' end
$$;

-- in_principal: 's' || session id, or 'k' || API key id. in_permission: null for what every signed-in person may do
-- with what is their own. in_mode: 'read' | 'write' | 'self' (a change to one's own sign-in: allowed in a suspended tenant)
-- | 'export' (a read that even a cancelled tenant keeps).
--
-- It precedes every statement of the application, so it looks up one row by its key after another. As one join it cost
-- three times as much: PostgreSQL planned hashes and scans over what was then small, and kept that plan.
create function control.open_scope(in_principal text, in_permission text, in_mode text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  principal constant uuid := substr(in_principal, 2)::uuid;
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  proof record;
  who record;
  tenant record;
  superuser boolean := false;
  permitted boolean;
  done text;
begin
  if left(in_principal, 1) = 's' then
    select tenant_id, user_id into proof
      from control.sessions where id = principal and ended_at is null and expires_at > now();
    select tenant_id, id, account_id, plant_ids, role into who
      from control.users where tenant_id = proof.tenant_id and id = proof.user_id and deleted_at is null and status = 'Active';
    select is_superuser into superuser from control.accounts where id = who.account_id and erased_at is null;
    if not found then raise exception 'auth.not_signed_in' using errcode = 'OF401'; end if;
    select in_permission = any (permissions) into permitted from control.default_roles where name = who.role;
    if not found then
      select in_permission = any (permissions) into permitted
        from control.roles where tenant_id = who.tenant_id and name = who.role;
    end if;
  else
    select tenant_id, null::uuid as id, nobody as account_id, plant_ids, in_permission = any (permissions) as permitted into who
      from control.api_keys where id = principal and revoked_at is null and (expires_at is null or expires_at > now());
    permitted := who.permitted;
  end if;
  -- Shared by all who may write to the company; the last step of its move takes it alone, knows by that that everybody who opened
  -- a scope before has ended, and refuses who comes (also while it waits). Before the place is read, or it could be the old one.
  if in_mode in ('write', 'self') and current_setting('transaction_read_only') = 'off'
     and not pg_try_advisory_xact_lock_shared(uuid_hash_extended(who.tenant_id, 0)) then
    raise exception 'tenant.moving' using errcode = 'OF503';
  end if;
  select id, status, plan_expiry, schema_name, schema_version into tenant
    from control.tenants where id = who.tenant_id and deleted_at is null;
  if not found then raise exception 'auth.not_signed_in' using errcode = 'OF401'; end if;

  if in_permission is not null and permitted is not true and not (superuser and in_permission like 'platform.%') then
    raise exception 'auth.forbidden' using errcode = 'OF403', detail = in_permission;
  end if;
  if tenant.status = 'Cancelled' and in_mode not in ('export', 'self') then
    raise exception 'tenant.cancelled' using errcode = 'OF403';
  end if;
  if in_mode = 'write' then
    if tenant.status = 'Suspended' then
      raise exception 'tenant.suspended' using errcode = 'OF403';
    elsif tenant.plan_expiry < current_date then
      raise exception 'tenant.expired' using errcode = 'OF403';
    end if;
  end if;

  done := control.set_scope(tenant.id, who.id, who.account_id, who.plant_ids,
                            tenant.schema_name || ':' || tenant.schema_version, in_mode in ('read', 'export'));
  return quote_ident(tenant.schema_name) || ', ext';
end $$;

-- While somebody signs in there is an account but no tenant yet: only that account's own rows are open.
create function control.open_account(in_account uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform control.set_scope('00000000-0000-0000-0000-000000000000', null, in_account, '{}', 'none:0', false);
  return 'ext';
end $$;

-- The machine itself at work for one tenant: jobs, the command line, the demonstration. Not for requests.
create function control.open_system(in_tenant uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare t record;
begin
  if current_setting('transaction_read_only') = 'off'
     and not pg_try_advisory_xact_lock_shared(uuid_hash_extended(in_tenant, 0)) then
    raise exception 'tenant.moving' using errcode = 'OF503';
  end if;
  select * into t from control.tenants where id = in_tenant and deleted_at is null;
  if t.id is null then raise exception 'tenant.not_found' using errcode = 'OF404'; end if;
  perform control.set_scope(t.id, null, '00000000-0000-0000-0000-000000000000', null,
                            t.schema_name || ':' || t.schema_version, false);
  return quote_ident(t.schema_name) || ', ext';
end $$;

-- Look-ups that come before any scope. Each returns ids and no more than its caller must know.
create function control.find_account(in_login text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select id from control.accounts where erased_at is null and (email = lower(in_login) or username = lower(in_login))
$$;

create function control.find_api_key(in_hash text) returns table (id uuid, tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select id, tenant_id from control.api_keys where key_hash = in_hash
$$;

create function control.find_session(in_hash text) returns table (session_id uuid, account_id uuid, spent boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.id, s.account_id, false from control.sessions s where s.refresh_hash = in_hash or s.previous_hash = in_hash
  union all
  select s.id, s.account_id, true from control.spent_refresh_tokens t
    join control.sessions s on s.tenant_id = t.tenant_id and s.id = t.session_id
   where t.hash = in_hash
  limit 1
$$;

create function control.find_ticket(in_hash text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select account_id from control.tickets where hash = in_hash
$$;

-- The account of an email, made where there is none, for a user that somebody adds: the application may make an
-- account and its first password in this way and in no other. Its answer is an id, which differs from in_id where the
-- account existed; who added the user must not be told. An existing account keeps its own password.
create function control.account_for(in_id uuid, in_email text, in_language text, in_password_hash text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into control.accounts (id, email, language) values (in_id, lower(in_email), in_language)
    on conflict (email) do nothing;
  if found then
    insert into control.credentials (account_id, password_hash, password_changed_at)
      values (in_id, in_password_hash, case when in_password_hash is not null then now() end);
    return in_id;
  end if;
  return (select id from control.accounts where email = lower(in_email));
end $$;
