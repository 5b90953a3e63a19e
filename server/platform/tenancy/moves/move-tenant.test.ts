import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { CompiledQuery, sql } from 'kysely'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { tablesIn } from '#platform/copies/tables.ts'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { newWorld } from '#test/specimens.ts'
import { Refusal } from '../../refusal.ts'
import { schemaOf, type Isolation } from '../create-tenant.ts'
import { clearBrokenMoves } from './clear-broken-moves.ts'
import { catchUp, copyAll } from './copy-rows.ts'
import { estimateMove } from './estimate-move.ts'
import { movedTables } from './moved-table.ts'
import { asMover } from './mover.ts'
import { moveTenant, type Moved } from './move-tenant.ts'

const silent = (): void => undefined
const door = async () => (await testApp()).deps.installation.custody
const inCustody = async <T>(use: (custody: Custody<AllTables>) => Promise<T>): Promise<T> => (await door()).run(use)

const moveTo = async ({ id }: TestTenant, to: Isolation, say: (line: string) => void = silent): Promise<Moved> =>
  moveTenant(await door(), id, { to, say, record: () => Promise.resolve() })

const other = (isolation: Isolation): Isolation => (isolation === 'shared' ? 'schema' : 'shared')

const allRows = (place: string, { id }: TestTenant): Promise<Map<string, string[]>> =>
  inCustody(async ({ db }) => {
    const found = new Map<string, string[]>()
    for (const { name } of await (await door()).session((client) => tablesIn(client, place))) {
      const query = sql<{ row: string }>`
        select t::text as row from ${sql.id(place, name)} t where tenant_id = ${id} order by 1`
      found.set(
        name,
        (await query.execute(db)).rows.map(({ row }) => row),
      )
    }
    return found
  })
/** Every row of a company in one of its two places, as text; where there is no such schema: none. */
const rowsIn = (tenant: TestTenant, isolation: Isolation) => allRows(schemaOf(tenant.id, isolation), tenant)

const nothing = (rows: Map<string, string[]>): boolean => [...rows.values()].every((list) => list.length === 0)

const refused = async (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.code : Promise.reject(error as Error)),
  )

const placeOf = (tenant: TestTenant) =>
  inCustody(({ db }) =>
    db
      .selectFrom('control.tenants')
      .select(['isolation', 'schema_name', 'moving'])
      .where('id', '=', tenant.id)
      .executeTakeFirstOrThrow(),
  )

const exists = (schema: string) =>
  inCustody(async ({ db }) => {
    const query = sql<{ there: boolean }>`
      select exists (select from pg_namespace where nspname = ${schema})
          or exists (select from control.migrations where schema = ${schema}) as there`
    return (await query.execute(db)).rows[0]!.there
  })

test('a company lives in the other place after a move, row by row as it was, and nothing of it is left behind', async () => {
  const [tenant, neighbour] = [await newTenant({ isolation: 'shared' }), await newTenant({ isolation: 'shared' })]
  await newWorld(neighbour)
  const { plantId } = await newWorld(tenant)
  const before = await rowsIn(tenant, 'shared')
  const theirs = await rowsIn(neighbour, 'shared')
  assert.ok(['plants', 'plant_registries', 'obligations', 'audit'].every((name) => before.get(name)!.length > 0))
  for (const to of ['schema', 'shared', 'schema', 'shared'] as const) {
    const moved = await moveTo(tenant, to)
    assert.deepEqual([moved.isolation, moved.cleared, moved.rows], [to, true, [...before.values()].flat().length])
    const schema_name = schemaOf(tenant.id, to)
    assert.deepEqual(await placeOf(tenant), { isolation: to, schema_name, moving: false })
    assert.deepEqual(await rowsIn(tenant, to), before)
    assert.ok(nothing(await rowsIn(tenant, other(to))))
    assert.equal(await exists(schemaOf(tenant.id, 'schema')), to === 'schema')
    assert.equal((await tenant.admin.call('GET', `/plants/${plantId}`)).status, 200)
    assert.equal((await tenant.admin.call('GET', `/plants/${plantId}`)).status, 200)
  }
  assert.deepEqual(await rowsIn(neighbour, 'shared'), theirs)
  assert.equal((await tenant.admin.call('PATCH', `/plants/${plantId}`, { notes: 'moved' })).status, 200)
})

