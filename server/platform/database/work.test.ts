import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant } from '../../test/harness.ts'
import { addPlant, countPlants, ownDatabase } from './database.fixture.ts'
import { Refusal } from '../refusal.ts'
import type { Database, EdgeWork } from './work.ts'

const audited = async (work: EdgeWork): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from audit`.execute(work.db)
  return rows[0]!.n
}
const pid = async (work: EdgeWork): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(work.db)
  return rows[0]!.pid
}
/** The application's log-in may end its own backends; what breaks is what a failover breaks. */
const kill = (database: Database, one: number) => database.lookup(sql`select pg_terminate_backend(${one})`)

test('another tenant cannot be written to: not inserted, updated, deleted or seen', async () => {
  const [a, b] = [await newTenant(), await newTenant()]
  const id = await a.admin.write(null, (work) => addPlant(work))
  await assert.rejects(
    b.admin.write(null, (work) => addPlant(work, { tenant: a.id })),
    /row-level security/,
  )
  const update = b.admin.write(null, (work) =>
    work.db.updateTable('plants').set({ name: 'taken' }).where('id', '=', id).execute(),
  )
  if (a.schema === b.schema) assert.equal(Number((await update)[0]!.numUpdatedRows), 0)
  else await update
  assert.equal(await b.admin.read(null, countPlants), 0)
  await assert.rejects(
    b.admin.write(null, (work) => work.db.deleteFrom('plants').where('id', '=', id).execute()),
    /permission denied/,
  )
  const moved = a.admin.write(null, (work) =>
    work.db.updateTable('plants').set({ tenant_id: b.id }).where('id', '=', id).execute(),
  )
  await assert.rejects(moved, /row-level security/)
})

for (const open of ['read', 'snapshot'] as const) {
  test(`${open}: a write is refused by PostgreSQL itself`, async () => {
    await using database = await ownDatabase()
    const { admin } = await newTenant()
    const scope = admin.scope(null, 'read')
    await assert.rejects(
      database[open](scope, (work) => addPlant(work)),
      /read-only transaction/,
    )
    const lift = (work: EdgeWork) => sql`select set_config('transaction_read_only', 'off', true)`.execute(work.db)
    await assert.rejects(database[open](scope, lift), /read-write mode/)
    assert.equal(await database.read(scope, countPlants), 0)
  })
}

test('a read that would record or act after a commit is a bug, not a silence', async () => {
  const { admin } = await newTenant()
  await assert.rejects(
    admin.read(null, async (work) => work.record({ action: 'x', resource: 'y' })),
    /commits nothing/,
  )
  await assert.rejects(
    admin.read(null, async (work) => work.afterCommit(() => undefined)),
    /commits nothing/,
  )
})

test('a read or write without any statement is still checked', async () => {
  await using database = await ownDatabase()
  const { admin } = await newTenant()
  const scope = admin.scope('no.such_permission', 'read')
  for (const open of ['read', 'snapshot', 'write'] as const) {
    await assert.rejects(
      database[open](scope, () => Promise.resolve('seen')),
      { code: 'auth.forbidden' },
      open,
    )
  }
})

test('statements of a snapshot agree though another commits between them', async () => {
  await using database = await ownDatabase()
  const { admin } = await newTenant()
  const counts = await database.snapshot(admin.scope(null, 'read'), async (work) => {
    const before = await countPlants(work)
    await admin.write(null, (other) => addPlant(other))
    return [before, await countPlants(work)]
  })
  assert.deepEqual(counts, [0, 0])
  assert.equal(await admin.read(null, countPlants), 1)
})

test('a change and its audit are one: both there after the commit, neither after a failure', async () => {
  const { admin } = await newTenant()
  const change = (fail: boolean) =>
    admin.write(null, async (work) => {
      const id = await addPlant(work)
      work.record({
        action: 'plants.created',
        resource: 'plant',
        resource_id: id,
        after: { name: `it's "quoted" \\ €` },
      })
      if (fail) throw new Error('the use case failed')
    })
  await change(false)
  assert.deepEqual([await admin.read(null, countPlants), await admin.read(null, audited)], [1, 1])
  await assert.rejects(change(true), /the use case failed/)
  assert.deepEqual([await admin.read(null, countPlants), await admin.read(null, audited)], [1, 1])
  const rows = await admin.read(null, (work) => work.db.selectFrom('audit').selectAll().execute())
  const { actor_kind, actor_id, action, after, request_id, ip, tenant_id } = rows[0]!
  assert.deepEqual(
    { actor_kind, actor_id, action, after, request_id, ip, tenant_id },
    {
      ...{
        actor_kind: 'user',
        actor_id: admin.userId,
        action: 'plants.created',
        after: { name: `it's "quoted" \\ €` },
      },
      ...{ request_id: 'test', ip: '127.0.0.1', tenant_id: admin.tenantId },
    },
  )
})

