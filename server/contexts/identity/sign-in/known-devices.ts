import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { newOpaqueToken } from '../tokens/opaque-token.ts'
import { countedAddress } from './guess-limits.ts'
import type { Visit } from './visit.ts'

type Devices = Work<Owned<'control.known_devices'>>

// A program that keeps no cookie is a new device at each sign-in.
const MOST_PER_ACCOUNT = 20

/** Whether this device has signed in to this account before; its hash, or null. */
export async function knownDevice(work: Devices, accountId: string, visit: Visit): Promise<string | null> {
  if (visit.device === null) return null
  const found = await work.db
    .selectFrom('control.known_devices')
    .select('device_hash')
    .where('account_id', '=', accountId)
    .where('device_hash', '=', visit.device)
    .executeTakeFirst()
  return found?.device_hash ?? null
}

/** Keeps the device of a finished sign-in; gives the token for its cookie where it is new. */
export async function keepDevice(work: Devices, accountId: string, visit: Visit): Promise<string | null> {
  const { db } = work
  const last_seen = work.now.toISOString()
  if (visit.device !== null) {
    const { numUpdatedRows } = await db
      .updateTable('control.known_devices')
      .set({ last_seen })
      .where('account_id', '=', accountId)
      .where('device_hash', '=', visit.device)
      .executeTakeFirst()
    if (numUpdatedRows > 0n) return null
  }
  const { token, hash } = newOpaqueToken('ofd')
  await db.insertInto('control.known_devices').values({ account_id: accountId, device_hash: hash }).execute()
  await sql`delete from control.known_devices where account_id = ${accountId} and device_hash in (
    select device_hash from control.known_devices where account_id = ${accountId}
     order by last_seen desc offset ${MOST_PER_ACCOUNT})`.execute(db)
  return token
}

export async function forgetDevices(work: Devices, accountId: string, except: string | null = null): Promise<void> {
  let forgetting = work.db.deleteFrom('control.known_devices').where('account_id', '=', accountId)
  if (except !== null) forgetting = forgetting.where('device_hash', '!=', except)
  await forgetting.execute()
}

/** Whether this account has had a session from the same address: then a new device is not worth a letter. */
export async function isKnownAddress(
  work: Work<Owned<'control.sessions'>>,
  accountId: string,
  ip: string,
): Promise<boolean> {
  const rows = await work.db
    .selectFrom('control.sessions')
    .select('ip')
    .distinct()
    .where('account_id', '=', accountId)
    .limit(200)
    .execute()
  return rows.some((row) => row.ip !== null && countedAddress(row.ip) === countedAddress(ip))
}
