import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, testApp } from '#test/harness.ts'
import type { EdgeCustody } from '../database/custody.ts'
import { elsewhere } from '../copies/copies.fixture.ts'
import { newId } from '../new-id.ts'
import { contentKey } from './blob-store.ts'
import { inChunks } from './conformance.fixture.ts'
import { openLocalStore } from './local-store.ts'
import { spool } from './spool.ts'
import { blobJobs, blobSchedules, sweepBlobs } from './sweep-blobs.ts'
import { strangersMark } from './sweeper.ts'

const DAY_MS = 86_400_000

async function place() {
  const home = mkdtempSync(join(tmpdir(), 'officina-sweep-'))
  const { installation, config, log } = (await testApp()).deps
  const blobs = openLocalStore(join(home, 'files'))
  const put = async (tenantId: string, content: string, daysAgo: number): Promise<string> => {
    const file = await spool(inChunks(Buffer.from(content)), join(home, 'spool'))
    const key = contentKey(tenantId, file.sha256)
    await blobs.put(key, file)
    const at = new Date(Date.now() - daysAgo * DAY_MS)
    utimesSync(join(home, 'files', key), at, at)
    return key
  }
  const row = (tenantId: string, content: string, purged = false) =>
    installation.custody.run(async ({ db }: EdgeCustody) => {
      const { rows } = await sql<{
        schema_name: string
      }>`select schema_name from control.tenants where id = ${tenantId}`.execute(db)
      await sql`insert into ${sql.id(rows[0]!.schema_name, 'files')} (tenant_id, sha256, size, media_type, stored_at, purged_at)
        values (${tenantId}, ${createHash('sha256').update(content).digest('hex')}, 1, 'text/plain', now(), ${purged ? sql`now()` : null})`.execute(
        db,
      )
    })
  const there = async (key: string): Promise<boolean> => (await blobs.stat(key)) !== null
  return {
    ...{ home, installation, config, log, blobs, put, row, there },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  }
}

for (const isolation of ['shared', 'schema'] as const)
  test(`a blob goes when no row names it and two days have passed, and never before (${isolation})`, async () => {
    using at = await place()
    const { id } = await newTenant({ isolation })
    const named = await at.put(id, 'named', 30)
    await at.row(id, 'named')
    const purged = await at.put(id, 'purged', 30)
    await at.row(id, 'purged', true)
    const [young, old, stranger] = [
      await at.put(id, 'young', 1.9),
      await at.put(id, 'old', 2.1),
      await at.put(newId(), 'x', 30),
    ]
    const other = await newTenant()
    const theirs = await at.put(other.id, 'named', 30)
    const door = at.installation.custody
    assert.equal(await sweepBlobs({ door, blobs: at.blobs, now: new Date() }), 3)
    assert.deepEqual(await Promise.all([named, young, stranger].map(at.there)), [true, true, true])
    // What one company has is nothing to another.
    assert.deepEqual(await Promise.all([purged, old, theirs].map(at.there)), [false, false, false])
    // Put again just before it would have gone.
    const renewing = { ...at.blobs, stat: async (key: string) => (await at.put(id, 'old', 0), at.blobs.stat(key)) }
    const again = await at.put(id, 'old', 3)
    assert.equal(await sweepBlobs({ door, blobs: renewing, now: new Date() }), 0)
    assert.equal(await at.there(again), true)
  })

test('of a company on the move nothing is swept', async () => {
  using at = await place()
  const { id } = await newTenant()
  const old = await at.put(id, 'old', 3)
  const door = at.installation.custody
  const moving = (is: boolean) =>
    door.run(({ db }) => sql`update control.tenants set moving = ${is} where id = ${id}`.execute(db))
  await moving(true)
  try {
    assert.equal(await sweepBlobs({ door, blobs: at.blobs, now: new Date() }), 0)
  } finally {
    await moving(false)
  }
  assert.equal(await at.there(old), true)
})

test('the nightly job sweeps the spool and the store, and is harmless to repeat', async () => {
  using at = await place()
  const { id } = await newTenant()
  const old = await at.put(id, 'old', 3)
  const left = await spool(inChunks(Buffer.from('left')), join(at.home, 'spool'))
  const young = await spool(inChunks(Buffer.from('young')), join(at.home, 'spool'))
  utimesSync(left.path, new Date(Date.now() - 1.1 * DAY_MS), new Date(Date.now() - 1.1 * DAY_MS))
  const [{ handler, kind } = assert.fail()] = blobJobs({ ...at, config: { ...at.config, home: at.home } })
  assert.ok('reach' in handler)
  const running = { id: 'x', tenantId: null, attempt: 1, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  for (const attempt of [1, 2]) await handler.reach({}, { ...running, attempt })
  assert.equal(await at.there(old), false)
  await assert.rejects(at.blobs.put('a/b', left), { code: 'ENOENT' })
  await at.blobs.put('a/b', young)
  assert.deepEqual([blobSchedules[0]?.kind.name, kind.misfit({})], ['blobs.sweep', null])
})

test('a database that was restored elsewhere does not sweep the store that it shares with the first', async () => {
  using at = await place()
  await using restored = await elsewhere(true)
  const { id } = await newTenant()
  // Restored there it has the company and not the rows that came since.
  await restored.installation.custody.run(({ db }) =>
    sql`insert into control.tenants (id, slug, name, schema_name, isolation) values (${id}, 'same', 'Same', 'shared', 'shared')`.execute(
      db,
    ),
  )
  const since = await at.put(id, 'since', 3)
  await at.row(id, 'since')
  const config = { ...at.config, home: at.home }
  const running = { id: 'x', tenantId: null, attempt: 1, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  for (const installation of [at.installation, restored.installation, at.installation]) {
    const [{ handler } = assert.fail()] = blobJobs({ ...at, installation, config })
    assert.ok('reach' in handler)
    await handler.reach({}, running)
    assert.equal(await at.there(since), true)
  }
  const folder = join(at.home, 'spool')
  const mark = await strangersMark(restored.installation.custody, at.blobs, folder)
  assert.ok(mark !== null && mark.startsWith('officina-swept-by/'))
  assert.equal(await strangersMark(at.installation.custody, at.blobs, folder), null)
  // Where the first is gone, the operator says so.
  await at.blobs.remove(mark)
  assert.equal(await strangersMark(restored.installation.custody, at.blobs, folder), null)
  assert.equal((await strangersMark(at.installation.custody, at.blobs, folder)) === null, false)
})
