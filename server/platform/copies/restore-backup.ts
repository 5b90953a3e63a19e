import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { CustodyDoor } from '../database/custody.ts'
import { migrate, migrateSchema, readMigrations, type Migrations } from '../database/migrate.ts'
import { RESTORING } from '../database/half-restored.ts'
import { Refusal } from '../refusal.ts'
import { controlTables } from './control-tables.ts'
import { bringKeysBack, setKeysAside } from './foreign-keys.ts'
import type { Keys } from './header.ts'
import { loadRows, type Loading } from './load-rows.ts'
import { checkHistory, type Verified } from './open-copy.ts'
import type { SequenceValue } from './records.ts'
import { copyRefusals } from './refusals.ts'
import {
  beginProgress,
  copyDigest,
  endProgress,
  noteProgress,
  readProgress,
  type Progress,
} from './restore-progress.ts'
import { inWrite, placeOf, quoted } from './rows.ts'
import { tablesIn, type Table } from './tables.ts'

export type Restoring = Loading & {
  /** Over what another restore has left half done. */
  anew?: boolean | undefined
}

/**
 * Puts a backup that was verified into an empty installation: the tables are made as they were when it was taken, filled part by
 * part, and then migrated as they would have been in their own place. Where it is interrupted, the same copy goes on after the last
 * part that was committed; until it has come to its end nothing else starts on this database.
 *
 * All of it on the one connection that holds the lock: where that is lost nothing more is written, and another restore may begin.
 */
export async function restoreBackup(
  door: CustodyDoor,
  path: string,
  keys: Keys,
  verified: Verified,
  how: Restoring,
): Promise<void> {
  const migrations = await checkRestorable(verified)
  await door.session(async (client) => {
    const lock = "select pg_try_advisory_lock(hashtext('officina.migrate')) as is"
    if (!(await comesTrue(client, lock))) throw copyRefusals.refuse('copies.busy', { retryAfterS: 60 })
    let progress = await enter(client, copyDigest(verified), how.anew ?? false)
    try {
      if (progress.phase === 'schemas') progress = await makeTables(client, progress, verified, migrations)
      if (progress.phase === 'rows') {
        await loadRows(client, { path, keys, verified, progress }, how)
        await noteAllIn(client, verified.manifest.sequences)
      }
      await bringKeysBack(client)
    } catch (error) {
      throw inOtherWords(error)
    }
    await endProgress(client)
    await migrate(client, migrations)
    await client.query("select pg_advisory_unlock(hashtext('officina.migrate'))")
  })
}

/** What can be refused before the installation is even opened: another kind of copy, or one of migrations that are not known here. */
export async function checkRestorable({ header }: Verified): Promise<Migrations> {
  if (header.kind !== 'installation') throw copyRefusals.refuse('copies.not_a_backup')
  const migrations = await readMigrations()
  checkHistory(header, migrations)
  return migrations
}

/** Half restored is what it now is, also where the copy is at fault. */
function inOtherWords(error: unknown): unknown {
  if (error instanceof Refusal && ['copies.damaged', 'copies.no_file'].includes(error.code))
    return copyRefusals.refuse('copies.broken_off', { cause: error })
  // Class 22 and 23: a value that its column does not take, a row that others contradict.
  if (error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? ''))
    return copyRefusals.refuse('copies.contradictory', { cause: error })
  return error
}

/**
 * Where the restore of this copy goes on. What another one has left half done is nobody's data, yet hours of work: it is given up
 * only where that was asked for. Where there is none, it begins where nobody has anything.
 */
async function enter(client: pg.ClientBase, copy: string, anew: boolean): Promise<Progress> {
  if (!(await comesTrue(client, ALONE))) throw copyRefusals.refuse('copies.in_use')
  const known = await readProgress(client)
  if (known !== null && known.phase !== 'schemas' && !anew) {
    if (known.copy !== copy) throw copyRefusals.refuse('copies.another_half_restored')
    return known
  }
  // One transaction: where it is refused, nothing was noted either.
  await client.query('begin')
  if (known === null) await refuseWhereFilled(client)
  await beginProgress(client, copy)
  // Looking may have taken a while.
  const { rows } = await client.query(ALONE)
  if (rows[0].is !== true) throw copyRefusals.refuse('copies.in_use')
  await client.query('commit')
  return { copy, phase: 'schemas', part: 0, bytes: 0 }
}

