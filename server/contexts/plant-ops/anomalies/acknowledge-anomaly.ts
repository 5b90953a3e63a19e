import { sql } from 'kysely'
import type { AnomalyWork } from '../tables.ts'
import { tellAcknowledged } from './events.ts'
import { getAnomaly } from './list-anomalies.ts'
import type { Anomaly } from './schemas.ts'

/** Somebody has seen it; also one that cleared before anybody looked. Who was first stays: a second time changes nothing. */
export async function acknowledgeAnomaly(
  work: AnomalyWork,
  id: string,
  { note = null }: { note?: string | null },
): Promise<Anomaly> {
  const { plant_id, sensor_id } = await getAnomaly(work, id)
  const { rows } = await sql`
    update anomalies set acknowledged_at = ${work.now}, acknowledged_by = ${work.actor.id}, note = ${note},
           revision = revision + 2, updated_at = ${work.now}
     where tenant_id = ${work.tenantId} and id = ${id} and acknowledged_at is null returning id`.execute(work.db)
  if (rows.length > 0) {
    const entry = { action: 'anomalies.acknowledged', resource: 'anomaly', resource_id: id, plant_id }
    work.record({ ...entry, after: { note } }, tellAcknowledged({ id, sensor_id, plant_id }))
  }
  return getAnomaly(work, id)
}
