import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { tellApiKeyRevoked } from '../events.ts'
import { lockKey } from './check-key.ts'

/** Ends a key at once; it stays in the list. Once more changes nothing. */
export async function revokeApiKey(
  work: Work<Owned<'control.api_keys'>>,
  id: string,
  expected: readonly number[] | null,
): Promise<void> {
  const key = await lockKey(work, id)
  checkRevision(key, expected)
  if (key.revoked_at !== null) return
  const { db, tenantId, actor } = work
  const now = work.now.toISOString()
  await db
    .updateTable('control.api_keys')
    .set({ revoked_at: now, updated_at: now, updated_by: actor.id, revision: sql`revision + 1` })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
  const entry = { action: 'api_keys.revoked', resource: 'api_key', resource_id: id, before: { name: key.name } }
  work.record(entry, tellApiKeyRevoked(id))
}
