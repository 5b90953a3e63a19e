import type pg from 'pg'

/**
 * Four roles without log-in own the rights; two log-ins per database hold them.
 *
 * - officina_owner owns schemas, tables and functions, and sees no row (row-level security is forced);
 * - officina_custody sees every tenant's rows and is entered by `set local role` in platform/ only;
 * - officina_app sees the rows of the open scope, owns nothing and cannot bypass a policy;
 * - officina_search may read the searched columns and owns the search functions.
 *
 * None needs BYPASSRLS or superuser: custody and search are let in by policies of their own, so this also works on
 * managed servers. officina_owner does not inherit, or it would see what custody sees.
 */
const GROUPS = `
do $$
declare r text;
begin
  foreach r in array array['officina_owner', 'officina_custody', 'officina_app', 'officina_search'] loop
    if not exists (select 1 from pg_roles where rolname = r) then
      execute format('create role %I nologin noinherit', r);
    end if;
  end loop;
exception when duplicate_object or unique_violation then null; -- another process made them just now
end $$;
grant officina_custody, officina_search to officina_owner;
grant officina_owner, officina_custody, officina_app, officina_search to current_user;
`

export const extensions = ['pg_trgm', 'unaccent', 'btree_gin', 'btree_gist'] as const

export type Logins = { app: string; owner: string }

/** Log-in names hold the database's name, so that two installations in one cluster have passwords of their own. */
export const loginNames = (database: string): Logins => ({
  app: `officina_login_app_${database}`.slice(0, 63),
  owner: `officina_login_owner_${database}`.slice(0, 63),
})

const quoted = (client: pg.ClientBase, names: Logins) => ({
  app: client.escapeIdentifier(names.app),
  owner: client.escapeIdentifier(names.owner),
})

async function ensureLogin(client: pg.ClientBase, name: string, password: string): Promise<void> {
  const id = client.escapeIdentifier(name)
  const { rows } = await client.query('select 1 from pg_roles where rolname = $1', [name])
  await client.query(`${rows.length ? 'alter' : 'create'} role ${id} login password ${client.escapeLiteral(password)}`)
}

/**
 * Makes roles, log-ins, schemas and extensions; safe to repeat and from many processes. Needs a role that may create
 * roles; throws PostgreSQL's error otherwise.
 */
export async function provision(client: pg.ClientBase, passwords: Logins): Promise<void> {
  await client.query('begin')
  try {
    await client.query("select pg_advisory_xact_lock(hashtext('officina.provision'))")
    await client.query(GROUPS)
    const { rows } = await client.query<{ name: string }>('select current_database() as name')
    const database = rows[0]!.name
    const names = loginNames(database)
    const id = quoted(client, names)
    const db = client.escapeIdentifier(database)
    await ensureLogin(client, names.app, passwords.app)
    await ensureLogin(client, names.owner, passwords.owner)
    await client.query(`
      alter role ${id.app} inherit;
      grant officina_app to ${id.app};
      grant officina_owner, officina_custody, officina_app to ${id.owner};
      alter role ${id.app} set statement_timeout = '30s';
      alter role ${id.app} set idle_in_transaction_session_timeout = '10s';
      alter role ${id.app} set lock_timeout = '5s';
      alter role ${id.app} set timezone = 'UTC';
      alter role ${id.owner} set timezone = 'UTC';
      grant connect, temporary on database ${db} to ${id.app}, ${id.owner};
      grant temporary on database ${db} to officina_custody;
      grant create on database ${db} to officina_owner;
      create schema if not exists control authorization officina_owner;
      create schema if not exists shared authorization officina_owner;
      create schema if not exists ext;
      grant usage on schema ext to officina_owner, officina_app, officina_custody, officina_search;
    `)
    for (const name of extensions) await client.query(`create extension if not exists ${name} schema ext`)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
