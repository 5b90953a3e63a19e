/** Restores that are broken off and go on, on databases of their own; journeys/copies-resume.test.ts does the same with kill -9. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type pg from 'pg'
import { portrait } from '#test/catalogue.ts'
import type { CustodyDoor } from '../database/custody.ts'
import { migrate, plan, readMigrations } from '../database/migrate.ts'
import { Refusal } from '../refusal.ts'
import { controlTables } from './control-tables.ts'
import { elsewhere, everyRow, room, type Elsewhere } from './copies.fixture.ts'
import { intoFile } from './copy-file.ts'
import type { Keys } from './header.ts'
import { addPlantTo, inhabit, sequence } from './inhabitants.fixture.ts'
import { verifyCopy } from './open-copy.ts'
import { restoreBackup, type Restoring } from './restore-backup.ts'
import { inOneWrite } from './rows.ts'
import { writeBackup } from './write-copy.ts'

const refused =
  (code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, (error as Error).stack)
    assert.equal(error.code, code)
    return true
  }

/** A file, and the secrets that open it: without a passphrase, which takes its time on purpose. */
type Backup = { path: string; masters: Elsewhere['installation']['masters'] }
async function backUp({ source, installation }: Elsewhere, path: string): Promise<Backup> {
  await writeBackup(source, intoFile(path))
  return { path, masters: installation.masters }
}
const keysOf = ({ installation }: Elsewhere, { masters }: Backup): Keys => ({
  masters: [...installation.masters, ...masters],
})

/** As the command line does it: the whole file is read first. */
async function putBack(
  to: Elsewhere,
  backup: Backup,
  how?: Partial<Restoring>,
  door = to.installation.custody,
): Promise<void> {
  const keys = keysOf(to, backup)
  const verified = await verifyCopy(backup.path, keys)
  await restoreBackup(door, backup.path, keys, verified, { files: to.files, ...how })
}

const BROKEN = 'broken off'
/** A door behind which everything goes well for so many statements, and then the connection is lost; `before` hears each of them. */
const doorWith = (door: CustodyDoor, before: (text: string) => void | Promise<void>): CustodyDoor => ({
  ...door,
  session: (use) =>
    door.session((client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown
      const heard = (...args: unknown[]): unknown => {
        const heardNow = before(typeof args[0] === 'string' ? args[0] : 'copy')
        return heardNow instanceof Promise ? heardNow.then(() => query(...args)) : query(...args)
      }
      const both: ProxyHandler<pg.ClientBase> = {
        get: (target, key) => (key === 'query' ? heard : (Reflect.get(target, key, target) as unknown)),
      }
      return use(new Proxy(client, both))
    }),
})
const breakingAfter = (door: CustodyDoor, statements: number): CustodyDoor => {
  let left = statements
  return doorWith(door, () => {
    if (left-- <= 0) throw new Error(BROKEN)
  })
}
/** Breaks off when rows are going in: a part of them is committed. */
const breakingInRows = (door: CustodyDoor): CustodyDoor => {
  let copies = 0
  return doorWith(door, (text) => {
    if (text === 'copy' && ++copies > 8) throw new Error(BROKEN)
  })
}

const progressOf = ({ installation }: Elsewhere) =>
  installation.custody.session(
    async (client) => (await client.query('select phase, part, bytes from restoring.progress')).rows[0] as unknown,
  )
const planned = async ({ installation }: Elsewhere) => {
  const migrations = await readMigrations()
  return installation.custody.session((client) => plan(client, migrations))
}

/** Two companies with some plants, and what is committed without a place in the order of events. */
async function peopled(): Promise<Elsewhere & { schemas: string[]; tenantId: string }> {
  const from = await elsewhere(true)
  const people = [await inhabit(from.installation, 'shared'), await inhabit(from.installation, 'schema')]
  for (const { tenantId } of people)
    for (let count = 0; count < 5; count++) await addPlantTo(from.installation, tenantId)
  await sequence(from.installation)
  await addPlantTo(from.installation, people[0]!.tenantId)
  // A table that comes in several chunks, and so in several batches.
  await inOneWrite(from.installation.custody, (client) =>
    client.query(
      `insert into shared.reading_revisions (tenant_id, sensor_id, plant_id, at_ms, revision, value, score, mark, replaced_at)
       select $1, s.id, $2, n, 1, n, 0, 1, now() from shared.sensors s, generate_series(1, 4000) n where s.plant_id = $2`,
      [people[0]!.tenantId, people[0]!.plantId],
    ),
  )
  return { ...from, schemas: ['control', 'shared', people[1]!.schema], tenantId: people[0]!.tenantId }
}

