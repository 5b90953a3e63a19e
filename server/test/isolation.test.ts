/**
 * Every table at work: a row of one tenant, and what another tenant's scope, a scope limited to other plants, and no
 * scope at all can do with it. Rows are made from the catalogue alone, so a new table is tried without being named
 * here; checks and foreign keys are dropped for that in a transaction that is rolled back.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import type pg from 'pg'
import { tablesOf, type Table } from './catalogue.ts'
import { newTenant, testApp } from './harness.ts'

type Column = { name: string; type: string }
/** Whose the row is: the column that says so, and its value for one tenant. */
type Owner = { tenant: string; account: string; plant: string; document: string; content: string }

const newOwner = (tenant: string): Owner => {
  const [account, plant, document, content] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()]
  return { tenant, account, plant, document, content }
}

const VALUES: Record<string, () => unknown> = {
  uuid: uuidv7,
  text: uuidv7,
  name: uuidv7,
  jsonb: () => '{}',
  bool: () => true,
  date: () => '2026-01-01',
  timestamptz: () => '2026-01-01T00:00:00Z',
  int2: () => 1,
  int4: () => 1,
  // Positions and numbers of events that the application's own may have by now.
  int8: () => randomInt(2 ** 47),
  float4: () => 1,
  float8: () => 1,
  numeric: () => 1,
  bytea: () => Buffer.from([0]),
  interval: () => '1 day',
  tsvector: () => '',
  tstzrange: () => 'empty',
  inet: () => '127.0.0.1',
}

const valueOf = ({ type }: Column): unknown => {
  if (type.startsWith('_')) return '{}'
  const make = VALUES[type]
  assert.ok(make, `give the type ${type} a value in VALUES`)
  return make()
}

async function columnsToFill(client: pg.ClientBase, table: Table): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
        and ((a.attnotnull and not a.atthasdef) or a.attname in ('tenant_id', 'account_id', 'plant_id'))`,
    [table.oid],
  )
  return rows
}

const as = (client: pg.ClientBase, role: string) => client.query(`set local role ${role}`)
const full = ({ schema, table }: Table): string => `${schema}.${table}`

/** Jobs and events of the tests before this one may still be at work on these tables: then one of the two is a deadlock's victim. */
async function alone(client: pg.ClientBase, tables: readonly Table[]): Promise<void> {
  await as(client, 'officina_owner')
  for (;;) {
    await client.query('savepoint alone')
    try {
      await client.query(`lock table ${tables.map(full).join(', ')} in access exclusive mode`)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== '40P01') throw error
      await client.query('rollback to savepoint alone')
    }
  }
}

async function lift(client: pg.ClientBase, tables: readonly Table[]): Promise<void> {
  await as(client, 'officina_owner')
  const { rows } = await client.query<{ sql: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as sql from pg_constraint
      where contype in ('c', 'f') and conrelid = any ($1) and conparentid = 0 order by contype desc`,
    [tables.map((table) => table.oid)],
  )
  for (const { sql } of rows) await client.query(sql)
  for (const table of tables) await client.query(`alter table ${full(table)} disable trigger user`)
}

/** The column and value by which a table's row is this owner's. */
function keyOf(table: Table, owner: Owner): [column: string, value: string] {
  // A ticket is an account's: it is used before a tenant is chosen.
  if (full(table) === 'control.tickets') return ['account_id', owner.account]
  if (table.columns.includes('tenant_id')) return ['tenant_id', owner.tenant]
  if (table.schema === 'control' && table.table === 'tenants') return ['id', owner.tenant]
  if (table.schema === 'control' && table.table === 'accounts') return ['id', owner.account]
  return ['account_id', owner.account]
}

async function rowOf(client: pg.ClientBase, table: Table, owner: Owner): Promise<Record<string, unknown>> {
  const columns = await columnsToFill(client, table)
  const row: Record<string, unknown> = Object.fromEntries(columns.map((column) => [column.name, valueOf(column)]))
  const [key, value] = keyOf(table, owner)
  row[key] = value
  if ('account_id' in row) row['account_id'] = owner.account
  const plant = plantColumn(table)
  if (plant !== null) row[plant] = owner.plant
  if ('document_id' in row) row['document_id'] = owner.document
  if ('sha256' in row) row['sha256'] = owner.content
  return row
}