test('what is added, changed, exchanged and removed while the rows are copied is brought over', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  const { plantId } = await newWorld(tenant)
  const plants = [await plantOf(tenant), await plantOf(tenant), await plantOf(tenant)] as const
  const [one, two, gone] = plants
  const target = (await newTenant({ isolation: 'schema' })).schema
  const change = (text: string, ...values: unknown[]) =>
    inCustody(({ db }) => db.executeQuery(CompiledQuery.raw(text, [tenant.id, ...values])))
  const code = (id: string, to: string) =>
    change('update shared.plants set code = $3 where tenant_id = $1 and id = $2', id, to)
  await code(one, 'ONE')
  await code(two, 'TWO')
  await asMover(await door(), async (mover) => {
    const tables = await movedTables(mover.client, 'shared', target)
    const first = await copyAll(mover, tenant.id, tables, silent)
    // Two exchange their codes, a third one's is taken by a new plant that comes before it, and rows go that others refer to.
    await code(one, 'MEANWHILE')
    await code(two, 'ONE')
    await code(one, 'TWO')
    const added = await plantOf(tenant)
    await change(
      `insert into shared.sensors (tenant_id, id, plant_id, name, unit)
       select $1, gen_random_uuid(), p, 'Power', 'kW' from unnest($2::uuid[]) p`,
      [one, added],
    )
    await change('delete from shared.plants where tenant_id = $1 and id = $2', gone)
    await code(added, gone.slice(-12))
    await tenant.admin.call('PATCH', `/plants/${plantId}`, { notes: 'while it is copied' })
    const second = await catchUp(mover, tenant.id, tables, first)
    assert.ok(second.changes >= 7)
    assert.deepEqual(await allRows(target, tenant), await rowsIn(tenant, 'shared'))
    await change('delete from shared.sensors where tenant_id = $1 and plant_id = $2', added)
    await change('delete from shared.plants where tenant_id = $1 and id = $2', added)
    const third = await catchUp(mover, tenant.id, tables, second.copy)
    // Whoever else writes in this database while it is looked makes some rows seem changed that are not.
    assert.ok(third.changes >= 2)
    await catchUp(mover, tenant.id, tables, third.copy)
  })
  assert.deepEqual(await allRows(target, tenant), await rowsIn(tenant, 'shared'))
})

/** A connection with the application's log-in that does what it is told, and no more. */
async function byHand(use: (client: pg.Client) => Promise<void>): Promise<void> {
  const { urls } = (await testApp()).deps.installation
  const client = new pg.Client({ connectionString: urls.app })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
const open = (client: pg.Client, { admin }: TestTenant, mode: 'read' | 'write') =>
  client.query("select set_config('search_path', control.open_scope($1, 'plants.write', $2), true)", [
    `s${admin.sessionId}`,
    mode,
  ])

/** Says once what a move says, as soon as it says it. */
function hearing(
  tenant: TestTenant,
  to: Isolation,
): { moving: Promise<Moved>; heard: (part: string) => Promise<void> } {
  const lines: string[] = []
  const moving = moveTo(tenant, to, (line) => void lines.push(line))
  const said = async (part: string): Promise<void> => {
    while (!lines.some((line) => line.includes(part))) await sleep(5)
  }
  return { moving, heard: (part) => Promise.race([said(part), moving.then(() => assert.fail(`never said: ${part}`))]) }
}

test('a change that opened its scope before the last step and writes late is not lost: the step waits for it', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  const id = uuidv7()
  await byHand(async (client) => {
    await client.query('begin')
    await open(client, tenant, 'write')
    const { moving, heard } = hearing(tenant, 'schema')
    // Its first write comes when the last step was tried already: until here it had not even a transaction id.
    await heard('holds up the last step')
    await client.query(
      `insert into plants (tenant_id, id, name, code, type, status, search_text)
       values ($1, $2, 'Late', 'LATE', 'Wind', 'In Operation', '')`,
      [tenant.id, id],
    )
    await client.query('commit')
    assert.equal((await moving).isolation, 'schema')
  })
  assert.equal((await tenant.admin.call('GET', `/plants/${id}`)).body.name, 'Late')
})

