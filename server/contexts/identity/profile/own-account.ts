import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'

/** The account of whoever is signed in, and the user's and session's id; `auth.person_required` for an API key. */
export async function ownAccount(
  work: Work<Owned<'control.users'>>,
): Promise<{ accountId: string; userId: string; sessionId: string }> {
  const { actor, db, tenantId } = work
  if (actor.kind !== 'user' || actor.id === null || actor.session_id === null) {
    throw identityRefusals.refuse('auth.person_required')
  }
  const { account_id } = await db
    .selectFrom('control.users')
    .select('account_id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', actor.id)
    .executeTakeFirstOrThrow()
  return { accountId: account_id, userId: actor.id, sessionId: actor.session_id }
}
