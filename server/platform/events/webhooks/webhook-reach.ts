import { sql } from 'kysely'
import type { EdgeWork } from '../../database/work.ts'
import type { EventKind } from '../event-kind.ts'
import { permissionsOf } from '../read-events.ts'
import { webhookRefusals } from './webhook-refusals.ts'

/** What a webhook tells: kinds and plants; null is all. */
export type Reach = { event_types: readonly string[] | null; plant_ids: readonly string[] | null }
export type OwnReach = { permissions: readonly string[]; plant_ids: readonly string[] | null }

/** What whoever acts may see now. */
export async function ownReach(work: EdgeWork): Promise<OwnReach> {
  const { rows } = await sql<OwnReach>`
    select coalesce(${permissionsOf(work)}, '{}') as permissions,
           case when current_setting('app.all_plants') = 'off' then current_setting('app.plants')::uuid[] end as plant_ids`.execute(
    work.db,
  )
  return rows[0]!
}

/**
 * Refuses a webhook that tells what whoever makes, changes or reads the secret of it may not see: it goes on telling as it was
 * made, so nobody may take through it what is not theirs. It belongs to the company and stays when its maker loses rights.
 */
export function checkReach(kinds: readonly EventKind[], own: OwnReach, { event_types, plant_ids }: Reach): void {
  const told = event_types === null ? kinds : kinds.filter(({ type }) => event_types.includes(type))
  const beyond = told.filter(({ permission }) => !own.permissions.includes(permission))
  const details = beyond
    .slice(0, 20)
    .map(({ type, permission }) => ({ field: 'event_types', message: `${type} is seen with ${permission}` }))
  const seen = own.plant_ids
  if (seen !== null && (plant_ids === null || plant_ids.some((id) => !seen.includes(id))))
    details.push({ field: 'plant_scope', message: 'goes beyond your own plants' })
  if (details.length > 0) throw webhookRefusals.refuse('webhooks.beyond_own', { details })
}