test('while the last step waits, changes are refused with 503 and Retry-After, also sign-ins and the machine, and reads go on', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  const plantId = await plantOf(tenant)
  await byHand(async (client) => {
    await client.query('begin')
    await open(client, tenant, 'write')
    const moving = moveTo(tenant, 'schema')
    const change = () => tenant.admin.call('PATCH', `/plants/${plantId}`, { notes: 'x' })
    let answer = await change()
    while (answer.status === 200) answer = await change()
    assert.deepEqual(
      [answer.status, answer.body.error.code, answer.headers['retry-after']],
      [503, 'tenant.moving', '2'],
    )
    const scopes = [
      { ...tenant.admin.scope(null, 'self') },
      { ...tenant.admin.scope(null), open: { kind: 'system' } as const },
    ]
    const { database } = (await testApp()).deps.installation
    for (const scope of scopes)
      assert.equal(await refused(database.write(scope, ({ db }) => sql`select 1`.execute(db))), 'tenant.moving')
    for (const path of [`/plants/${plantId}`, '/auth/sessions', '/auth/me', '/tenant'])
      assert.equal((await tenant.admin.call('GET', path)).status, 200, path)
    await database.read(scopes[1]!, ({ db }) => sql`select id from plants`.execute(db))
    await client.query('commit')
    await moving
  })
})

test('who opened a scope before the switch and reads after it finds the company whole', async () => {
  for (const [from, to] of [
    ['shared', 'schema'],
    ['schema', 'shared'],
  ] as const) {
    const tenant = await newTenant({ isolation: from })
    const plantId = await plantOf(tenant)
    await byHand(async (client) => {
      await client.query('begin')
      await open(client, tenant, 'read')
      const { moving, heard } = hearing(tenant, to)
      await heard('writers go on')
      assert.equal((await placeOf(tenant)).isolation, to)
      await sleep(100)
      const { rows } = await client.query('select id from plants where tenant_id = $1', [tenant.id])
      assert.deepEqual(rows, [{ id: plantId }])
      // Others write in the new place already.
      assert.equal((await tenant.admin.call('PATCH', `/plants/${plantId}`, { notes: from })).status, 200)
      await client.query('commit')
      assert.equal((await moving).cleared, true)
    })
    assert.ok(nothing(await rowsIn(tenant, from)))
  }
})

const KILL_MOVER = `
  select pg_terminate_backend(pid) from pg_locks
   where locktype = 'advisory' and objid::bigint = hashtext('officina.move')::bit(32)::bigint and pid <> pg_backend_pid()`

for (const from of ['shared', 'schema'] as const) {
  const to = other(from)
  test(`a move from ${from} that is broken off while it copies leaves the company where it was; the rest is cleared away`, async () => {
    const tenant = await newTenant({ isolation: from })
    await newWorld(tenant)
    const before = await rowsIn(tenant, from)
    const broken = moveTo(tenant, to, (line) => {
      if (line.includes('changed meanwhile')) throw new Error('broken off')
    })
    await assert.rejects(broken, /broken off/)
    assert.deepEqual(await placeOf(tenant), { isolation: from, schema_name: schemaOf(tenant.id, from), moving: false })
    assert.deepEqual(await rowsIn(tenant, from), before)
    assert.ok(nothing(await rowsIn(tenant, to)))
  })

  test(`what a killed mover from ${from} has left is cleared away, and never the rows that live`, async () => {
    const tenant = await newTenant({ isolation: from })
    await newWorld(tenant)
    const before = await rowsIn(tenant, from)
    const custody = await door()
    let killing: Promise<unknown> | undefined
    const killed = moveTo(tenant, to, (line) => {
      if (line.startsWith('plants')) killing = custody.session((client) => client.query(KILL_MOVER))
    })
    await assert.rejects(killed)
    await killing
    assert.deepEqual(await placeOf(tenant), { isolation: from, schema_name: schemaOf(tenant.id, from), moving: true })
    assert.equal((await tenant.admin.call('GET', '/plants')).status, 200)
    assert.ok((await clearBrokenMoves(await door())).includes(tenant.slug))
    assert.equal((await placeOf(tenant)).moving, false)
    assert.deepEqual(await rowsIn(tenant, from), before)
    assert.ok(nothing(await rowsIn(tenant, to)))
    // Nothing stands in the way of the next one.
    assert.equal((await moveTo(tenant, to)).isolation, to)
    assert.deepEqual(await rowsIn(tenant, to), before)
  })
}

test('a mover that is killed after the switch leaves a company that lives in the new place', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  await plantOf(tenant)
  const before = await rowsIn(tenant, 'shared')
  const killed = moveTo(tenant, 'schema', (line) => {
    if (line.includes('writers go on')) throw new Error('broken off')
  })
  await assert.rejects(killed, /broken off/)
  assert.deepEqual(await rowsIn(tenant, 'schema'), before)
  assert.ok(nothing(await rowsIn(tenant, 'shared')))
})

