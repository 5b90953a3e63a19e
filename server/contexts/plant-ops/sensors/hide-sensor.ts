import { sql } from 'kysely'
import { checkRevision } from '#platform/http/etag.ts'
import type { SensorWork } from '../tables.ts'
import { asSensorRefusal } from './create-sensor.ts'
import { tellSensorHidden } from './events.ts'
import { getSensor, lockSensor } from './get-sensor.ts'
import type { Sensor } from './schemas.ts'

/** Hides a sensor: nothing more is taken from it; its readings stay, and are seen again when it is brought back. */
export async function hideSensor(
  work: SensorWork,
  { id, revisions }: { id: string; revisions: readonly number[] | null },
): Promise<void> {
  const sensor = await lockSensor(work, id)
  checkRevision(sensor, revisions)
  await setHidden(work, id, true)
  const entry = { action: 'sensors.deleted', resource: 'sensor', resource_id: id, plant_id: sensor.plant_id }
  work.record(entry, tellSensorHidden(sensor, true))
}

/** Brings a hidden sensor back; one that is not hidden stays as it is. */
export async function restoreSensor(work: SensorWork, id: string): Promise<Sensor> {
  const sensor = await lockSensor(work, id, true)
  if (sensor.deleted_at === null) return sensor
  await setHidden(work, id, false)
  const entry = { action: 'sensors.restored', resource: 'sensor', resource_id: id, plant_id: sensor.plant_id }
  work.record(entry, tellSensorHidden(sensor, false))
  return getSensor(work, id)
}

async function setHidden({ db, tenantId, now, actor }: SensorWork, id: string, hidden: boolean): Promise<void> {
  await sql`
    update sensors set deleted_at = ${hidden ? now : null}, revision = revision + 1, updated_at = ${now}, updated_by = ${actor.id}
     where tenant_id = ${tenantId} and id = ${id}`
    .execute(db)
    .catch((error: unknown) => {
      throw asSensorRefusal(error)
    })
}
