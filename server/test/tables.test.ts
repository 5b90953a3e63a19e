/** Every table, in `control`, in `shared` and in a tenant's own schema: what isolation rests on, read from the catalogue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { foreignKeysOf, indexesOf, policiesOf, portrait, routinesOf, tablesOf, type Table } from './catalogue.ts'
import { newTenant, testApp } from './harness.ts'

/** Control tables that hold nothing of a tenant or an account, and why that is so. */
const OF_NOBODY: Record<string, string> = {
  default_roles: 'the same five roles for everybody',
  guesses: 'keyed by digests: counted before anybody is known',
  signing_keys: 'the keys that sign tokens; the private half is encrypted',
  migrations: 'the book of the installation',
  job_turns: 'whose turn it was last, for the dispatcher alone',
  event_sequencer: 'how far the numbering is, of all tenants',
  event_gaps: 'ids that may still come, of whichever tenant',
  event_subscribers: 'how far each follower of all events is',
}

/** Indexes of control tables that do not lead with the tenant: each is asked before a tenant is known. */
const NOT_BY_TENANT: Record<string, string> = {
  tenants_pkey: 'the tenant itself',
  tenants_slug_key: 'sign-in names a tenant by its slug',
  accounts_pkey: 'accounts belong to no tenant',
  accounts_email_key: 'accounts belong to no tenant',
  accounts_username_key: 'accounts belong to no tenant',
  credentials_pkey: 'one per account',
  default_roles_pkey: 'the same for everybody',
  users_of_account: 'sign-in: which tenants has this account',
  sessions_by_id: 'open_scope knows only the session',
  sessions_by_refresh: 'a refresh token is all that is shown',
  sessions_by_previous: 'a refresh token is all that is shown',
  sessions_of_account: 'one person’s sessions, in every tenant',
  spent_refresh_tokens_pkey: 'a refresh token is all that is shown',
  api_keys_by_id: 'open_scope knows only the key',
  api_keys_key_hash_key: 'a key is all that is shown',
  tickets_pkey: 'a ticket is all that is shown',
  tickets_of_account: 'of an account, before a tenant is chosen',
  known_devices_pkey: 'of an account',
  guesses_pkey: 'counted before anybody is known',
  signing_keys_pkey: 'of the installation',
  migrations_pkey: 'of the installation',
  events_pkey: 'numbered in the order of ids, for all tenants at once',
  event_positions_pkey: 'one order over all tenants',
  event_positions_by_event: 'whether an event has its place, asked for all tenants at once',
  event_gaps_pkey: 'ids of events, of all tenants',
  event_sequencer_pkey: 'of the installation',
  event_subscribers_pkey: 'of the installation',
  event_failures_to_try: 'what a subscriber tries again, for all tenants at once',
  webhook_deliveries_finished: 'swept by age, for all tenants at once',
  jobs_pkey: 'the installation’s own jobs have no tenant',
  jobs_waiting: 'admitted in turn over all tenants',
  jobs_delayed: 'due by the clock, for all tenants at once',
  jobs_admitted: 'how many of a kind are under way, over all tenants',
  jobs_finished: 'swept by age, for all tenants at once',
  job_turns_pkey: 'one order over all tenants',
  schedules_to_look_at: 'due by the clock, for all tenants at once',
  idempotency_keys_by_age: 'swept by age, for all tenants at once',
}

/** Tenant tables that name a plant and are not limited by the user's plants, and why. */
const NOT_BY_PLANT: Record<string, string> = {}

type Seen = { client: pg.ClientBase; own: string; schemas: string[]; tables: Table[]; tenantTables: Table[] }

/** The catalogue, with a tenant that has a schema of its own. */
async function look<T>(use: (seen: Seen) => Promise<T>): Promise<T> {
  const { schema: own } = await newTenant({ isolation: 'schema' })
  const { custody } = (await testApp()).deps.installation
  return custody.session(async (client) => {
    const schemas = ['control', 'shared', own]
    const tables = await tablesOf(client, schemas)
    const tenantTables = tables.filter((table) => table.schema !== 'control')
    assert.ok(tables.length - tenantTables.length >= 15 && tenantTables.length >= 10, 'the catalogue was seen')
    return use({ client, own, schemas, tables, tenantTables })
  })
}
const isOfSomebody = ({ schema, table }: Table): boolean => schema !== 'control' || OF_NOBODY[table] === undefined
const name = ({ schema, table }: { schema: string; table: string }): string => `${schema}.${table}`
const none = (found: unknown[], law: string): void => assert.deepEqual(found, [], law)

