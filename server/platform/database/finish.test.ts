/** A change in one statement with its trail: scope, change, trail and commit are one round trip and one transaction. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, type TestUser } from '../../test/harness.ts'
import { addPlant, countingProxy, countPlants, ownDatabase } from './database.fixture.ts'
import type { Change, EdgeWork } from './work.ts'

type Made = { id: string; name: string }
const entryOf = (id: string) => ({ action: 'plants.created', resource: 'plant', resource_id: id, after: { name: 'x' } })
const insertion = (work: EdgeWork, id: string, more: { if?: boolean; power?: number } = {}): Change<Made> =>
  sql`
  insert into plants (tenant_id, id, name, code, type, status, search_text, power_kw)
  select ${work.tenantId}, ${id}, 'x', ${id}, 'Wind', 'In Operation', 'x', 1 / ${more.power ?? 1}::int where ${more.if ?? true}::boolean
  returning id, name`.compile(work.db)
const add = (work: EdgeWork, more: { if?: boolean; power?: number; id?: string } = {}): Promise<Made[]> => {
  const id = more.id ?? uuidv7()
  return work.finish(insertion(work, id, more), entryOf(id))
}
const seen = (user: TestUser): Promise<[number, number]> =>
  user.read(null, async (work) => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from audit`.execute(work.db)
    return [await countPlants(work), rows[0]!.n]
  })

for (const named of [true, false]) {
  test(`one round trip for a change and its trail, ${named ? 'named' : 'unnamed'}`, async () => {
    await using counter = await countingProxy()
    await using database = await ownDatabase({ size: 1, named, through: counter.through })
    const { admin } = await newTenant()
    for (let time = 1; time <= 4; time += 1) {
      const id = uuidv7()
      const before = counter.syncs
      const rows = await database.write(admin.scope(null), (work) => add(work, { id }))
      if (time > 1) assert.equal(counter.syncs - before, 1)
      assert.deepEqual(rows, [{ id, name: 'x' }])
      assert.deepEqual(await seen(admin), [time, time])
    }
  })
}

test('the entry says who did what, as any other does', async () => {
  const { admin } = await newTenant()
  const id = uuidv7()
  await admin.write(null, (work) => add(work, { id }))
  await admin.write(null, async (work) => work.record(entryOf(id)))
  const rows = await admin.read(null, (work) => work.db.selectFrom('audit').selectAll().orderBy('at').execute())
  // What is each entry's own.
  const own = { id: '', at: '', contents_salt: '', ip_salt: '' }
  const [finished, recorded] = rows.map((row) => ({ ...row, ...own }))
  assert.deepEqual(finished, recorded)
})

test('where no row is returned nothing has happened, no entry is written, and the Work goes on', async () => {
  const { admin } = await newTenant()
  await admin.write(null, async (work) => {
    assert.deepEqual(await add(work, { if: false }), [])
    assert.equal(await countPlants(work), 0)
    assert.equal((await add(work)).length, 1)
  })
  assert.deepEqual(await seen(admin), [1, 1])
  await admin.write(null, (work) => add(work, { if: false }))
  assert.deepEqual(await seen(admin), [1, 1])
})

test('a statement that fails leaves neither change nor entry, and says why', async () => {
  await using database = await ownDatabase({ size: 1 })
  const { admin } = await newTenant()
  const scope = admin.scope(null)
  await database.write(scope, (work) => add(work))
  for (let i = 0; i < 3; i += 1) {
    await assert.rejects(
      database.write(scope, (work) => add(work, { power: 0 })),
      { code: 'request.value_out_of_range' },
    )
    const wrongEntry = database.write(scope, (work) =>
      work.finish(insertion(work, uuidv7()), { action: 'x', resource: 'plant', resource_id: 'no uuid' }),
    )
    await assert.rejects(wrongEntry, { code: 'request.value_out_of_range' })
    await assert.rejects(
      database.write({ ...scope, open: { ...scope.open, permission: 'no.such' } as typeof scope.open }, (work) =>
        add(work),
      ),
      { code: 'auth.forbidden' },
    )
  }
  assert.deepEqual(await seen(admin), [1, 1])
  assert.equal(database.pool.pg.totalCount, 1)
})

test('after another statement or entry it is part of the transaction: it ends with it, or is taken back with it', async () => {
  const { admin } = await newTenant()
  const twoThen = (fail: boolean) =>
    admin.write(null, async (work) => {
      await addPlant(work)
      await add(work)
      if (fail) throw new Error('the use case failed')
      await addPlant(work)
    })
  await assert.rejects(twoThen(true), /the use case failed/)
  assert.deepEqual(await seen(admin), [0, 0])
  await twoThen(false)
  assert.deepEqual(await seen(admin), [3, 1])
  const recordedFirst = (fail: boolean) =>
    admin.write(null, async (work) => {
      work.record({ action: 'x', resource: 'y' })
      await add(work)
      if (fail) throw new Error('the use case failed')
    })
  await assert.rejects(recordedFirst(true), /the use case failed/)
  await recordedFirst(false)
  assert.deepEqual(await seen(admin), [4, 3])
})

test('a finished Work does nothing more; what waits for the commit runs then', async () => {
  const { admin } = await newTenant()
  const told: string[] = []
  await admin.write(null, async (work) => {
    work.afterCommit(async () => void told.push(`${await admin.read(null, countPlants)} seen from outside`))
    const finishing = add(work)
    await assert.rejects(countPlants(work), /has ended/)
    await finishing
    await assert.rejects(countPlants(work), /has ended/)
    await assert.rejects(add(work), /has ended/)
    assert.throws(() => work.record({ action: 'x', resource: 'y' }), /has ended/)
  })
  assert.deepEqual(told, ['1 seen from outside'])
  assert.deepEqual(await seen(admin), [1, 1])
})

test('a read finishes nothing', async () => {
  const { admin } = await newTenant()
  await assert.rejects(
    admin.read(null, (work) => add(work)),
    /commits nothing/,
  )
})
