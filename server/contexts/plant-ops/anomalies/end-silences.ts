import { sql } from 'kysely'
import type { AnomalyWork } from '../tables.ts'

/** Until when an alarm is active of which nobody knows when it ends. */
export const OPEN_END = new Date('9999-12-31T00:00:00Z')

/**
 * Clears what was told of sensors that speak again, or are awaited no longer; the caller holds their rows of state, and writes there that
 * they are not silent any more.
 */
export async function endSilences({ db, tenantId, now }: AnomalyWork, sensorIds: readonly string[]): Promise<void> {
  if (sensorIds.length === 0) return
  await sql`
    update anomalies a set active_until = ${now}, last_at = greatest(a.last_at, ${now}), revision = a.revision + 2, updated_at = ${now},
           causes = jsonb_set(a.causes, '{0,lasted_ms}', to_jsonb(round(extract(epoch from ${now}::timestamptz - a.silent_since) * 1000)))
     where a.tenant_id = ${tenantId} and a.sensor_id = any (${sensorIds}::uuid[]) and a.silent_since is not null
       and a.active_until = ${OPEN_END}`.execute(db)
}