test('row-level security is enabled and forced on every table that is somebody’s', () =>
  look(async ({ tables }) => {
    none(
      tables.filter((table) => isOfSomebody(table) && !(table.rls && table.forced)).map(name),
      'without forced policies',
    )
    const excused = tables.filter((table) => !isOfSomebody(table))
    none(
      excused.filter(({ columns }) => columns.includes('tenant_id') || columns.includes('account_id')).map(name),
      'excused, yet somebody’s',
    )
    assert.deepEqual(excused.map(({ table }) => table).toSorted(), Object.keys(OF_NOBODY).toSorted())
  }))

test('every such table has a policy for custody, and one for the application where it has any right', () =>
  look(async ({ client, schemas, tables }) => {
    const policies = await policiesOf(client, schemas)
    const has = (table: Table, role: string): boolean =>
      policies.some((one) => name(one) === name(table) && one.roles.includes(role) && one.permissive)
    const ours = tables.filter(isOfSomebody)
    none(ours.filter((table) => !has(table, 'officina_custody')).map(name), 'no policy for custody')
    none(
      ours.filter((table) => table.app.length > 0 && !has(table, 'officina_app')).map(name),
      'no policy for the application',
    )
    none(
      ours.filter((table) => table.schema !== 'control' && table.app.length === 0).map(name),
      'of no use to the application',
    )
  }))

test('a policy of the application asks for the open scope in a way that raises where none is; only custody and search see all', () =>
  look(async ({ client, schemas }) => {
    const policies = await policiesOf(client, schemas)
    assert.ok(policies.length > 40)
    for (const { schema, table, policy, roles, using, check } of policies) {
      const where = `${policy} on ${schema}.${table}`
      const known = roles.every((role) => ['officina_app', 'officina_custody', 'officina_search'].includes(role))
      assert.ok(known && roles.length === 1, `${where} is for ${roles.join(', ')}`)
      if (roles[0] !== 'officina_app') continue
      for (const expression of [using, check].filter((one) => one !== null)) {
        assert.ok(
          /current_setting\('app\.(tenant_id|account_id|all_plants)'::text\)/.test(expression),
          `${where}: ${expression}`,
        )
        assert.doesNotMatch(expression, /current_setting\([^)]*, true\)/, `${where} must raise where no scope is open`)
      }
    }
  }))

test('primary keys and indexes lead with the tenant', () =>
  look(async ({ client, schemas, tenantTables }) => {
    const indexes = await indexesOf(client, schemas)
    const leads = ({ columns }: { columns: string[] }): boolean => columns[0] === 'tenant_id'
    const astray = indexes.filter(
      (one) => !leads(one) && !(one.schema === 'control' && NOT_BY_TENANT[one.index] !== undefined),
    )
    none(
      astray.map(({ schema, index, columns }) => `${schema}.${index} (${columns.join(', ')})`),
      'not led by tenant_id',
    )
    const withKey = new Set(indexes.filter((one) => one.primary).map(name))
    none(tenantTables.filter((table) => !withKey.has(name(table))).map(name), 'no primary key')
    const needed = new Set(indexes.filter((one) => one.schema === 'control' && !leads(one)).map((one) => one.index))
    none(
      Object.keys(NOT_BY_TENANT).filter((one) => !needed.has(one)),
      'an exception that nothing needs',
    )
  }))

test('a reference between tenants cannot be written: every foreign key carries the tenant, and none sets it null', () =>
  look(async ({ client, schemas, tables }) => {
    const keys = await foreignKeysOf(client, schemas)
    assert.ok(keys.length > 10)
    const columns = new Map(tables.map((table) => [name(table), table.columns]))
    const hasTenant = (table: string): boolean => columns.get(table)?.includes('tenant_id') ?? false
    for (const key of keys) {
      const where = `${name(key)} ${key.name}`
      if (hasTenant(name(key)) && hasTenant(`${key.toSchema}.${key.to}`)) {
        const at = key.columns.indexOf('tenant_id')
        assert.ok(at >= 0 && key.toColumns[at] === 'tenant_id', `${where} does not carry the tenant`)
      }
      assert.ok(!['n', 'd'].includes(key.onDelete), `${where} would set the tenant null`)
      if (key.schema === 'control') continue
      const byPeople = key.columns.every((column) => column === 'tenant_id' || column.endsWith('_by'))
      assert.ok(key.toSchema === key.schema || (key.toSchema === 'control' && byPeople), `${where} leaves its schema`)
    }
  }))

