import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { AnomalyWork } from '../tables.ts'
import type { Alarm } from './alarm.ts'
import { tellAnomaly } from './events.ts'

export type KnownAlarm = Alarm & {
  id: string
  /** Nobody was told, as the alarms of the sensor were shelved; and they are not any more. */
  untold: boolean
}

/** An alarm that begins; `silent_ms` is the time of the last good reading where it is of missing data. */
export type NewAlarm = Alarm & { silent_ms?: number }

type Shelf = {
  sensor_id: string
  shelved_until: Date
  shelved_at: Date
  shelved_by: string | null
  shelve_reason: string
}

/** What holds of these sensors now, where somebody shelved their alarms. */
async function shelvesOf(
  { db, tenantId, now }: AnomalyWork,
  sensorIds: readonly string[],
): Promise<Map<string, Shelf>> {
  const { rows } = await sql<Shelf>`
    select distinct on (a.sensor_id) a.sensor_id, a.shelved_until, a.shelved_at, a.shelved_by, a.shelve_reason from anomalies a
     where a.tenant_id = ${tenantId} and a.sensor_id = any (${sensorIds}::uuid[]) and a.shelved_until is not null
       and a.shelved_until > ${now}
     order by a.sensor_id, a.shelved_until desc`.execute(db)
  return new Map(rows.map((row) => [row.sensor_id, row]))
}

const RECORD =
  sql.raw(`id uuid, sensor_id uuid, plant_id uuid, started_ms float8, last_ms float8, readings integer, occurrences integer,
  peak_score float8, peak_ms float8, peak_value float8, causes jsonb`)
const TIMES = sql.raw(`to_timestamp(r.started_ms / 1000), to_timestamp(r.last_ms / 1000)`)

/** Writes alarms that begin and announces each, once; those of shelved sensors are written and told to nobody. */
export async function beginAlarms(work: AnomalyWork, alarms: readonly NewAlarm[], activeUntil: Date): Promise<void> {
  if (alarms.length === 0) return
  const { db, tenantId, now } = work
  const shelves = await shelvesOf(work, [...new Set(alarms.map(({ sensor_id }) => sensor_id))])
  const begun = alarms.map((alarm) => ({ ...alarm, id: newId(), ...shelves.get(alarm.sensor_id) }))
  await sql`
    insert into anomalies (tenant_id, id, sensor_id, plant_id, started_at, last_at, active_until, readings, occurrences,
           peak_score, peak_at, peak_value, causes, silent_since, shelved_until, shelved_at, shelved_by, shelve_reason, held,
           created_at, updated_at)
    select ${tenantId}, r.id, r.sensor_id, r.plant_id, ${TIMES}, ${activeUntil}::timestamptz, r.readings, r.occurrences,
           r.peak_score, to_timestamp(r.peak_ms / 1000), r.peak_value, r.causes, to_timestamp(r.silent_ms / 1000), r.shelved_until,
           r.shelved_at, r.shelved_by, r.shelve_reason, r.shelved_until is not null, ${now}::timestamptz, ${now}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(begun)}::jsonb) as r(${RECORD}, silent_ms float8, shelved_until timestamptz,
           shelved_at timestamptz, shelved_by uuid, shelve_reason text)`.execute(db)
  for (const alarm of begun) if (!shelves.has(alarm.sensor_id)) work.announce(tellAnomaly(alarm))
}

/** Writes what alarms have become, and announces those of which nobody was told while they were shelved. */
export async function updateAlarms(work: AnomalyWork, alarms: readonly KnownAlarm[], activeUntil: Date): Promise<void> {
  if (alarms.length === 0) return
  const { db, tenantId, now } = work
  // By two: the odd ones are what an alarm's revision becomes when it clears, which nothing writes.
  await sql`
    update anomalies a
       set (started_at, last_at) = (select ${TIMES}), active_until = ${activeUntil}, readings = r.readings,
           occurrences = r.occurrences, peak_score = r.peak_score, peak_at = to_timestamp(r.peak_ms / 1000),
           peak_value = r.peak_value, causes = r.causes, held = a.held and not r.untold, revision = a.revision + 2, updated_at = ${now}
      from jsonb_to_recordset(${JSON.stringify(alarms)}::jsonb) as r(${RECORD}, untold boolean)
     where a.tenant_id = ${tenantId} and a.id = r.id`.execute(db)
  for (const alarm of alarms) if (alarm.untold) work.announce(tellAnomaly(alarm))
}

/** The name of a time's column as milliseconds, for a select from `anomalies a`. */
export const millis = (column: string) =>
  // security-ok: the name of a column, from this folder
  sql.raw(`(extract(epoch from a.${column}) * 1000)::float8 as ${column.replace(/_at$/, '_ms')}`)

/** What a KnownAlarm is made of, at a time. */
export const knownColumns = (now: Date) => sql`
  a.id, a.sensor_id, a.plant_id, ${millis('started_at')}, ${millis('last_at')}, a.readings, a.occurrences, a.peak_score,
  ${millis('peak_at')}, a.peak_value, a.causes, a.acknowledged_at is not null as acknowledged,
  a.held and coalesce(a.shelved_until <= ${now}, true) as untold`
