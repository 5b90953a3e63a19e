import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import type { User } from './schemas.ts'
import { selectUsers } from './select-users.ts'

/** One user of the company; `users.not_found` for a stranger's id as for a random one. */
export async function getUser(
  { db, tenantId }: Work<Owned<'control.users' | 'control.accounts'>>,
  id: string,
): Promise<User> {
  const user = await selectUsers(db, tenantId).where('u.id', '=', id).executeTakeFirst()
  if (user === undefined) throw identityRefusals.refuse('users.not_found')
  return user
}
