import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { Post } from '../administration.ts'
import { tellUserInvited } from '../events.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkMayChange } from './check-grant.ts'
import { getUser } from './get-user.ts'
import { writeInvitation } from './invitation.ts'
import { lockUser } from './lock-user.ts'
import type { User } from './schemas.ts'

type Tables = Owned<
  'control.users' | 'control.accounts' | 'control.tenants' | 'control.tickets' | 'control.roles' | 'control.api_keys'
>

/** Sends the invitation again: a new link, good for seven days; the earlier one is worth nothing from now on. */
export async function inviteUser(work: Work<Tables>, id: string, post: Post): Promise<User> {
  await lockTenant(work)
  const user = await lockUser(work, id)
  if (user.status !== 'Invited' || user.password_given) throw identityRefusals.refuse('users.not_invited')
  await checkMayChange(work, user)
  const shown = await getUser(work, id)
  const invited = { tenantId: work.tenantId, userId: id, accountId: user.account_id }
  const order = () => enqueue(work, letterOrder, { letter: 'invitation', user_id: id })
  await writeInvitation(work, post, invited, order)
  work.record({ action: 'users.invited', resource: 'user', resource_id: id }, tellUserInvited(id))
  return shown
}