test('a table that names a plant has the restrictive policy for the user’s plants', () =>
  look(async ({ client, schemas, tables }) => {
    const policies = await policiesOf(client, schemas)
    const limited = (table: Table): boolean =>
      policies.some(
        (one) =>
          name(one) === name(table) &&
          !one.permissive &&
          one.roles.includes('officina_app') &&
          one.using.includes('app.plants'),
      )
    const ofPlant = tables.filter(({ table, columns }) => table === 'plants' || columns.includes('plant_id'))
    assert.ok(ofPlant.length >= 8)
    none(
      ofPlant.filter((table) => !limited(table) && NOT_BY_PLANT[table.table] === undefined).map(name),
      'open to everybody',
    )
    none(
      Object.keys(NOT_BY_PLANT).filter((one) => !ofPlant.some((table) => table.table === one && !limited(table))),
      'needless exception',
    )
  }))

test('the application owns nothing, bypasses nothing and is a member of nothing else', () =>
  look(async ({ client }) => {
    const { database } = (await testApp()).deps.installation
    const { rows: current } = await database.pool.pg.query<{ login: string }>('select current_user as login')
    const login = current[0]!.login
    const { rows: roles } = await client.query(
      `select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles
        where rolname = any ($1) order by 1`,
      [[login, 'officina_app', 'officina_custody', 'officina_owner', 'officina_search']],
    )
    assert.equal(roles.length, 5)
    for (const { rolname, ...rights } of roles)
      none(
        Object.entries(rights).filter(([, has]) => has),
        `${rolname} has too much`,
      )
    const { rows: member } = await client.query(
      `with recursive of as (select oid from pg_roles where rolname = $1
         union select m.roleid from pg_auth_members m join of on of.oid = m.member)
       select r.rolname from of join pg_roles r using (oid) where r.rolname <> $1`,
      [login],
    )
    assert.deepEqual(member, [{ rolname: 'officina_app' }])
    const { rows: owned } = await client.query(
      `select 'relation ' || oid::regclass as it from pg_class where relowner in ($1::regrole, 'officina_app'::regrole)
       union all select 'function ' || oid::regprocedure from pg_proc where proowner in ($1::regrole, 'officina_app'::regrole)
       union all select 'schema ' || nspname from pg_namespace where nspowner in ($1::regrole, 'officina_app'::regrole)
       union all select 'creates in ' || nspname from pg_namespace where has_schema_privilege($1, oid, 'create') and nspname !~ '^pg_temp'
       union all select 'database ' || datname from pg_database where datdba = $1::regrole`,
      [login],
    )
    none(owned, 'owned by the application')
  }))

test('the application truncates nothing, and changes nothing in the trail but the count of a repeated denial', () =>
  look(async ({ client, tables, own }) => {
    const { rows } = await client.query(
      `select c.oid::regclass::text as it from pg_class c where c.oid = any ($1)
          and has_table_privilege('officina_app', c.oid, 'truncate, references, trigger')`,
      [tables.map((table) => table.oid)],
    )
    none(rows, 'TRUNCATE asks no policy')
    for (const schema of ['shared', own]) {
      const { rows: trail } = await client.query(
        `select has_table_privilege('officina_app', $1, 'update, delete') as changes,
                array(select attname::text from pg_attribute where attrelid = $1::regclass and attnum > 0
                         and has_column_privilege('officina_app', $1, attname, 'update') order by 1) as columns`,
        [`${schema}.audit`],
      )
      assert.deepEqual(trail, [{ changes: false, columns: ['at', 'repeats'] }])
    }
  }))

test('every function that runs with its owner’s rights pins its path and is not for the public', () =>
  look(async ({ client, schemas }) => {
    const routines = await routinesOf(client, schemas)
    const definers = routines.filter((routine) => routine.definer)
    assert.ok(definers.length >= 8)
    for (const { name: routine, settings, publicly, owner } of definers) {
      const path = settings.find((setting) => setting.startsWith('search_path='))
      assert.match(path ?? '', /, pg_temp$/, `${routine} pins no path that ends with pg_temp`)
      assert.doesNotMatch(path ?? '', /\$user|\bpublic\b/, routine)
      assert.ok(!publicly, `${routine} is executable by the public`)
      assert.ok(['officina_custody', 'officina_search'].includes(owner), `${routine} is owned by ${owner}`)
    }
  }))

test('a tenant’s own schema equals `shared`: columns, constraints, indexes, policies, rights, functions', () =>
  look(async ({ client, own }) => {
    const [shared, mine] = [await portrait(client, 'shared'), await portrait(client, own)]
    // PostgreSQL 18 lists every «not null» as a constraint besides.
    assert.ok(shared.length > 100 && shared.some((line) => line.startsWith('policy ')))
    assert.deepEqual(mine, shared)
  }))