/** Tables whose rows are seen by whoever sees the document that they hang on. */
async function hanging(client: pg.ClientBase, tables: readonly Table[]): Promise<Set<Table>> {
  const { rows } = await client.query<{ oid: number }>(
    `select polrelid::int as oid from pg_policy where polname = 'document' and not polpermissive and polrelid = any ($1)`,
    [tables.map((table) => table.oid)],
  )
  return new Set(tables.filter(({ oid }) => rows.some((row) => row.oid === oid)))
}

/** The document of a plant, and its version, for what hangs on it. */
async function giveDocument({ client, table, tables, mine }: Trial): Promise<void> {
  const named = (name: string): Table => tables.find((one) => one.table === name)!
  await insert(client, named('documents'), { ...(await rowOf(client, named('documents'), mine)), id: mine.document })
  if (table.table !== 'document_versions')
    await insert(client, named('document_versions'), await rowOf(client, named('document_versions'), mine))
}

const plantColumn = ({ table, columns }: Table): string | null =>
  table === 'plants' ? 'id' : columns.includes('plant_id') ? 'plant_id' : null

const insert = (client: pg.ClientBase, table: Table, row: Record<string, unknown>) => {
  const names = Object.keys(row)
  const places = names.map((_, i) => `$${i + 1}`)
  return client.query(
    `insert into ${full(table)} (${names.join(', ')}) values (${places.join(', ')})`,
    Object.values(row),
  )
}

/** Runs it as the application, and takes it back; the number of rows, or PostgreSQL's code. */
async function tried(client: pg.ClientBase, sql: () => Promise<pg.QueryResult>): Promise<number | string> {
  await client.query('savepoint attempt')
  await as(client, 'officina_app')
  try {
    const { rowCount } = await sql()
    return rowCount ?? 0
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await client.query('rollback to savepoint attempt')
    await client.query('reset role')
  }
}

const DENIED = '42501'
type Scope = { owner: Owner; plants: string[] | null }
async function open(client: pg.ClientBase, { owner, plants }: Scope): Promise<void> {
  await client.query('select control.set_scope($1, null, $2, $3, $4, false)', [
    owner.tenant,
    owner.account,
    plants,
    'test:0',
  ])
}

