import type pg from 'pg'
import { databaseRefusals } from './database-refusals.ts'

/**
 * The schema in which a restore notes how far it is (`copies/restore-progress.ts`). It stands from the restore's first write to its
 * last, beside the schemas that migrations make: where it is, the database is half restored, and nobody else may work on it.
 */
export const RESTORING = 'restoring'

/** Whether a restore is under way, or was broken off. Needs no right on anything, and no table that migrations make. */
export async function isHalfRestored(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `select 1 from pg_namespace where nspname = $1 and pg_get_userbyid(nspowner) = 'officina_owner'`,
    [RESTORING],
  )
  return rows.length > 0
}

/** Before anything is migrated, and so before every start. */
export async function refuseHalfRestored(client: pg.ClientBase): Promise<void> {
  if (await isHalfRestored(client)) throw databaseRefusals.refuse('database.half_restored')
}
