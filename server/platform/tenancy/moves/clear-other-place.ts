import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { quoted } from '../../copies/rows.ts'
import { BATCH, movedTables } from './moved-table.ts'
import { within, type Mover } from './mover.ts'
import { schemaOf } from '../create-tenant.ts'
import { markMoving } from './place.ts'

/** How long rows that nobody needs any more are kept for those who might still read them. */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 20

/**
 * The transactions of others that run now. Each has this number from before its first snapshot until it has ended, also where it only
 * reads; autovacuum and the like have no user and look up no company's place.
 */
const RUNNING = `
  select l.virtualtransaction as running
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
   where l.locktype = 'virtualxid' and l.granted and a.datname = current_database() and a.usesysid is not null
     and l.pid <> pg_backend_pid()`

/**
 * Waits until every transaction has ended that may have learned a company's place before now: one that opened its scope and reads
 * a moment later would find the company empty. False where that takes too long.
 */
async function othersEnded({ client }: Mover, patienceMs: number, signal?: AbortSignal): Promise<boolean> {
  const running = async (): Promise<string[]> =>
    (await client.query<{ running: string }>(RUNNING)).rows.map((row) => row.running)
  const older = new Set(await running())
  for (const giveUp = Date.now() + patienceMs; ; await sleep(LOOK_EVERY_MS)) {
    if (!(await running()).some((one) => older.has(one))) return true
    if (Date.now() > giveUp || signal?.aborted) return false
  }
}

export type Clearing = { patienceMs?: number; signal?: AbortSignal }

/**
 * Removes what a move, finished or broken off, left in the place where the company does not live, and ends the move with that. Safe to
 * repeat and to be killed. False where somebody may still read there: then nothing was removed.
 */
export async function clearOtherPlace(mover: Mover, tenantId: string, how: Clearing = {}): Promise<boolean> {
  if (!(await othersEnded(mover, how.patienceMs ?? PATIENCE_MS, how.signal))) return false
  const lives = await placeNow(mover, tenantId)
  const other = lives === 'shared' ? schemaOf(tenantId, 'schema') : 'shared'
  if (other === 'shared') await removeRows(mover, tenantId, how.signal)
  else await dropSchema(mover, other)
  if (how.signal?.aborted) return false
  await within(mover, 'each statement its own', (custody) => markMoving(custody, tenantId, false))
  return true
}

/** Also of a company that was deleted meanwhile. */
const placeNow = (mover: Mover, tenantId: string): Promise<string> =>
  within(mover, 'each statement its own', async ({ db }) => {
    const query = sql<{ schema_name: string }>`select schema_name from control.tenants where id = ${tenantId}`
    return (await query.execute(db)).rows[0]!.schema_name
  })

/** Out of `shared`, from the last table back to the first: what refers to others goes before them. */
async function removeRows(mover: Mover, tenantId: string, signal?: AbortSignal): Promise<void> {
  for (const { remove } of (await movedTables(mover.client, 'shared', 'shared')).toReversed()) {
    for (;;) {
      if (signal?.aborted) return
      const removed = await within(
        mover,
        'each statement its own',
        async () => (await mover.client.query(remove, [tenantId])).rowCount ?? 0,
      )
      if (removed < BATCH) break
    }
  }
}

/** With its lines in the book of migrations, which would otherwise go on migrating it. */
const dropSchema = (mover: Mover, schema: string): Promise<void> =>
  within(
    mover,
    'each statement its own',
    async () => {
      await mover.client.query(`drop schema if exists ${quoted(schema)} cascade`)
      await mover.client.query('delete from control.migrations where schema = $1', [schema])
    },
    'officina_owner',
  )