async function changeable(client: pg.ClientBase, table: Table): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped and attgenerated = ''
        and has_column_privilege('officina_app', attrelid, attnum, 'update') order by attname = 'tenant_id' desc limit 1`,
    [table.oid],
  )
  return rows[0]?.name
}

async function countOf(client: pg.ClientBase, table: Table, owner: Owner): Promise<number> {
  const [key, value] = keyOf(table, owner)
  await as(client, 'officina_custody')
  const { rowCount } = await client.query(`select 1 from ${full(table)} where ${key} = $1`, [value])
  await client.query('reset role')
  return rowCount ?? 0
}

type Trial = {
  client: pg.ClientBase
  table: Table
  tables: readonly Table[]
  mine: Owner
  other: Owner
  /** On a document, which says whose plant's it is. */
  hangs: boolean
}

/** What `scope` can do to the rows of `mine`; the answer is what went wrong. */
async function reach({ client, table, mine, other }: Trial, law: string): Promise<string[]> {
  const wrong: string[] = []
  const [key, value] = keyOf(table, mine)
  const note = (what: string, got: number | string): void => void wrong.push(`${full(table)}: ${law} ${what} (${got})`)
  const seen = await tried(client, () => client.query(`select 1 from ${full(table)} where ${key} = $1`, [value]))
  if (seen !== 0 && seen !== DENIED) note('sees it', seen)
  const row = await rowOf(client, table, mine)
  const added = await tried(client, () => insert(client, table, row))
  if (added !== DENIED) note('adds one', added)
  const column = await changeable(client, table)
  if (column !== undefined) {
    const changed = await tried(client, () => client.query(`update ${full(table)} set ${column} = ${column}`))
    if (typeof changed === 'number' && changed > (await countOf(client, table, other)))
      note(`changes ${column}`, changed)
  }
  const removed = await tried(client, () => client.query(`delete from ${full(table)} where ${key} = $1`, [value]))
  if (removed !== 0 && removed !== DENIED) note('removes it', removed)
  return wrong
}

async function tryTable(trial: Trial): Promise<string[]> {
  const { client, table, mine, other, hangs } = trial
  await client.query('savepoint whole')
  const wrong: string[] = []
  const [key, value] = keyOf(table, mine)
  const see = () => tried(client, () => client.query(`select 1 from ${full(table)} where ${key} = $1`, [value]))
  await as(client, 'officina_custody')
  if (hangs) await giveDocument(trial)
  await insert(client, table, await rowOf(client, table, mine))
  await client.query('reset role')
  // Where no scope was opened, a statement is an error, never an empty answer.
  const unscoped = await see()
  if (typeof unscoped === 'number') wrong.push(`${full(table)}: without a scope it answers`)
  await open(client, { owner: mine, plants: null })
  // A spent token is seen through its session, which this row has none of.
  if (table.app.includes('select') && full(table) !== 'control.spent_refresh_tokens') {
    const own = await see()
    if (own !== 1 && own !== DENIED) wrong.push(`${full(table)}: its own tenant sees ${own}`)
  }
  // What is mine cannot be given away either.
  if (table.app.includes('update') && key === 'tenant_id') {
    const given = await tried(client, () => client.query(`update ${full(table)} set tenant_id = $1`, [other.tenant]))
    if (given !== DENIED && given !== 0) wrong.push(`${full(table)}: is given to another tenant (${given})`)
  }
  if (hangs || plantColumn(table) !== null) {
    await open(client, { owner: mine, plants: [other.plant] })
    wrong.push(...(await reach(trial, "another plant's user")))
    await open(client, { owner: mine, plants: [] })
    wrong.push(...(await reach(trial, 'a user of no plant')))
    await open(client, { owner: mine, plants: [mine.plant] })
    const own = await see()
    if (table.app.includes('select') && own !== 1) wrong.push(`${full(table)}: its own plant's user sees ${own}`)
  }
  await open(client, { owner: other, plants: null })
  wrong.push(...(await reach(trial, 'another tenant')))
  await client.query('rollback to savepoint whole')
  return wrong
}

/** tables.test.ts holds what is excused to have no tenant and no account. */
const isOfSomebody = ({ table, columns }: Table): boolean =>
  ['tenants', 'accounts'].includes(table) || columns.includes('tenant_id') || columns.includes('account_id')

for (const schema of ['control', 'shared', 'own'] as const) {
  test(`${schema}: no table shows, takes, changes or loses a row of another tenant or of a plant out of scope`, async () => {
    const [a, b] = [
      await newTenant({ isolation: schema === 'own' ? 'schema' : 'shared' }),
      await newTenant({ isolation: 'shared' }),
    ]
    const [mine, other] = [newOwner(a.id), newOwner(b.id)]
    const { custody } = (await testApp()).deps.installation
    await custody.session(async (client) => {
      const all = await tablesOf(client, [schema === 'own' ? a.schema : schema])
      const tables = all.filter(isOfSomebody)
      assert.ok(tables.length >= 5)
      await client.query('begin')
      try {
        await alone(client, tables)
        await lift(client, tables)
        // The tenants themselves are in the way of making them.
        if (schema === 'control') mine.tenant = uuidv7()
        const wrong: string[] = []
        const ofDocuments = await hanging(client, tables)
        assert.ok(schema === 'control' || ofDocuments.size >= 10)
        for (const table of tables)
          wrong.push(...(await tryTable({ client, table, tables, mine, other, hangs: ofDocuments.has(table) })))
        assert.deepEqual(wrong, [])
      } finally {
        await client.query('rollback')
      }
    })
  })
}
