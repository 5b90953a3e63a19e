import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { AllTables } from '#tables'
import type { Custody, CustodyDoor } from '../../database/custody.ts'
import { migrateSchema, readMigrations } from '../../database/migrate.ts'
import { schemaOf, type Isolation, type TenantPlace } from '../create-tenant.ts'
import { clearOtherPlace } from './clear-other-place.ts'
import { catchUp, copyAll, copyChanges, type Copy, type Say } from './copy-rows.ts'
import { movedTables, type MovedTable } from './moved-table.ts'
import { asMover, LOCK_MS, tookTooLong, within, type Mover } from './mover.ts'
import { markMoving, tenantOf, type Tenant } from './place.ts'
import { moveRefusals } from './refusals.ts'

export type Moved = {
  readonly id: string
  readonly slug: string
  readonly isolation: Isolation
  readonly rows: number
  /** How long writers were refused: the longest time in one piece. Readers never were. */
  readonly pause_ms: number
  /** False where somebody still read in the old place: its rows are removed later. */
  readonly cleared: boolean
}

export type Moving = {
  readonly to: Isolation
  readonly say: Say
  /** In the transaction of the last step, in the new place: the trail. */
  readonly record: (custody: Custody<AllTables>, place: TenantPlace) => Promise<void>
}

/** Few enough changes to bring over while writers wait. */
const FEW_CHANGES = 1_000
/** Writers may be faster than the mover: then the rest is what it is. */
const MOST_ROUNDS = 5
/** The last step is tried so often; a change that takes longer than a lock is waited for keeps it away. */
const TRIES = 10

/**
 * Moves a company between the shared schema and one of its own while it works. Its rows are copied while others write, then what
 * changed meanwhile, again and again; in the last step writers are refused for a moment (503 with Retry-After), the last
 * changes are brought over, and the company lives there. Killed at any point it lives in one of the two places, whole, and what lies in
 * the other is removed by the next move or by a server that runs (docs/adr/0009-moving-a-tenant.md).
 */
export async function moveTenant(door: CustodyDoor, tenantId: string, moving: Moving): Promise<Moved> {
  const moved = await asMover(door, (mover) => move(mover, tenantId, moving))
  if (moved === null) throw moveRefusals.refuse('moves.under_way')
  return moved
}

async function move(mover: Mover, tenantId: string, moving: Moving): Promise<Moved> {
  const { to, say } = moving
  const tenant = await within(mover, 'each statement its own', (custody) => tenantOf(custody, tenantId))
  const target = schemaOf(tenantId, to)
  if (tenant.moving) {
    say('a move that was broken off is cleared away')
    if (!(await clearOtherPlace(mover, tenantId))) throw moveRefusals.refuse('moves.held_up', { retryAfterS: 60 })
  }
  const moved = { id: tenant.id, slug: tenant.slug, isolation: to }
  if (tenant.schema_name === target) {
    if (!tenant.moving) throw moveRefusals.refuse('moves.already_there')
    return { ...moved, rows: 0, pause_ms: 0, cleared: true }
  }
  await within(mover, 'each statement its own', (custody) => markMoving(custody, tenantId, true))
  try {
    const tables = await makeRoom(mover, tenant, target)
    const copy = await copyWhileOthersWrite(mover, tenantId, tables, moving)
    const { rows, pause_ms } = await switchOver(mover, { tenant, target, tables, moving }, copy)
    say('writers go on; what reads in the old place is waited for')
    const cleared = await clearOtherPlace(mover, tenantId)
    return { ...moved, rows, pause_ms, cleared }
  } catch (error) {
    // Where the connection is gone this fails too, and a server that runs clears it away.
    await clearOtherPlace(mover, tenantId, { patienceMs: LOCK_MS }).catch(() => undefined)
    throw error
  }
}

/** The tables there, of the same shape as here. */
async function makeRoom(mover: Mover, { schema_name, schema_version }: Tenant, target: string): Promise<MovedTable[]> {
  const { client } = mover
  const migrations = await readMigrations()
  if (target !== 'shared') await migrateSchema(client, migrations, target)
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0)::int as version from control.migrations where schema = $1',
    [target],
  )
  // In a fleet that is half migrated columns differ.
  if (rows[0]!.version !== schema_version) throw moveRefusals.refuse('moves.versions_differ')
  return movedTables(client, schema_name, target)
}

async function copyWhileOthersWrite(
  mover: Mover,
  tenantId: string,
  tables: readonly MovedTable[],
  { to, say }: Moving,
): Promise<Copy> {
  let copy = await copyAll(mover, tenantId, tables, say)
  // A new schema has no statistics, and its first statements would be planned without.
  if (to === 'schema') {
    const places = tables.map(({ there }) => there).join(', ')
    await within(mover, 'each statement its own', () => mover.client.query(`analyze ${places}`), 'officina_owner')
  }
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const caught = await catchUp(mover, tenantId, tables, copy)
    copy = caught.copy
    say(`${caught.changes} rows changed meanwhile`)
    if (caught.changes < FEW_CHANGES) break
  }
  return copy
}

type Switch = { tenant: Tenant; target: string; tables: readonly MovedTable[]; moving: Moving }

/** The last step, as often as something holds it up; writers are refused while it lasts, and let in between two tries. */
async function switchOver(mover: Mover, how: Switch, copy: Copy): Promise<{ rows: number; pause_ms: number }> {
  let [longest, last] = [0, copy]
  for (let tries = 1; ; tries += 1) {
    const began = performance.now()
    const paused = (): number => (longest = Math.max(longest, Math.round(performance.now() - began)))
    try {
      const rows = await lastStep(mover, how, last)
      return { rows, pause_ms: paused() }
    } catch (error) {
      paused()
      if (!tookTooLong(error)) throw error
      if (tries === TRIES) throw moveRefusals.refuse('moves.held_up', { cause: error, retryAfterS: 60 })
      how.moving.say('a change that takes long holds up the last step: trying again')
      await sleep(500 * tries)
      last = (await catchUp(mover, how.tenant.id, how.tables, last)).copy
    }
  }
}

const lastStep = (mover: Mover, { tenant, target, tables, moving }: Switch, copy: Copy): Promise<number> =>
  within(mover, 'each statement its own', async (custody: Custody<AllTables>) => {
    const { db, now } = custody
    // Whoever opened a scope to write has it shared until the end: from here on nobody does, and all who did have ended.
    await sql`select pg_advisory_xact_lock(uuid_hash_extended(${tenant.id}, 0))`.execute(db)
    // And custody, who writes the trail of a company whose row it holds.
    await tenantOf(custody, tenant.id, true)
    const { copied } = await copyChanges(mover, tenant.id, tables, copy)
    // A sequencer that had read the old place would not find in it what it is to chain in the trail.
    await sql`select pg_advisory_xact_lock(hashtext('officina.sequencer'))`.execute(db)
    await db
      .updateTable('control.tenants')
      .set({ schema_name: target, isolation: moving.to, updated_at: now.toISOString(), revision: sql`revision + 1` })
      .where('id', '=', tenant.id)
      .execute()
    await moving.record(custody, { id: tenant.id, schema_name: target, schema_version: tenant.schema_version })
    return [...copied.values()].reduce((sum, count) => sum + count, 0)
  })
