import { sql } from 'kysely'
import type { AnomalyWork } from '../tables.ts'
import { type Alarm, type Found, groupAnomalies, QUIET_MS, reachOf } from './alarm.ts'
import { beginAlarms, type KnownAlarm, knownColumns, updateAlarms } from './write-alarms.ts'

/**
 * Called by whoever writes readings, in the same Work and after their sensors' rows of state were locked, with those
 * readings that were found anomalous (`score >= ANOMALY`), of any number of sensors, in time or late. It groups them into alarms
 * by their times and announces each alarm that begins, once. Where nothing was found it costs nothing.
 *
 *   const { score, causes } = scoreReading(state.detector, settings, at_ms, value, quality)
 *   if (score >= ANOMALY) found.push({ sensor_id, plant_id, at_ms, value, score, causes })
 *   …
 *   await recordAnomalies(work, found)
 */
export async function recordAnomalies(work: AnomalyWork, found: readonly Found[]): Promise<void> {
  if (found.length === 0) return
  const bySensor = Map.groupBy(
    found.toSorted((a, b) => a.at_ms - b.at_ms),
    ({ sensor_id }) => sensor_id,
  )
  const known = await alarmsAbout(work, bySensor)
  const continued: KnownAlarm[] = []
  const begun: Alarm[] = []
  for (const [sensorId, ones] of bySensor) {
    const grouped = groupAnomalies(known.get(sensorId) ?? [], ones)
    continued.push(...grouped.continued)
    begun.push(...grouped.begun)
  }
  const activeUntil = new Date(work.now.getTime() + QUIET_MS)
  await updateAlarms(work, continued, activeUntil)
  await beginAlarms(work, begun, activeUntil)
}

/** Of each sensor the alarms to which something found of it could belong, the oldest first; those of missing data take no readings. */
async function alarmsAbout(
  { db, tenantId, now }: AnomalyWork,
  bySensor: ReadonlyMap<string, readonly Found[]>,
): Promise<Map<string, KnownAlarm[]>> {
  const asked = Array.from(bySensor, ([sensor_id, ones]) => ({
    sensor_id,
    ...reachOf(ones[0]!.at_ms, ones.at(-1)!.at_ms),
  }))
  const { rows } = await sql<KnownAlarm>`
    select ${knownColumns(now)}
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as k(sensor_id uuid, last_from float8, started_to float8)
      join anomalies a on a.tenant_id = ${tenantId} and a.sensor_id = k.sensor_id and a.silent_since is null
       and a.last_at >= to_timestamp(k.last_from / 1000) and a.started_at <= to_timestamp(k.started_to / 1000)
     order by a.last_at, a.id`.execute(db)
  return Map.groupBy(rows, ({ sensor_id }) => sensor_id)
}
