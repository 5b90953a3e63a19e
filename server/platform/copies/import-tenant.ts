import pg from 'pg'
import type { CustodyDoor } from '../database/custody.ts'
import { migrateSchema, readMigrations, type Migrations } from '../database/migrate.ts'
import { derivedRing } from '../secrets/field-encryption.ts'
import { tenancyRefusals } from '../tenancy/create-tenant.ts'
import { controlTables } from './control-tables.ts'
import type { Keys } from './header.ts'
import { newcomerOf, type Newcomer } from './newcomer.ts'
import { checkHistory, openCopyFile, type Verified } from './open-copy.ts'
import { passOver, type Part } from './records.ts'
import { copyRefusals } from './refusals.ts'
import { inOneWrite, placeOf, quoted, rowsIn } from './rows.ts'
import { resealRows } from './sealed-fields.ts'
import { withFiles, type FilePlace } from './store-files.ts'
import { tablesIn, type Table } from './tables.ts'

export type Imported = { id: string; slug: string; name: string; isolation: 'shared' | 'schema' }

export type Arriving = {
  verified: Verified
  /** Where its files go. */
  files: FilePlace
  slug?: string | undefined
}

/**
 * Takes in a company whose copy was verified. It is there as a whole, from one moment on, or not at all. The copy of an older release
 * is put into a schema as that release had it and migrated there: what a later migration does to data it does to these too.
 */
export async function importTenant(door: CustodyDoor, path: string, keys: Keys, what: Arriving): Promise<Imported> {
  try {
    return await takeInAll(door, path, keys, what)
  } catch (error) {
    // Class 22 and 23: a value that its column does not take, a row that others contradict.
    if (error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? ''))
      throw copyRefusals.refuse('copies.unfit', { cause: error })
    throw error
  }
}

async function takeInAll(
  door: CustodyDoor,
  path: string,
  keys: Keys,
  { verified, files, slug }: Arriving,
): Promise<Imported> {
  const { header, about, manifest } = verified
  const [schema] = about.schemas
  if (header.kind !== 'tenant' || about.tenant === null || schema === undefined)
    throw copyRefusals.refuse('copies.not_a_tenant')
  if (manifest.tables.some((table) => table.schema !== 'control' && table.schema !== 'tenant'))
    throw copyRefusals.refuse('copies.foreign_rows')
  const migrations = await readMigrations()
  checkHistory(header, migrations)
  const tenant: Imported = { ...about.tenant, slug: slug ?? about.tenant.slug }
  return asOnlyImport(door, tenant, async () => {
    const takingIn = () => takeInRows(door, { path, keys, tenantId: tenant.id }, { tenant, verified, migrations })
    // The bytes first: no transaction waits for a store of files, and no row is there before what it names.
    if ((manifest.files?.count ?? 0) === 0) await takingIn()
    else await withFiles(files, { path, keys, tenantId: tenant.id }, takingIn)
    return tenant
  })
}

/** Nobody else takes in the same company meanwhile: what fails here clears away what it has stored. */
const asOnlyImport = <T>(door: CustodyDoor, tenant: Imported, use: () => Promise<T>): Promise<T> =>
  door.session(async (client) => {
    const lock = "hashtextextended('officina.import ' || $1, 0)"
    const { rows } = await client.query(`select pg_try_advisory_lock(${lock}) as free`, [tenant.id])
    if (rows[0].free !== true) throw copyRefusals.refuse('copies.busy', { retryAfterS: 60 })
    await refuseWhereKnown(client, tenant)
    const result = await use()
    await client.query(`select pg_advisory_unlock(${lock})`, [tenant.id])
    return result
  })

type Rows = { tenant: Imported; verified: Verified; migrations: Migrations }

async function takeInRows(door: CustodyDoor, read: Reading, { tenant, verified, migrations }: Rows): Promise<void> {
  const { version } = verified.about.schemas[0]!
  const own = `t_${tenant.id.replaceAll('-', '')}`
  const older = version < migrations.tenant.length
  if (older || tenant.isolation === 'schema')
    await makeRoom(door, own, { ...migrations, tenant: migrations.tenant.slice(0, version) })
  if (older) {
    await inOneWrite(door, (client) => takeIn(client, read, tenantPart(client, own, tenant.id)))
    await door.session((client) => migrateSchema(client, migrations, own))
  }
  await inOneWrite(door, async (client) => {
    const place = tenant.isolation === 'schema' ? own : 'shared'
    const { manifest } = verified
    const newcomer = await newcomerOf(client, { ...tenant, schema: place, version: migrations.tenant.length, manifest })
    const control = controlPart(newcomer)
    const rows = tenantPart(client, place, tenant.id)
    await takeIn(client, read, async (part) =>
      part.schema === 'control' ? control(client, part) : older ? null : rows(part),
    )
    if (older && place === 'shared') await bringOver(client, own, tenant.id)
    await newcomer.settle(client)
  })
  if (older && tenant.isolation === 'shared') await dropRoom(door, own)
}

