import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'

/** A user's row, held until the transaction ends; `users.not_found` for a stranger's id as for a random one. */
export async function lockUser({ db, tenantId }: Work<Owned<'control.users'>>, id: string) {
  const user = await db
    .selectFrom('control.users')
    .select(['id', 'account_id', 'name', 'surname', 'role', 'status', 'plant_ids', 'password_given'])
    .select(['last_login', 'revision'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (user === undefined) throw identityRefusals.refuse('users.not_found')
  return user
}
export type LockedUser = Awaited<ReturnType<typeof lockUser>>