test('a move is refused where it makes no sense, and changes nothing', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  assert.equal(await refused(moveTo(tenant, 'shared')), 'moves.already_there')
  assert.equal(await refused(estimateMove(await door(), tenant.id, 'shared')), 'moves.already_there')
  assert.equal(await refused(moveTo({ ...tenant, id: uuidv7() }, 'schema')), 'tenants.not_found')
  const under = await asMover(await door(), () => refused(moveTo(tenant, 'schema')))
  assert.equal(under, 'moves.under_way')
  await (
    await door()
  ).session(async (client) => {
    await client.query("select pg_advisory_lock(hashtext('officina.migrate'))")
    assert.equal(await refused(moveTo(tenant, 'schema')), 'moves.migrating')
    await client.query("select pg_advisory_unlock(hashtext('officina.migrate'))")
  })
  const set = (values: object) =>
    inCustody(({ db }) => db.updateTable('control.tenants').set(values).where('id', '=', tenant.id).execute())
  await set({ schema_version: 1 })
  assert.equal(await refused(moveTo(tenant, 'schema')), 'moves.versions_differ')
  assert.equal(await exists(schemaOf(tenant.id, 'schema')), false)
  await set({ deleted_at: new Date().toISOString() })
  assert.equal(await refused(moveTo(tenant, 'schema')), 'tenants.not_found')
})

test('a suspended company is moved', async () => {
  const tenant = await newTenant({ isolation: 'shared', status: 'Suspended' })
  assert.equal((await moveTo(tenant, 'schema')).isolation, 'schema')
})

test('an estimate counts every row and moves none', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  await newWorld(tenant)
  const { rows, tables, estimated_pause_ms } = await estimateMove(await door(), tenant.id, 'schema')
  const here = await rowsIn(tenant, 'shared')
  assert.deepEqual(
    new Map(tables.map(({ name, rows: count }) => [name, count])),
    new Map([...here].map(([name, list]) => [name, list.length])),
  )
  assert.equal(rows, [...here.values()].flat().length)
  assert.ok(estimated_pause_ms > 0)
  assert.equal((await placeOf(tenant)).moving, false)
})

test('every entry of the trail is chained, also what was written around a move', async () => {
  const tenant = await newTenant({ isolation: 'shared' })
  const plantId = await plantOf(tenant)
  let over = false
  const writing = (async () => {
    for (let n = 0; !over; n += 1) await tenant.admin.call('PATCH', `/plants/${plantId}`, { notes: `${n}` })
  })()
  for (const to of ['schema', 'shared', 'schema'] as const) await moveTo(tenant, to)
  over = true
  await writing
  const unchained = () =>
    inCustody(async ({ db }) => {
      const query = sql<{ id: string }>`
        select a.id from ${sql.id(schemaOf(tenant.id, 'schema'))}.audit a where a.tenant_id = ${tenant.id}
           and not exists (select from control.audit_chain c where c.tenant_id = a.tenant_id and c.audit_id = a.id)`
      return (await query.execute(db)).rows
    })
  for (let tries = 0; tries < 100 && (await unchained()).length > 0; tries += 1) await sleep(50)
  assert.deepEqual(await unchained(), [])
})

test('tables are such that a move can bring them over: no actions of foreign keys, no sequences, no partitions', async () => {
  const laws = {
    'a foreign key that acts, or that cannot be deferred': `
      select c.conname as name from pg_constraint c where c.connamespace = 'shared'::regnamespace and c.contype = 'f'
         and (not c.condeferrable or c.confdeltype <> 'a' or c.confupdtype <> 'a')`,
    'a sequence, or an identity, whose value would stay behind': `
      select sequencename as name from pg_sequences where schemaname = 'shared'`,
    'a partition: rows are told apart by their place in one table': `
      select relname as name from pg_class where relnamespace = 'shared'::regnamespace and relkind = 'p'`,
  }
  const looked = await (
    await door()
  ).session(async (client) => {
    for (const [law, text] of Object.entries(laws))
      assert.deepEqual((await client.query<{ name: string }>(text)).rows, [], law)
    return client.query("select 1 from pg_constraint where connamespace = 'shared'::regnamespace and contype = 'f'")
  })
  assert.ok(looked.rows.length > 0)
})
