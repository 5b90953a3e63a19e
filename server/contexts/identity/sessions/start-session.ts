import { newId } from '#platform/new-id.ts'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { letterOrder } from '../letters/letter-order.ts'
import { isKnownAddress, keepDevice } from '../sign-in/known-devices.ts'
import type { Membership } from '../sign-in/memberships.ts'
import type { Visit } from '../sign-in/visit.ts'
import { newOpaqueToken } from '../tokens/opaque-token.ts'

/** A session that has begun; its access token is signed once the transaction is over. */
export type StartedSession = {
  membership: Membership
  account_id: string
  session_id: string
  refresh_token: string
  /** For the cookie of a device that was not known. */
  device_token: string | null
  /** Neither the device nor the address was seen before: the person gets a letter. */
  unusual: boolean
}

type Starting = Work<Owned<'control.sessions' | 'control.users' | 'control.known_devices'>>

/** Begins a session in the tenant of a membership; in the account's own scope. `refreshDays`: until it must be used. */
export async function startSession(
  work: Starting,
  {
    visit,
    accountId,
    membership,
    refreshDays,
  }: { visit: Visit; accountId: string; membership: Membership; refreshDays: number },
): Promise<StartedSession> {
  const { tenant_id, user_id } = membership
  const { token, hash } = newOpaqueToken('ofr')
  const session_id = newId()
  const now = work.now.toISOString()
  const knownAddress = await isKnownAddress(work, accountId, visit.ip)
  const device_token = await keepDevice(work, accountId, visit)
  await work.db
    .insertInto('control.sessions')
    .values({
      ...{ tenant_id, id: session_id, user_id, account_id: accountId, refresh_hash: hash },
      expires_at: new Date(work.now.getTime() + refreshDays * 86_400_000).toISOString(),
      ...{ created_at: now, last_used_at: now, ip: visit.ip, user_agent: visit.userAgent },
    })
    .execute()
  await work.db
    .updateTable('control.users')
    .set({ last_login: now })
    .where('tenant_id', '=', tenant_id)
    .where('id', '=', user_id)
    .execute()
  const unusual = device_token !== null && !knownAddress && membership.last_login !== null
  if (unusual) {
    const seen = { at: now, address: visit.ip, device: visit.userAgent ?? '?' }
    await enqueue(work, letterOrder, { letter: 'new_device', account_id: accountId, ...seen })
  }
  return { membership, account_id: accountId, session_id, refresh_token: token, device_token, unusual }
}
