import { readdir, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { refuseHalfRestored } from './half-restored.ts'

/**
 * Forward-only migrations in plain SQL. Control migrations run once; tenant migrations once per schema (`shared`, and
 * one schema for each tenant with isolation "schema"), in a transaction each, so that a killed process leaves whole
 * steps only. Several processes may start at once: an advisory lock lets one migrate while the others wait.
 */
export type Migration = { version: number; name: string; sql: string; hash: string }
export type Step = { schema: string; migration: Migration }
export type Migrations = { control: Migration[]; tenant: Migration[] }
/** Of a restore, which makes the tables that it fills: nobody else may touch a half restored database. */
export type Migrating = { restoring?: boolean }

/** The database saw another text of a migration than this code has: somebody edited what was released. */
export class MigrationEdited extends Error {
  constructor({ name }: Migration, schema: string) {
    super(`Migration ${name} was edited after it ran in ${schema}: restore the file as it was released.`)
    this.name = 'MigrationEdited'
  }
}

const folder = new URL('../../migrations/', import.meta.url)

async function readFolder(kind: 'control' | 'tenant'): Promise<Migration[]> {
  const names = (await readdir(new URL(`${kind}/`, folder))).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, index) => {
      const sql = await readFile(new URL(`${kind}/${name}`, folder), 'utf8')
      if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`Migration ${kind}/${name} is out of order`)
      return { version: index + 1, name, sql, hash: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

export async function readMigrations(): Promise<Migrations> {
  const [control, tenant] = await Promise.all([readFolder('control'), readFolder('tenant')])
  return { control, tenant }
}

const BOOK = `create table if not exists control.migrations (
  schema text not null, version integer not null, name text not null, hash text not null,
  applied_at timestamptz not null default now(), primary key (schema, version))`

async function applied(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows: exists } = await client.query("select to_regclass('control.migrations') is not null as ok")
  if (!exists[0].ok) return new Map()
  const { rows } = await client.query('select schema, version, hash from control.migrations')
  return new Map(rows.map((row) => [`${row.schema}:${row.version}`, row.hash]))
}

async function tenantSchemas(client: pg.ClientBase): Promise<string[]> {
  // Half-way through the control migrations the table stands and its grants do not: then no tenant exists yet.
  const { rows: exists } = await client.query(
    "select coalesce(has_table_privilege('officina_custody', to_regclass('control.tenants'), 'select'), false) as ok",
  )
  if (!exists[0].ok) return ['shared']
  try {
    await client.query('set role officina_custody')
    // Every schema that was ever migrated, and every tenant's own.
    const { rows } = await client.query(
      `select schema_name as name from control.tenants where deleted_at is null
     union select schema from control.migrations where schema <> 'control' union select 'shared' order by 1`,
    )
    return rows.map((row) => row.name)
  } finally {
    await client.query('reset role')
  }
}

/** What `migrate` would do, in order. Throws where a migration that was applied has been edited since, and where it may not begin. */
export async function plan(client: pg.ClientBase, migrations: Migrations, how: Migrating = {}): Promise<Step[]> {
  if (!how.restoring) await refuseHalfRestored(client)
  const done = await applied(client)
  const steps: Step[] = []
  const want = (schema: string, migration: Migration): void => {
    const hash = done.get(`${schema}:${migration.version}`)
    if (hash === undefined) steps.push({ schema, migration })
    else if (hash !== migration.hash) throw new MigrationEdited(migration, schema)
  }
  for (const migration of migrations.control) want('control', migration)
  const schemas = await tenantSchemas(client)
  for (const schema of schemas) for (const migration of migrations.tenant) want(schema, migration)
  return steps
}

async function applyStep(client: pg.ClientBase, { schema, migration }: Step): Promise<void> {
  const name = client.escapeIdentifier(schema)
  await client.query('begin')
  try {
    await client.query(`set local role officina_owner; set local statement_timeout = 0`)
    if (schema !== 'control') await client.query(`create schema if not exists ${name}`)
    await client.query(`set local search_path = ${schema === 'control' ? 'ext' : `${name}, ext`}`)
    if (schema !== 'control') {
      await client.query(`grant usage on schema ${name} to officina_app, officina_custody, officina_search`)
    }
    await client.query(migration.sql.replaceAll('{schema}', name))
    await client.query('set local role officina_owner')
    await client.query('insert into control.migrations (schema, version, name, hash) values ($1, $2, $3, $4)', [
      schema,
      migration.version,
      migration.name,
      migration.hash,
    ])
    if (schema !== 'control') {
      await client.query('set local role officina_custody')
      await client.query('update control.tenants set schema_version = $2 where schema_name = $1', [
        schema,
        migration.version,
      ])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`Migration ${migration.name} failed in schema ${schema}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** One tenant schema brought to the newest version; also how a tenant's own schema is made. */
export async function migrateSchema(client: pg.ClientBase, migrations: Migrations, schema: string): Promise<void> {
  const done = await applied(client)
  for (const migration of migrations.tenant) {
    if (!done.has(`${schema}:${migration.version}`)) await applyStep(client, { schema, migration })
  }
}

/**
 * Brings everything to the newest version. A tenant schema that fails is reported and left at the version it has (its
 * tenant keeps being served); a control migration that fails ends it. `client` needs session state: never PgBouncer.
 */
export async function migrate(
  client: pg.ClientBase,
  migrations: Migrations,
  how: Migrating = {},
): Promise<{ done: Step[]; failed: { step: Step; error: Error }[] }> {
  // A copy that is made and a company that is moved hold migrations off: a start with nothing to do waits for neither.
  if ((await plan(client, migrations, how)).length === 0) return { done: [], failed: [] }
  await client.query("select pg_advisory_lock(hashtext('officina.migrate'))")
  try {
    await client.query('set role officina_owner')
    await client.query(BOOK)
    await client.query(`grant usage on schema control to officina_app, officina_custody, officina_search;
      grant select on control.migrations to officina_app, officina_custody; reset role`)
    const done: Step[] = []
    const failed: { step: Step; error: Error }[] = []
    for (const step of await plan(client, migrations, how)) {
      if (failed.some((one) => one.step.schema === step.schema)) continue
      try {
        await applyStep(client, step)
        done.push(step)
      } catch (error) {
        if (step.schema === 'control' || step.schema === 'shared') throw error
        failed.push({ step, error: error as Error })
      }
    }
    return { done, failed }
  } finally {
    await client.query("select pg_advisory_unlock(hashtext('officina.migrate'))")
  }
}