/** No server, worker or command, by the names of their connections: each looks for a half restored database once it has one. */
const ALONE = `select not exists (select from pg_stat_activity where datname = current_database()
   and application_name like 'officina%' and pid <> pg_backend_pid()) as is`

/** What a process that was killed just now still has in PostgreSQL is gone in a moment. */
async function comesTrue(client: pg.ClientBase, question: string): Promise<boolean> {
  for (let asked = 1; ; asked++) {
    const { rows } = await client.query<{ is: boolean }>(question)
    if (rows[0]!.is || asked === 20) return rows[0]!.is
    await sleep(100)
  }
}

async function refuseWhereFilled(client: pg.ClientBase): Promise<void> {
  for (const { schema, name } of await filledFirst(client)) {
    await client.query('set role officina_custody')
    const { rows } = await client.query(`select 1 from ${placeOf({ schema, name })} limit 1`)
    await client.query('reset role')
    if (rows.length > 0) throw copyRefusals.refuse('copies.not_empty')
  }
}

/** What is never empty in an installation that anybody has used; all tables of companies, and of the control ones those of people. */
async function filledFirst(client: pg.ClientBase): Promise<Table[]> {
  const control = (await tablesIn(client, 'control')).filter(({ name }) => name === 'tenants' || name === 'accounts')
  if (control.length === 0) return []
  const { rows } = await client.query("select distinct schema from control.migrations where schema <> 'control'")
  const tenant = await Promise.all(rows.map(({ schema }) => tablesIn(client, schema as string)))
  return [...control, ...tenant.flat()]
}

/** Makes every schema anew at the migration at which the backup was taken, empty and without its foreign keys. */
async function makeTables(
  client: pg.ClientBase,
  { copy }: Progress,
  { header: { migrations: then }, about: { schemas } }: Verified,
  all: Migrations,
): Promise<Progress> {
  await dropAll(client)
  const upTo = (version: number): Migrations => ({
    control: all.control.slice(0, then.control.length),
    tenant: all.tenant.slice(0, version),
  })
  await migrate(client, upTo(then.tenant.length), { restoring: true })
  for (const { name, version } of schemas) await migrateSchema(client, upTo(version), name)
  for (const name of ['control', ...schemas.map((schema) => schema.name)]) await setKeysAside(client, name)
  const begun = { phase: 'rows', part: 0, bytes: 0 } as const
  await inWrite(client, async () => {
    // What migrations wrote into a table that is carried comes back with the rows.
    for (const table of await tablesIn(client, 'control'))
      if (controlTables[table.name]?.backup) await client.query(`delete from ${placeOf(table)}`)
    await noteProgress(client, begun)
  })
  return { copy, ...begun }
}

/** A schema at a time: one transaction over many of them would hold more locks than PostgreSQL has room for. */
async function dropAll(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select nspname as name from pg_namespace where nspowner = 'officina_owner'::regrole and nspname <> $1",
    [RESTORING],
  )
  const asOwner = (text: string) => client.query(`begin; set local role officina_owner; ${text}; commit`)
  for (const { name } of rows) await asOwner(`drop schema ${quoted(name)} cascade`)
  await asOwner('create schema if not exists control; create schema if not exists shared')
}

const noteAllIn = (client: pg.ClientBase, sequences: readonly SequenceValue[]): Promise<void> =>
  inWrite(client, async () => {
    await client.query('set local role officina_owner')
    for (const one of sequences) await client.query('select setval($1::regclass, $2)', [placeOf(one), one.value])
    await client.query('set local role officina_custody')
    await noteProgress(client, { phase: 'keys', part: 0, bytes: 0 })
  })
