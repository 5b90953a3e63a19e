import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

type Ending = Work<Owned<'control.sessions'>>

/** Why a session was ended. */
export type EndReason = 'logout' | 'ended_by_user' | 'password_changed' | 'password_reset' | 'refresh_reused'

/** Ends the live sessions of an account in all of its tenants, but for one; returns how many. */
export async function endSessions(
  work: Ending,
  accountId: string,
  reason: EndReason,
  { except, only }: { except?: string | null; only?: string } = {},
): Promise<number> {
  let ending = work.db
    .updateTable('control.sessions')
    .set({ ended_at: work.now.toISOString(), end_reason: reason })
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', work.now.toISOString())
  if (except) ending = ending.where('id', '!=', except)
  if (only) ending = ending.where('id', '=', only)
  const { numUpdatedRows } = await ending.executeTakeFirst()
  return Number(numUpdatedRows)
}
