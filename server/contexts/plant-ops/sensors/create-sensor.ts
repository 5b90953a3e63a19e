import pg from 'pg'
import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { plantsExist } from '#contexts/plants'
import { violated } from '#platform/database/database-refusals.ts'
import type { SensorWork } from '../tables.ts'
import { tellSensorCreated } from './events.ts'
import { sensorColumns } from './get-sensor.ts'
import { sensorRefusals } from './refusals.ts'
import type { NewSensor, Sensor } from './schemas.ts'
import { limitProblems } from './sensor.ts'

/** What the database refuses about a sensor's row, said in this context's words. */
export function asSensorRefusal(error: unknown): unknown {
  if (violated(error) === 'sensors_source') return sensorRefusals.refuse('sensors.source_taken', { cause: error })
  if (violated(error) === 'sensors_quantity') return sensorRefusals.refuse('sensors.quantity_taken', { cause: error })
  // 42501: the row is outside of the plants that the user sees.
  if (error instanceof pg.DatabaseError && error.code === '42501') {
    return sensorRefusals.refuse('sensors.place_not_found', { cause: error })
  }
  return error
}

/** The plant of a live line; refused where there is none, or it is another's. */
export async function plantOfLine({ db, tenantId }: SensorWork, lineId: string, plantId?: string): Promise<string> {
  const { rows } = await sql<{ plant_id: string }>`
    select plant_id from lines where tenant_id = ${tenantId} and id = ${lineId} and deleted_at is null`.execute(db)
  const found = rows[0]?.plant_id
  if (found === undefined || (plantId !== undefined && plantId.toLowerCase() !== found)) {
    throw sensorRefusals.refuse('sensors.place_not_found')
  }
  return found
}

/** Adds a sensor to a plant, or to a line and so to the line's plant. */
export async function createSensor(work: SensorWork, body: Static<typeof NewSensor>): Promise<Sensor> {
  const { name, unit, kind = null, quantity = null, source = null, min = null, max = null } = body
  const { max_rate = null, retention_days = null, line_id = null } = body
  const problems = limitProblems({ min, max })
  if (problems.length > 0) throw sensorRefusals.refuse('sensors.limits_crossed', { details: problems })
  if (quantity !== null && retention_days !== null) throw sensorRefusals.refuse('sensors.quantity_kept')
  const plant_id = line_id === null ? body.plant_id : await plantOfLine(work, line_id, body.plant_id)
  if (plant_id === undefined) throw sensorRefusals.refuse('sensors.no_place')
  if (!(await plantsExist(work, [plant_id]))) throw sensorRefusals.refuse('sensors.place_not_found')
  const { db, tenantId, now, actor } = work
  const id = newId()
  const { rows } = await sql<Sensor>`
    insert into sensors as s (tenant_id, id, plant_id, line_id, name, unit, kind, quantity, source, min, max, max_rate,
           retention_days, created_at, updated_at, created_by, updated_by)
    values (${tenantId}, ${id}, ${plant_id}, ${line_id}, ${name}, ${unit}, ${kind}, ${quantity}, ${source}, ${min}, ${max},
           ${max_rate}, ${retention_days}, ${now}, ${now}, ${actor.id}, ${actor.id})
    returning ${sensorColumns}`
    .execute(db)
    .catch((error: unknown) => {
      throw asSensorRefusal(error)
    })
  await sql`insert into sensor_states (tenant_id, sensor_id, plant_id) values (${tenantId}, ${id}, ${plant_id})`.execute(
    db,
  )
  const sensor = rows[0]!
  const entry = { action: 'sensors.created', resource: 'sensor', resource_id: id, plant_id: sensor.plant_id }
  work.record({ ...entry, after: { ...body } }, tellSensorCreated(sensor))
  return sensor
}