const sequences = ({ installation }: Elsewhere) =>
  installation.custody.session(async (client) => {
    await client.query('set role officina_owner')
    const { rows } = await client.query("select sequencename, last_value from pg_sequences where schemaname <> 'jobs'")
    await client.query('reset role')
    return rows as unknown[]
  })

async function assertSame(is: Elsewhere, was: Elsewhere & { schemas: string[] }): Promise<void> {
  for (const schema of was.schemas) {
    const [before, after] = [await everyRow(was.installation, schema), await everyRow(is.installation, schema)]
    for (const [table, rows] of Object.entries(before))
      if (schema !== 'control' || controlTables[table]!.backup)
        assert.deepEqual(after[table], rows, `${schema}.${table}`)
  }
  assert.deepEqual(await sequences(is), await sequences(was))
}

/** What `portrait` leaves out: the triggers of foreign keys, whether they were checked, comments. */
const INSIDE = `
  select format('trigger of %s on %s.%s: %s %s %s %s %s', k.conname, n.nspname, c.relname, g.tgfoid::regproc, g.tgtype, g.tgenabled,
                g.tgdeferrable, g.tginitdeferred) as line
    from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_constraint k on k.oid = g.tgconstraint where n.nspname = any ($1)
  union all select format('constraint %s on %s: checked %s comment %s', k.conname, k.conrelid::regclass, k.convalidated, obj_description(k.oid, 'pg_constraint'))
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace where n.nspname = any ($1)
  order by 1`

const catalogue = ({ installation }: Elsewhere, schemas: string[]): Promise<Record<string, string[]>> =>
  installation.custody.session(async (client) => {
    const { rows } = await client.query<{ line: string }>(INSIDE, [schemas])
    const found: Record<string, string[]> = { inside: rows.map(({ line }) => line) }
    // Grantors and the names of log-ins aside, which belong to the database.
    for (const schema of schemas) found[schema] = await portrait(client, schema)
    const { rows: all } = await client.query(
      "select nspname as name, nspacl::text as acl from pg_namespace where nspowner = 'officina_owner'::regrole order by 1",
    )
    found['schemas'] = all.map(({ name, acl }) => `${name} ${acl}`)
    return found
  })

test(
  'a restore that is broken off at any statement goes on, and ends as if it had never been',
  { timeout: 240_000 },
  async () => {
    using files = room()
    await using from = await peopled()
    const backup = await backUp(from, files.path('one.backup'))
    await using to = await elsewhere()
    // Among the statements that make the tables, some hundreds, it begins anew.
    await assert.rejects(putBack(to, backup, {}, breakingAfter(to.installation.custody, 60)), { message: BROKEN })
    await assert.rejects(putBack(to, backup, { batchBytes: 300 }, breakingInRows(to.installation.custody)), {
      message: BROKEN,
    })
    const stood: unknown[] = [await progressOf(to)]
    let broken = 0
    for (;;) {
      // A batch is about ten statements: some of these attempts end before they have come any further, others after.
      const door = breakingAfter(to.installation.custody, 6 + ((broken * 7) % 23))
      const ended = await putBack(to, backup, { batchBytes: 300 }, door).then(
        () => true,
        (error: unknown) => assert.equal((error as Error).message, BROKEN),
      )
      if (ended) break
      broken += 1
      assert.ok(broken < 400)
      const stands = await progressOf(to).catch(() => null)
      // The last statements come after it is whole.
      if (stands === null) break
      stood.push(stands)
      await assert.rejects(planned(to), refused('database.half_restored'))
    }
    const places = new Set(stood.map((one) => JSON.stringify(one)))
    assert.ok(places.size > 12, `it was broken off in ${places.size} places`)
    assert.ok(places.size < stood.length, 'and some of them came no further')
    assert.ok([...places].some((one) => one.includes('keys')))
    const inRows = [...places].filter((one) => one.includes('"rows"'))
    assert.ok(new Set(inRows.map((one) => /"part":\d+/.exec(one)![0])).size < inRows.length, 'also within one part')
    await assert.rejects(putBack(to, backup), refused('copies.not_empty'))
    assert.deepEqual(await planned(to), [])
    await assertSame(to, from)
    assert.deepEqual(await catalogue(to, from.schemas), await catalogue(from, from.schemas))
  },
)

