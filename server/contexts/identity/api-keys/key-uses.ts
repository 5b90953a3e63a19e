import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Custody, CustodyDoor } from '#platform/database/custody.ts'
import type { Log } from '#platform/telemetry/log.ts'

/** When each key was last used, written now and then and never in the request that uses it. */
export type KeyUses = { used: (keyId: string) => void; flush: () => Promise<void>; close: () => Promise<void> }

const FLUSH_MS = 30_000
const MOST = 50_000

export function openKeyUses(door: CustodyDoor, log: Log): KeyUses {
  let uses = new Map<string, string>()
  const flush = async (): Promise<void> => {
    if (uses.size === 0) return
    const rows = [...uses].map(([id, at]) => ({ id, at }))
    uses = new Map()
    // One that failed is not tried again: the next use writes a later time anyhow.
    await door
      .run((custody) => writeKeyUses(custody, rows))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the last use of API keys was not written')
      })
  }
  const timer = setInterval(() => void flush(), FLUSH_MS).unref()
  return {
    used: (keyId) => {
      if (uses.size < MOST || uses.has(keyId)) uses.set(keyId, new Date().toISOString())
    },
    flush,
    close: () => {
      clearInterval(timer)
      return flush()
    },
  }
}

// Not more than once a minute for each key, however many processes there are; in the order of ids, so that two of
// them never wait for each other in a circle. A key that is revoked or over was not used but refused.
async function writeKeyUses(
  { db }: Custody<Owned<'control.api_keys'>>,
  rows: { id: string; at: string }[],
): Promise<void> {
  await sql`
    with used as (
      select k.tenant_id, k.id, u.at from control.api_keys k
        join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as u(id uuid, at timestamptz) on u.id = k.id
       where k.revoked_at is null and (k.expires_at is null or k.expires_at > u.at)
         and (k.last_used_at is null or k.last_used_at < u.at - interval '1 minute')
       order by k.id for update of k)
    update control.api_keys k set last_used_at = used.at from used
     where k.tenant_id = used.tenant_id and k.id = used.id`.execute(db)
}
