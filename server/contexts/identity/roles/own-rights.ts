import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { allPermissions } from '../permissions.ts'

/** What whoever acts may do, and so pass on: permissions, and plants (null: all). */
export type Rights = { permissions: readonly string[]; plant_ids: readonly string[] | null }

/** The rights of whoever acts, as they are now; the machine itself, at the command line, has all. */
export async function ownRights(work: Work<Owned<'control.users' | 'control.api_keys'>>): Promise<Rights> {
  const { actor, db, tenantId } = work
  if (actor.kind === 'system') return { permissions: allPermissions, plant_ids: null }
  const id = actor.id ?? tenantId
  if (actor.kind === 'api_key') {
    return db
      .selectFrom('control.api_keys')
      .select(['permissions', 'plant_ids'])
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  }
  return db
    .selectFrom('control.users')
    .select([sql<string[]>`control.permissions_of(tenant_id, role)`.as('permissions'), 'plant_ids'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
}
