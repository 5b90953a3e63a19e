import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { readPage, type Period } from '../readings/read-series.ts'
import { isGood } from '../readings/series.ts'
import { getSensor } from '../sensors/get-sensor.ts'
import type { ModelWork } from '../tables.ts'
import { tellModelRequested } from './events.ts'
import { getModel } from './list-models.ts'
import { modelRefusals } from './refusals.ts'
import { trainingOrder } from './run-training.ts'
import type { SensorModel, Training } from './schemas.ts'
import { LEAST_STEPS } from './trial.ts'

const USUAL_MS = 90 * 86_400_000
/** Readings of a period at most: what can be read in the time of a job. */
const MOST_READINGS = 20_000_000

/** Asks for a new version, learned from a period; what becomes of it is decided by a job. */
export async function startTraining(work: ModelWork, sensorId: string, asked: Training): Promise<SensorModel> {
  const sensor = await getSensor(work, sensorId)
  const period = periodOf(asked, work.now.getTime())
  await checkReadings(work, sensor.id, period)
  const id = newId()
  const order = { sensor_id: sensor.id, model_id: id }
  const job_id = await enqueue(work, trainingOrder, order, { key: sensor.id })
  if (job_id === null) throw modelRefusals.refuse('sensor_models.training')
  const { db, tenantId, now, actor } = work
  const [asked_from, asked_to] = [new Date(period.from), new Date(period.to)]
  // One at a time of a sensor, as its job: so is its number.
  const { rows } = await sql<{ version: number }>`
    insert into sensor_models (tenant_id, id, sensor_id, plant_id, version, status, unit, asked_from, asked_to, job_id,
           created_at, updated_at, created_by, updated_by)
    select ${tenantId}, ${id}, ${sensor.id}, ${sensor.plant_id},
           1 + coalesce((select max(version) from sensor_models where tenant_id = ${tenantId} and sensor_id = ${sensor.id}), 0),
           'challenger', ${sensor.unit}, ${asked_from}, ${asked_to}, ${job_id}, ${now}, ${now}, ${actor.id}, ${actor.id}
    returning version`.execute(db)
  const { version } = rows[0]!
  const model = { id, sensor_id: sensor.id, plant_id: sensor.plant_id, version }
  const entry = {
    action: 'sensor_models.requested',
    resource: 'sensor_model',
    resource_id: id,
    plant_id: sensor.plant_id,
  }
  work.record({ ...entry, after: { version, asked_from, asked_to } }, tellModelRequested(model))
  return getModel(work, sensor.id, id)
}

function periodOf({ from, to }: Training, now: number): Period {
  const end = Math.min(now, to === undefined ? now : Date.parse(to))
  const begin = Math.max(0, from === undefined ? end - USUAL_MS : Date.parse(from))
  if (begin < end) return { from: begin, to: end }
  throw modelRefusals.refuse('sensor_models.period', { details: [{ field: 'from', message: 'is not before the end' }] })
}

/** Refuses what no training could learn from, before anybody waits for it. */
async function checkReadings(work: ModelWork, sensorId: string, period: Period): Promise<void> {
  const enough = 4 * LEAST_STEPS
  const { length, mark } = await readPage(work, sensorId, period, enough)
  const good = mark.subarray(0, length).filter((one) => isGood(one)).length
  if (length < enough && good < LEAST_STEPS) {
    const message = `only ${good} good readings are in the period, and ${LEAST_STEPS} are needed`
    throw modelRefusals.refuse('sensor_models.too_little', { details: [{ field: 'from', message }] })
  }
  const { rows } = await sql<{ readings: number }>`
    select coalesce(sum(readings), 0)::float8 as readings from reading_blocks
     where tenant_id = ${work.tenantId} and sensor_id = ${sensorId} and first_ms < ${period.to} and last_ms >= ${period.from}`.execute(
    work.db,
  )
  if (rows[0]!.readings > MOST_READINGS) {
    const message = `${rows[0]!.readings} readings are in the period, and ${MOST_READINGS} are the most`
    throw modelRefusals.refuse('sensor_models.too_much', { details: [{ field: 'from', message }] })
  }
}
