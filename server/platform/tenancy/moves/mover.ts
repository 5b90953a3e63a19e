import type pg from 'pg'
import { kyselyOn } from '../../database/kysely.ts'
import type { CustodyDoor, EdgeCustody } from '../../database/custody.ts'
import { moveRefusals } from './refusals.ts'

/**
 * One connection, which holds the locks of a move and runs its transactions: where it breaks both are gone at once, and no other
 * mover can meet what this one still does.
 */
export type Mover = { readonly client: pg.ClientBase }

// Of the session. The second is what migrations take alone: the tables keep their shape, also for a snapshot.
const ONE_MOVER = "hashtext('officina.move')"
const NO_MIGRATION = "hashtext('officina.migrate')"

/** Null where another process moves a company; refused while the database is being migrated. */
export const asMover = <T>(door: CustodyDoor, use: (mover: Mover) => Promise<T>): Promise<T | null> =>
  door.session(async (client) => {
    const took = async (call: string): Promise<boolean> =>
      (await client.query<{ took: boolean }>(`select ${call} as took`)).rows[0]!.took
    if (!(await took(`pg_try_advisory_lock(${ONE_MOVER})`))) return null
    try {
      if (!(await took(`pg_try_advisory_lock_shared(${NO_MIGRATION})`)))
        throw moveRefusals.refuse('moves.migrating', { retryAfterS: 60 })
      return await use({ client })
    } finally {
      // What is thrown closes the connection, and with it the locks, but some milliseconds later: the next mover may come before.
      // Where the connection is gone the locks are too.
      await client.query('select pg_advisory_unlock_all()').catch(() => undefined)
    }
  })

/** `snapshot`: every statement sees the same state. */
type Kind = 'snapshot' | 'each statement its own'
const BEGIN: Record<Kind, string> = {
  snapshot: 'begin isolation level repeatable read',
  'each statement its own': 'begin isolation level read committed',
}
/** How long a move waits for a lock. In its last step others are refused meanwhile. */
export const LOCK_MS = 2_000
// Whoever moves and stands still (a stopped process, a broken network) must not keep others out.
const LIMITS = `set local statement_timeout = 0; set local idle_in_transaction_session_timeout = '10s';
  set local lock_timeout = ${LOCK_MS}; set local search_path = 'ext'`

/** A transaction of the mover in custody's role, or in the owner's, who makes and drops tables and sees no rows. */
export async function within<T>(
  { client }: Mover,
  kind: Kind,
  use: (custody: EdgeCustody) => Promise<T>,
  role: 'officina_custody' | 'officina_owner' = 'officina_custody',
): Promise<T> {
  await client.query(`${BEGIN[kind]}; ${LIMITS}; set local role ${role}`)
  try {
    const db = kyselyOn(({ sql, parameters }) => client.query(sql, parameters as unknown[]))
    const result = await use({ custody: true, now: new Date(), db })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** The lock was not to be had in time. */
export const tookTooLong = (error: unknown): boolean => (error as { code?: string }).code === '55P03'