async function refuseWhereKnown(client: pg.ClientBase, { id, slug }: Imported): Promise<void> {
  await client.query('set role officina_custody')
  const { rows } = await client.query(
    'select id = $1 as same from control.tenants where id = $1 or slug = $2 order by 1 desc',
    [id, slug],
  )
  await client.query('reset role')
  if (rows.length === 0) return
  throw rows[0].same ? copyRefusals.refuse('copies.tenant_exists') : tenancyRefusals.refuse('tenants.slug_taken')
}

const dropRoom = (door: CustodyDoor, schema: string): Promise<void> =>
  door.session(async (client) => {
    await client.query(
      `begin; set local role officina_owner; drop schema if exists ${quoted(schema)} cascade;
       delete from control.migrations where schema = ${client.escapeLiteral(schema)}; commit`,
    )
  })

/** An empty schema at the migration of the copy; what an import that was killed left there belongs to nobody. */
async function makeRoom(door: CustodyDoor, schema: string, upTo: Migrations): Promise<void> {
  await dropRoom(door, schema)
  await door.session((client) => migrateSchema(client, upTo, schema))
}

/** Into which table the rows go, and how; null where they are not wanted now. */
type Placed = { table: Table; part: Part; select?: string; prepare: (client: pg.ClientBase) => Promise<void> }
type Place = (part: Part) => Promise<Placed | null>

type Reading = { path: string; keys: Keys; tenantId: string }

async function takeIn(client: pg.ClientBase, { path, keys, tenantId }: Reading, place: Place): Promise<void> {
  const copy = await openCopyFile(path, keys)
  const ring = derivedRing(keys.masters, 'fields')
  for await (const part of copy.parts()) {
    const placed = await place(part)
    if (placed === null) {
      await passOver(part.rows)
      continue
    }
    const { table, select, prepare } = placed
    const { columns } = part
    const check = async (): Promise<void> => {
      if (columns.includes('tenant_id')) await refuseForeign(client, 'tenant_id', tenantId)
      await prepare(client)
    }
    const rows = resealRows(part.rows, { columns, sealed: table.sealed }, copy.fields, ring)
    await rowsIn(client, table, rows, { columns, check, ...(select !== undefined && { select }) })
  }
}

/** A copy is made by whoever has its passphrase: rows of others are not believed. */
export async function refuseForeign(client: pg.ClientBase, column: string, tenantId: string): Promise<void> {
  const text = `select 1 from copied_rows where ${quoted(column)} is distinct from $1 limit 1`
  const { rows } = await client.query(text, [tenantId])
  if (rows.length > 0) throw copyRefusals.refuse('copies.foreign_rows')
}

const tenantPart = (client: pg.ClientBase, schema: string, tenantId: string): Place => {
  let tables: Promise<Table[]> | undefined
  return async (part) => {
    if (part.schema !== 'tenant') return null
    const table = (await (tables ??= tablesIn(client, schema))).find(({ name }) => name === part.name)
    if (table === undefined || !part.columns.includes('tenant_id')) throw copyRefusals.refuse('copies.foreign_rows')
    return { table, part, prepare: () => refuseForeign(client, 'tenant_id', tenantId) }
  }
}

const controlPart =
  (newcomer: Newcomer) =>
  async (client: pg.ClientBase, part: Part): Promise<Placed> => {
    const carried = controlTables[part.name]
    const table = (await tablesIn(client, 'control')).find(({ name }) => name === part.name)
    if (carried === undefined || carried.tenant === null || table === undefined)
      throw copyRefusals.refuse('copies.foreign_rows')
    if (part.columns.some((column) => !table.columns.includes(column))) throw copyRefusals.refuse('copies.too_old')
    if (part.columns.some((column) => carried.columns?.includes(column) === false))
      throw copyRefusals.refuse('copies.foreign_rows')
    return { table, part, ...newcomer.into(part) }
  }

/** Rows that were migrated in a schema of their own go to where the company will live. */
async function bringOver(client: pg.ClientBase, schema: string, tenantId: string): Promise<void> {
  const tables = await tablesIn(client, 'shared')
  for (const { name, columns } of tables) {
    const list = columns.map(quoted).join(', ')
    const [from, to] = [placeOf({ schema, name }), placeOf({ schema: 'shared', name })]
    await client.query(
      `insert into ${to} (${list}) overriding system value select ${list} from ${from} where tenant_id = $1`,
      [tenantId],
    )
  }
}
