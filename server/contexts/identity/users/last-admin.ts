import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'

type Membership = { role: string; status: string; plant_ids: readonly string[] | null }

const isAdmin = ({ role, status }: Membership): boolean => role === 'Admin' && status === 'Active'

/**
 * Refuses what would leave the company without an active Admin of all plants. `after` is null where the user goes. The
 * tenant's row must be held, or two Admins could remove each other at the same moment.
 */
export async function keepLastAdmin(
  { db, tenantId }: Work<Owned<'control.users'>>,
  user: Membership & { id: string },
  after: Membership | null,
): Promise<void> {
  const stays = after !== null && isAdmin(after) && (after.plant_ids === null || user.plant_ids !== null)
  if (!isAdmin(user) || stays) return
  const others = await db
    .selectFrom('control.users')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '!=', user.id)
    .where('role', '=', 'Admin')
    .where('status', '=', 'Active')
    .where('plant_ids', 'is', null)
    .where('deleted_at', 'is', null)
    .limit(1)
    .execute()
  if (others.length === 0) throw identityRefusals.refuse('users.last_admin')
}
