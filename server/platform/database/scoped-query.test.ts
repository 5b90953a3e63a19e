/** The contract with the inside of pg 8.23.1: a query and its scope are one round trip and one transaction. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type pg from 'pg'
import { newTenant, testApp, type TestTenant } from '../../test/harness.ts'
import { addPlant, countingProxy, ownDatabase } from './database.fixture.ts'
import type { EdgeWork } from './work.ts'

const whoami = async (work: EdgeWork): Promise<string> => {
  const { rows } = await sql<{ tenant: string }>`select current_setting('app.tenant_id') as tenant`.execute(work.db)
  return rows[0]!.tenant
}
const codes = async (work: EdgeWork): Promise<string[]> => {
  const rows = await work.db.selectFrom('plants').select('code').execute()
  return rows.map((row) => row['code'] as string)
}

for (const named of [true, false]) {
  test(`200 interleaved queries of 20 tenants over 3 connections each see their own tenant, ${named ? 'named' : 'unnamed'}`, async () => {
    await using database = await ownDatabase({ size: 3, named })
    const tenants: TestTenant[] = []
    for (let i = 0; i < 20; i += 1) {
      const tenant = await newTenant({ isolation: i < 2 ? 'schema' : 'shared' })
      await tenant.admin.write(null, (work) => addPlant(work, { code: `of ${tenant.slug}` }))
      tenants.push(tenant)
    }
    const calls = Array.from({ length: 200 }, (_, i) => tenants[(i * 7) % 20]!)
    await Promise.all(
      calls.map(async (tenant, i) => {
        const scope = tenant.admin.scope(null, 'read')
        if (i % 3 === 0) assert.equal(await database.read(scope, whoami), tenant.id)
        else assert.deepEqual(await database.read(scope, codes), [`of ${tenant.slug}`])
      }),
    )
    assert.ok(database.pool.pg.totalCount <= 3)
  })
}

test('nothing of the scope survives its query: no tenant, no path, no read-only mode', async () => {
  await using database = await ownDatabase({ size: 1 })
  const tenant = await newTenant()
  await database.read(tenant.admin.scope(null, 'read'), whoami)
  const { rows } = await database.pool.pg.query(
    `select current_setting('app.tenant_id', true) as tenant, current_setting('app.plants', true) as plants,
            current_setting('search_path') as path, current_setting('transaction_read_only') as read_only`,
  )
  assert.equal(rows[0].tenant, '')
  assert.equal(rows[0].plants, '')
  assert.doesNotMatch(rows[0].path, /shared|t_/)
  assert.equal(rows[0].read_only, 'off')
})

test('a query without a scope is an error and never an empty tenant', async () => {
  await using database = await ownDatabase({ size: 1 })
  // Before any scope the setting does not exist; after one it is empty. Both must raise.
  await assert.rejects(database.pool.pg.query('select * from shared.plants'), /app\.tenant_id/)
  await database.read((await newTenant()).admin.scope(null, 'read'), whoami)
  await assert.rejects(database.pool.pg.query('select * from shared.plants'), /invalid input syntax for type uuid: ""/)
  await assert.rejects(database.pool.pg.query('select * from plants'), /relation "plants" does not exist/)
})

const hostile = [
  `s' or true --`,
  `s'; set app.tenant_id = 'x'; --`,
  's',
  '',
  'k',
  `s\u0000`,
  `s${'a'.repeat(10_000)}`,
  's00000000-0000-0000-0000-000000000000',
  'k00000000-0000-0000-0000-000000000000',
  's{"a":1}',
  '$1',
]
test('a hostile principal opens nothing, and the connection serves the next query', async () => {
  await using database = await ownDatabase({ size: 1 })
  const tenant = await newTenant()
  for (const principal of hostile) {
    const scope = tenant.admin.scope(null, 'read')
    const open = { kind: 'scope', principal, permission: null, mode: 'read' } as const
    await assert.rejects(database.read({ ...scope, open }, whoami), { name: 'Refusal' }, principal)
    await assert.rejects(database.write({ ...scope, open: { ...open, mode: 'write' } }, whoami), { name: 'Refusal' })
    assert.equal(await database.read(scope, whoami), tenant.id)
  }
})

test('an error in the query leaves the connection whole, also under a name', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin, id } = await newTenant()
  const wrong = (work: EdgeWork) => sql`select 1 / ${0}::int`.execute(work.db)
  const missing = (work: EdgeWork) => sql`select * from nothing_like_this`.execute(work.db)
  for (let i = 0; i < 4; i += 1) {
    await assert.rejects(database.read(admin.scope(null, 'read'), wrong), { code: 'request.value_out_of_range' })
    await assert.rejects(database.read(admin.scope(null, 'read'), missing), /does not exist/)
    assert.equal(await database.read(admin.scope(null, 'read'), whoami), id)
  }
  assert.equal(database.pool.pg.totalCount, 1)
})

test('a read is one round trip, the first statement of a change too, and the commit carries the audit', async () => {
  await using counter = await countingProxy()
  await using database = await ownDatabase({ size: 1, through: counter.through })
  const { admin } = await newTenant()
  const trips = async (use: () => Promise<unknown>): Promise<number> => {
    const before = counter.syncs
    await use()
    return counter.syncs - before
  }
  const read = () => database.read(admin.scope(null, 'read'), whoami)
  const change = () =>
    database.write(admin.scope(null), async (work) => {
      await whoami(work)
      work.record({ action: 'test.done', resource: 'test' })
    })
  for (let warm = 0; warm < 3; warm += 1) {
    await read()
    await change()
  }
  assert.equal(await trips(read), 1)
  assert.equal(await trips(change), 2, 'begin + scope + statement, then audit + commit')
  assert.equal(await trips(() => database.write(admin.scope(null), (work) => whoami(work).then(() => whoami(work)))), 3)
})

test('a statement seen twice is named, so its third run is not parsed again', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin } = await newTenant()
  for (let i = 0; i < 4; i += 1) await database.read(admin.scope(null, 'read'), codes)
  const { rows } = await database.pool.pg.query(
    `select name from pg_prepared_statements where statement like '%from "plants"%' and name <> ''`,
  )
  assert.equal(rows.length, 1)
  assert.match(rows[0].name, /_(shared|t_[0-9a-f]{32}):\d+$/, 'named by schema and version')
})

test('a connection that lacks the prepared openings still never sends a query without its scope', async () => {
  const { installation } = (await testApp()).deps
  await using database = await ownDatabase({ size: 1 })
  const { admin, id } = await newTenant()
  await database.read(admin.scope(null, 'read'), whoami)
  const client = (await database.pool.pg.connect()) as pg.PoolClient & {
    connection: { parsedStatements: Record<string, string> }
  }
  await client.query('deallocate all')
  client.connection.parsedStatements = {}
  client.release()
  assert.equal(await database.read(admin.scope(null, 'read'), whoami), id)
  assert.equal(await database.write(admin.scope(null), whoami), id)
  assert.ok(installation.urls.app)
})

const addColumn = async (table: string, column: string): Promise<void> => {
  const { installation } = (await testApp()).deps
  await installation.custody.session(async (client) => {
    await client.query('set role officina_owner')
    await client.query(`alter table ${table} add column if not exists ${column} integer`)
    await client.query('reset role')
  })
}
const dropColumn = async (table: string, column: string): Promise<void> => {
  const { installation } = (await testApp()).deps
  await installation.custody.session(async (client) => {
    await client.query('set role officina_owner')
    await client.query(`alter table ${table} drop column ${column}`)
    await client.query('reset role')
  })
}

test('a table that changes its shape under a named «select *»: a read never feels it, a change is told to try again', async () => {
  await using database = await ownDatabase({ size: 1 })
  const tenant = await newTenant({ isolation: 'schema' })
  await tenant.admin.write(null, (work) => addPlant(work))
  const all = (work: EdgeWork) => work.db.selectFrom('plants').selectAll().execute()
  const scope = tenant.admin.scope(null, 'read')
  for (let i = 0; i < 3; i += 1) await database.read(scope, all)
  await addColumn(`${tenant.schema}.plants`, 'added')
  try {
    const rows = await database.read(scope, all)
    assert.ok('added' in rows[0]!)
    for (let i = 0; i < 3; i += 1) await database.write(tenant.admin.scope(null), all)
    await addColumn(`${tenant.schema}.plants`, 'added_again')
    await assert.rejects(database.write(tenant.admin.scope(null), all), { code: 'database.busy' })
    assert.ok('added_again' in (await database.write(tenant.admin.scope(null), all))[0]!)
  } finally {
    await dropColumn(`${tenant.schema}.plants`, 'added')
    await dropColumn(`${tenant.schema}.plants`, 'added_again')
  }
})

test('columns are asked for once per connection and statement, and every answer has them', async () => {
  await using database = await ownDatabase({ size: 1 })
  const tenant = await newTenant()
  const read = (n: number) =>
    database.read(tenant.admin.scope(null, 'read'), (work) =>
      sql`select ${n}::integer as n, null::text as nothing, array['a', null] as list, now() as at where ${n} <> 3`
        .execute(work.db)
        .then(({ rows }) => rows as { n: number; nothing: null; list: string[]; at: string }[]),
    )
  // From the third on the connection knows the columns; the fourth has no rows and the rest have them again.
  for (const n of [0, 1, 2, 3, 4, 5]) {
    const rows = await read(n)
    assert.equal(rows.length, n === 3 ? 0 : 1)
    if (n === 3) continue
    const { at, ...rest } = rows[0]!
    assert.deepEqual(rest, { n, nothing: null, list: ['a', null] })
    assert.match(at, /^\d{4}-\d\d-\d\dT.*Z$/)
  }
})
