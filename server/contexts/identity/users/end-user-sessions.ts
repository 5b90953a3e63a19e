import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** Ends what a user has open in this company; their sessions in other companies go on. */
export async function endUserSessions(
  { db, tenantId, now }: Work<Owned<'control.sessions'>>,
  userId: string,
  reason: 'user_suspended' | 'user_removed',
): Promise<void> {
  await db
    .updateTable('control.sessions')
    .set({ ended_at: now.toISOString(), end_reason: reason })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .execute()
}