test('an audit row that cannot be written takes its change back', async () => {
  const { admin } = await newTenant()
  const change = admin.write(null, async (work) => {
    await addPlant(work)
    work.record({ action: 'plants.created', resource: 'plant', resource_id: 'no uuid' })
  })
  await assert.rejects(change)
  assert.equal(await admin.read(null, countPlants), 0)
})

test('a use case that swallows a failed statement does not look like a success', async () => {
  const { admin } = await newTenant()
  const swallowing = admin.write(null, async (work) => {
    await addPlant(work)
    await sql`select 1 / 0`.execute(work.db).catch(() => undefined)
    return 'fine'
  })
  await assert.rejects(swallowing, /rolled back/)
  assert.equal(await admin.read(null, countPlants), 0)
})

test('after the commit: in order, once, not after a failure; and what fails there does not undo the answer', async () => {
  const { admin } = await newTenant()
  const told: string[] = []
  const answer = await admin.write(null, async (work) => {
    work.afterCommit(() => void told.push('first'))
    work.afterCommit(() => Promise.reject(new Error('the mail server is away')))
    work.afterCommit(async () => void told.push(`${await admin.read(null, countPlants)} seen from outside`))
    await addPlant(work)
    assert.deepEqual(told, [])
    return 'done'
  })
  assert.equal(answer, 'done')
  assert.deepEqual(told, ['first', '1 seen from outside'])
  const failing = admin.write(null, async (work) => {
    work.afterCommit(() => void told.push('never'))
    throw new Error('no')
  })
  await assert.rejects(failing)
  assert.equal(told.length, 2)
})

test('statements sent at once share the transaction', async () => {
  const { admin } = await newTenant()
  const pids = await admin.write(null, (work) =>
    Promise.all([pid(work), pid(work), addPlant(work).then(() => pid(work))]),
  )
  assert.equal(new Set(pids).size, 1)
  assert.equal(await admin.read(null, countPlants), 1)
})

test('a use case that fails while its first statement still waits gives its connection back', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin } = await newTenant()
  const failing = database.write(admin.scope(null), async (work) => {
    void addPlant(work).catch(() => undefined)
    throw new Error('failed early')
  })
  await assert.rejects(failing, /failed early/)
  assert.equal(await database.read(admin.scope(null, 'read'), countPlants), 0)
  assert.equal(database.pool.pg.idleCount, database.pool.pg.totalCount)
})

test('a Work that was kept is of no use once it has ended: its connection serves others', async () => {
  const { admin } = await newTenant()
  let kept: EdgeWork | undefined
  await admin.write(null, async (work) => {
    kept = work
    await countPlants(work)
  })
  await assert.rejects(countPlants(kept!), /has ended/)
  await assert.rejects(
    admin.write(null, (work) => countPlants((kept = work)).then(() => assert.fail('stop'))),
    /stop/,
  )
  await assert.rejects(countPlants(kept!), /has ended/)
})

test('no free connection within five seconds is a refusal with Retry-After, for reads, changes and look-ups', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin } = await newTenant()
  const client = await database.pool.pg.connect()
  const unavailable = (error: unknown): true => {
    assert.ok(error instanceof Refusal, String(error))
    assert.deepEqual([error.code, error.kind, error.retryAfterS], ['database.unavailable', 'unavailable', 2])
    return true
  }
  await Promise.all([
    assert.rejects(database.read(admin.scope(null, 'read'), countPlants), unavailable),
    assert.rejects(database.write(admin.scope(null), countPlants), unavailable),
    assert.rejects(database.snapshot(admin.scope(null, 'read'), countPlants), unavailable),
    assert.rejects(database.lookup(sql`select 1`), unavailable),
  ])
  client.release()
  assert.equal(await database.read(admin.scope(null, 'read'), countPlants), 0)
})

