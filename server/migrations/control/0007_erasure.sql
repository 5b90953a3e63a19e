-- What verifying the trail needs, and the erasure of a person from a tenant (GDPR, article 17; docs/audit.md).

-- The signed heads of a tenant's trail, newest last.
create index events_sealing on control.events (tenant_id, id) where type = 'AuditSealed';
-- An entry that is not chained yet has an event beyond the front, or in a gap.
grant select (front, low) on control.event_sequencer to officina_app;
grant select (id) on control.event_gaps to officina_app;

-- Forgets a user of the open tenant and keeps the row, which others point at. In the trail it takes the contents of entries about
-- the person and the address of those by them, with their salts; who did what and when stays. The account goes where no other
-- tenant has the person; where one has, the row is led to an account of nobody. Whoever calls it records 'users.erased' in the same
-- transaction, with both counts: verifying compares. Null: no such user, or erased already.
create function control.erase_person(in_user uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant constant uuid := current_setting('app.tenant_id')::uuid;
  nobody constant uuid := gen_random_uuid();
  place text;
  person record;
  theirs uuid[];
  contents bigint;
  addresses bigint;
  leaves boolean;
begin
  select schema_name into place from control.tenants where id = tenant;
  select u.account_id as account, a.email into person
    from control.users u join control.accounts a on a.id = u.account_id
   where u.tenant_id = tenant and u.id = in_user and u.erased_at is null
     for update;
  if not found then return null; end if;
  select coalesce(array_agg(id), '{}') into theirs from control.sessions where tenant_id = tenant and user_id = in_user;

  execute format('
    update %I.audit set before = null, after = null, contents_salt = null, contents_erased_for = $2,
           contents_digest = control.audit_part(contents_salt, jsonb_build_array(before, after))
     where tenant_id = $1 and contents_erased_for is null and (before is not null or after is not null)
       and (resource = ''user'' and resource_id = $2 or resource = ''account'' and resource_id = $3
            or resource = ''session'' and resource_id = any ($4) or actor_id = $3 and after ? ''by'')', place)
    using tenant, in_user, person.account, theirs;
  get diagnostics contents = row_count;
  execute format('
    update %I.audit set ip = null, fold_key = null, ip_salt = null, ip_erased_for = $2,
           ip_digest = control.audit_part(ip_salt, jsonb_build_array(ip))
     where tenant_id = $1 and ip_erased_for is null and ip is not null and actor_id in ($2, $3)', place)
    using tenant, in_user, person.account;
  get diagnostics addresses = row_count;

  insert into control.accounts (id, email, erased_at) values (nobody, 'erased-' || nobody || '@erased.invalid', now());
  update control.users
     set name = '', surname = '', preferences = '{}', last_login = null, password_given = false, account_id = nobody,
         deleted_at = coalesce(deleted_at, now()), erased_at = now(), updated_at = now(), revision = revision + 1
   where tenant_id = tenant and id = in_user;
  delete from control.spent_refresh_tokens where tenant_id = tenant and session_id = any (theirs);
  delete from control.sessions where tenant_id = tenant and user_id = in_user;
  delete from control.tickets where tenant_id = tenant and user_id = in_user;
  -- Letters of the last weeks, sent or not: they say from where, and with what, the person signed in.
  delete from control.jobs
   where kind = 'mail.send' and (tenant_id = tenant or tenant_id is null)
     and (payload ->> 'user_id' = in_user::text or payload ->> 'account_id' = person.account::text);
  -- Kept answers of a day: those given to the person, and those that tell of them.
  delete from control.idempotency_keys
   where tenant_id = tenant and (principal = in_user or answer::text like '%' || in_user || '%');

  leaves := not exists (select from control.users u join control.tenants t on t.id = u.tenant_id
                         where u.account_id = person.account and u.deleted_at is null and t.deleted_at is null);
  if leaves then
    delete from control.spent_refresh_tokens s using control.sessions o
     where o.account_id = person.account and s.tenant_id = o.tenant_id and s.session_id = o.id;
    delete from control.sessions where account_id = person.account;
    delete from control.tickets where account_id = person.account;
    delete from control.known_devices where account_id = person.account;
    update control.credentials
       set password_hash = null, password_changed_at = null, totp_secret = null, totp_pending = null, totp_last_step = null,
           recovery_hashes = '{}'
     where account_id = person.account;
    update control.accounts
       set email = 'erased-' || id || '@erased.invalid', username = null, is_superuser = false, erased_at = now(), updated_at = now()
     where id = person.account;
  end if;
  return jsonb_build_object('contents', contents, 'addresses', addresses, 'account_erased', leaves);
end $$;

grant create on schema control to officina_custody;
revoke all on function control.erase_person(uuid) from public;
grant execute on function control.erase_person(uuid) to officina_app, officina_custody;
alter function control.erase_person(uuid) owner to officina_custody;
revoke create on schema control from officina_custody;