test('while a restore is under way nothing else starts, nor does another restore', { timeout: 120_000 }, async () => {
  using files = room()
  await using from = await peopled()
  const backup = await backUp(from, files.path('one.backup'))
  await using to = await elsewhere()
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let inserts = 0
  const first = putBack(
    to,
    backup,
    {},
    doorWith(to.installation.custody, (text) => {
      if (!text.startsWith('insert into "') || ++inserts !== 5) return undefined
      reached.resolve()
      return go.promise
    }),
  )
  await reached.promise
  await assert.rejects(putBack(to, backup), refused('copies.busy'))
  await assert.rejects(putBack(to, backup, { anew: true }), refused('copies.busy'))
  const migrations = await readMigrations()
  await assert.rejects(
    to.installation.custody.session((client) => migrate(client, migrations)),
    refused('database.half_restored'),
  )
  go.resolve()
  await first
  await assertSame(to, from)
})

test(
  'what another backup has left half restored is given up only where that is asked for',
  { timeout: 120_000 },
  async () => {
    using files = room()
    await using from = await peopled()
    const one = await backUp(from, files.path('one.backup'))
    await addPlantTo(from.installation, from.tenantId)
    const later = await backUp(from, files.path('later.backup'))
    await using to = await elsewhere()
    // No row was in yet.
    await assert.rejects(putBack(to, later, {}, breakingAfter(to.installation.custody, 60)), { message: BROKEN })
    await assert.rejects(putBack(to, one, {}, breakingInRows(to.installation.custody)), { message: BROKEN })
    const stands = await progressOf(to)
    await assert.rejects(putBack(to, later), refused('copies.another_half_restored'))
    assert.deepEqual(await progressOf(to), stands)
    await putBack(to, later, { anew: true })
    await assertSame(to, from)
  },
)

test(
  'a file that is damaged is refused before a restore goes on; one that becomes so meanwhile breaks it off',
  { timeout: 120_000 },
  async () => {
    using files = room()
    await using from = await peopled()
    const backup = await backUp(from, files.path('one.backup'))
    const damaged = { ...backup, path: files.path('damaged.backup') }
    await using to = await elsewhere()
    await assert.rejects(putBack(to, backup, {}, breakingInRows(to.installation.custody)), { message: BROKEN })
    const stands = await progressOf(to)
    writeFileSync(damaged.path, readFileSync(backup.path).subarray(0, -40))
    await assert.rejects(putBack(to, damaged), refused('copies.damaged'))
    assert.deepEqual(await progressOf(to), stands)
    // The disk fails between the two readings.
    const keys = keysOf(to, backup)
    const verified = await verifyCopy(backup.path, keys)
    await assert.rejects(
      restoreBackup(to.installation.custody, damaged.path, keys, verified, { files: to.files }),
      refused('copies.broken_off'),
    )
    await assert.rejects(planned(to), refused('database.half_restored'))
    await putBack(to, backup)
    await assertSame(to, from)
  },
)

test(
  'a row that refers to one that the backup does not hold is found, though its table shows the owner no row',
  { timeout: 120_000 },
  async () => {
    using files = room()
    await using from = await peopled()
    const good = await backUp(from, files.path('good.backup'))
    const { rows: keys } = await inOneWrite(from.installation.custody, (client) =>
      client.query(
        "select conrelid::regclass::text as name, conname from pg_constraint where contype = 'f' and confrelid = 'shared.plants'::regclass",
      ),
    )
    assert.ok(keys.length > 2)
    await inOneWrite(from.installation.custody, async (client) => {
      await client.query('set local role officina_owner')
      for (const { name, conname } of keys) await client.query(`alter table ${name} drop constraint ${conname}`)
      await client.query('set local role officina_custody')
      const { rowCount } = await client.query(
        'delete from shared.plants where ctid = (select min(ctid) from shared.plants)',
      )
      assert.equal(rowCount, 1)
    })
    const bad = await backUp(from, files.path('bad.backup'))
    await using to = await elsewhere()
    for (let again = 0; again < 2; again++) await assert.rejects(putBack(to, bad), refused('copies.contradictory'))
    await assert.rejects(planned(to), refused('database.half_restored'))
    await putBack(to, good, { anew: true })
    assert.deepEqual(await planned(to), [])
  },
)