test('a backend that dies under a statement: a refusal, and the next request is served', async () => {
  await using database = await ownDatabase({ size: 2 })
  const { admin } = await newTenant()
  const started = Promise.withResolvers<number>()
  const change = database.write(admin.scope(null), async (work) => {
    started.resolve(await pid(work))
    await addPlant(work)
    await sql`select pg_sleep(20)`.execute(work.db)
  })
  // Listened to before it can happen.
  const refused = assert.rejects(change, { code: 'database.unavailable' })
  const victim = await started.promise
  await sleep(50)
  await kill(database, victim)
  await refused
  assert.equal(await database.read(admin.scope(null, 'read'), countPlants), 0)
  assert.equal(await database.write(admin.scope(null), countPlants), 0)
})

test('a backend that dies between two statements ends that change and not the process', async () => {
  await using database = await ownDatabase({ size: 2 })
  const { admin } = await newTenant()
  const change = database.write(admin.scope(null), async (work) => {
    await addPlant(work)
    await kill(database, await pid(work))
    await sleep(100)
    await addPlant(work)
  })
  await assert.rejects(change, { code: 'database.unavailable' })
  assert.equal(await database.read(admin.scope(null, 'read'), countPlants), 0)
})

test('a backend that dies while idle is not noticed by the next request', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin } = await newTenant()
  const victim = await database.read(admin.scope(null, 'read'), pid)
  await (await newTenant()).admin.read(null, (work) => sql`select pg_terminate_backend(${victim})`.execute(work.db))
  await sleep(100)
  assert.notEqual(await database.read(admin.scope(null, 'read'), pid), victim)
})

test('what takes longer than the statement may is «busy», and so is a lock that does not come', async () => {
  await using database = await ownDatabase({ size: 2 })
  const { admin } = await newTenant()
  const slow = database.write(admin.scope(null), async (work) => {
    await sql`set local statement_timeout = '50ms'`.execute(work.db)
    await sql`select pg_sleep(5)`.execute(work.db)
  })
  await assert.rejects(slow, { code: 'database.busy', retryAfterS: 1 })
  const id = await admin.write(null, (work) => addPlant(work))
  const lock = (work: EdgeWork) => work.db.selectFrom('plants').select('id').where('id', '=', id).forUpdate().execute()
  await database.write(admin.scope(null), async (first) => {
    await lock(first)
    const second = database.write(admin.scope(null), async (work) => {
      await sql`set local lock_timeout = '50ms'`.execute(work.db)
      await lock(work)
    })
    await assert.rejects(second, { code: 'database.busy' })
  })
})

test('two changes that wait for each other: one is «busy», the other is done', async () => {
  await using database = await ownDatabase({ size: 2 })
  const { admin } = await newTenant()
  const ids = [await admin.write(null, (work) => addPlant(work)), await admin.write(null, (work) => addPlant(work))]
  const touch = (work: EdgeWork, id: string) =>
    work.db.updateTable('plants').set({ name: 'x' }).where('id', '=', id).execute()
  const { promise: bothHold, resolve } = Promise.withResolvers<void>()
  let holding = 0
  const both = async (order: string[]) =>
    database.write(admin.scope(null), async (work) => {
      await touch(work, order[0]!)
      if (++holding === 2) resolve()
      await bothHold
      await touch(work, order[1]!)
    })
  const ends = await Promise.allSettled([both(ids), both(ids.toReversed())])
  assert.deepEqual(ends.map((end) => end.status).toSorted(), ['fulfilled', 'rejected'])
  const failed = ends.find((end) => end.status === 'rejected')!
  assert.equal((failed.reason as Refusal).code, 'database.busy')
})

test('timestamps are RFC 3339 in UTC, days and decimals are text, counts are numbers', async () => {
  const { admin } = await newTenant()
  const { rows } = await admin.read(null, (work) =>
    sql`select timestamptz '2026-03-29 03:30:00.123+02' as at, timestamptz '2026-01-01 00:00:00Z' as whole,
               date '2026-02-28' as day, 1.10::numeric as money, 9007199254740991::bigint as count`.execute(work.db),
  )
  assert.deepEqual(rows[0], {
    ...{ at: '2026-03-29T01:30:00.123Z', whole: '2026-01-01T00:00:00Z', day: '2026-02-28', money: '1.10' },
    count: 9_007_199_254_740_991,
  })
})
