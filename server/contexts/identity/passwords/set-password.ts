import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { endSessions, type EndReason } from '../sessions/end-sessions.ts'
import { forgetDevices } from '../sign-in/known-devices.ts'
import { voidTickets } from '../sign-in/tickets.ts'

export type Setting = Work<
  Owned<'control.credentials' | 'control.known_devices' | 'control.sessions' | 'control.tickets'>
>

/** What a new password ends: begun sign-ins, sessions and known devices, but for those of whoever changes it. */
export async function setPassword(
  work: Setting,
  accountId: string,
  { hash, reason, keep }: { hash: string; reason: EndReason; keep?: { sessionId: string; device: string | null } },
): Promise<number> {
  await voidTickets(work, accountId)
  await work.db
    .updateTable('control.credentials')
    .set({ password_hash: hash, password_changed_at: work.now.toISOString() })
    .where('account_id', '=', accountId)
    .execute()
  await forgetDevices(work, accountId, keep?.device ?? null)
  return endSessions(work, accountId, reason, { except: keep?.sessionId ?? null })
}

/** The person reads by mail that there is a new password, and who set it: it may not have been they. */
export async function sendPasswordNotice(
  work: EdgeWork,
  accountId: string,
  how: 'changed' | 'reset' | 'given',
): Promise<void> {
  const seen = { at: work.now.toISOString(), address: work.ip ?? '' }
  await enqueue(work, letterOrder, { letter: 'password_changed', account_id: accountId, how, ...seen })
}
