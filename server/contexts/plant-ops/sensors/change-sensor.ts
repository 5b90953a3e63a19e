import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { changesOf } from '../changes.ts'
import { holdState, retireChampion } from '../models/set-champion.ts'
import type { SensorWork } from '../tables.ts'
import { asSensorRefusal, plantOfLine } from './create-sensor.ts'
import { tellSensorUpdated } from './events.ts'
import { lockSensor, sensorColumns } from './get-sensor.ts'
import { sensorRefusals } from './refusals.ts'
import type { Sensor, SensorChange } from './schemas.ts'
import { limitProblems } from './sensor.ts'

type Asked = { id: string; change: Static<typeof SensorChange>; revisions: readonly number[] | null }

/** What is worked out from each of its readings has them all. A sensor that was otherwise before this was asked may stay so. */
async function checkQuantity({ db, tenantId }: SensorWork, { id, quantity, retention_days }: Sensor, changed: object) {
  if (quantity === null) return
  if (retention_days !== null && ('quantity' in changed || 'retention_days' in changed)) {
    throw sensorRefusals.refuse('sensors.quantity_kept')
  }
  if (!('quantity' in changed)) return
  const { rows } = await sql<{ raw_from_ms: number | null }>`
    select raw_from_ms from sensor_states where tenant_id = ${tenantId} and sensor_id = ${id}`.execute(db)
  if (rows[0]?.raw_from_ms !== null) throw sensorRefusals.refuse('sensors.quantity_kept')
}

/** Changes what a sensor is called and how it is judged; its plant is for good. Readings that are there keep their scores. */
export async function changeSensor(work: SensorWork, { id, change, revisions }: Asked): Promise<Sensor> {
  // What a model was trained for may change, and whether readings go: whoever takes readings takes these two rows in this order.
  if (change.unit !== undefined || change.quantity !== undefined) await holdState(work, id)
  const before = await lockSensor(work, id)
  checkRevision(before, revisions)
  const changes = changesOf(before, change)
  if (changes === null) return before
  const after = { ...before, ...change }
  const problems = limitProblems(after)
  if (problems.length > 0) throw sensorRefusals.refuse('sensors.limits_crossed', { details: problems })
  await checkQuantity(work, after, changes.after)
  if (change.line_id) await plantOfLine(work, change.line_id, before.plant_id)
  const { rows } = await sql<Sensor>`
    update sensors s set line_id = ${after.line_id}, name = ${after.name}, unit = ${after.unit}, kind = ${after.kind},
           quantity = ${after.quantity}, source = ${after.source}, min = ${after.min}, max = ${after.max},
           max_rate = ${after.max_rate}, retention_days = ${after.retention_days}, revision = s.revision + 1,
           updated_at = ${work.now}, updated_by = ${work.actor.id}
     where s.tenant_id = ${work.tenantId} and s.id = ${id} returning ${sensorColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asSensorRefusal(error)
    })
  if (after.unit !== before.unit) await retireChampion(work, id, 'unit_changed')
  const entry = { action: 'sensors.updated', resource: 'sensor', resource_id: id, plant_id: before.plant_id }
  work.record({ ...entry, ...changes }, tellSensorUpdated(before, changes.after))
  return rows[0]!
}
