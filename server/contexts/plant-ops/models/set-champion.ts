import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { readPage } from '../readings/read-series.ts'
import { isGood } from '../readings/series.ts'
import { getSensor } from '../sensors/get-sensor.ts'
import type { ModelWork, SensorWork } from '../tables.ts'
import { tellModelActivated, tellModelRetired } from './events.ts'
import { type Forecaster, reachOf } from './forecast.ts'
import { getModel } from './list-models.ts'
import { modelRefusals } from './refusals.ts'
import type { ModelReason, SensorModel } from './schemas.ts'
import { newModel, packMemory, recall } from './surprise.ts'

/**
 * Takes a sensor's row of state, which ingest takes first too: from here on nothing is scored until this is committed. Before its row
 * among the sensors is taken, or two that wait for each other would wait for ever. Answers the time of its newest reading.
 */
export async function holdState({ db, tenantId }: SensorWork, sensorId: string): Promise<number | null> {
  const { rows } = await sql<{ last_ms: number | null }>`
    select last_ms from sensor_states where tenant_id = ${tenantId} and sensor_id = ${sensorId} for update`.execute(db)
  return rows[0]?.last_ms ?? null
}

// Whatever a process remembers of the state holds while its stamp is the same.
const newStamp = (): number => randomInt(2 ** 48 - 1)

type Chosen = { id: string; sensor_id: string; fitted: Forecaster }

/** Makes it the champion in place of the one that there is; the caller holds the state. It remembers the steps up to the newest reading. */
export async function crown(
  work: ModelWork,
  { id, sensor_id, fitted }: Chosen,
  reason: ModelReason,
  lastMs: number | null,
): Promise<void> {
  const { db, tenantId, now, actor } = work
  const memory = await memoryOf(work, sensor_id, fitted, lastMs)
  await sql`
    update sensor_models set status = 'retired', reason = 'replaced', revision = revision + 2, updated_at = ${now}, updated_by = ${actor.id}
     where tenant_id = ${tenantId} and sensor_id = ${sensor_id} and status = 'champion'`.execute(db)
  await sql`
    update sensor_models set status = 'champion', reason = ${reason}, revision = revision + 2, updated_at = ${now}, updated_by = ${actor.id}
     where tenant_id = ${tenantId} and id = ${id}`.execute(db)
  await sql`
    update sensor_states set model = ${JSON.stringify(fitted)}::jsonb, model_memory = ${memory}, stamp = ${newStamp()}
     where tenant_id = ${tenantId} and sensor_id = ${sensor_id}`.execute(db)
}

/** Readings at most; of a sensor with more in that time the newest are not among them, and it waits for what it lacks. */
const MOST_REMEMBERED = 100_000
/** Steps are not always as long as they usually are. */
const ROOM = 1.5

async function memoryOf(work: ModelWork, sensorId: string, fitted: Forecaster, lastMs: number | null): Promise<Buffer> {
  const model = newModel(fitted)
  if (lastMs !== null) {
    const from = Math.max(0, lastMs - ROOM * (reachOf(fitted.season) + 2) * fitted.step_ms)
    const { at_ms, value, mark, length } = await readPage(work, sensorId, { from, to: lastMs + 1 }, MOST_REMEMBERED)
    const good = Array.from({ length }, (_, i) => i).filter((i) => isGood(mark[i]!))
    recall(
      model,
      good.map((i) => ({ at_ms: at_ms[i]!, value: value[i]! })),
    )
  }
  return Buffer.from(packMemory(model))
}

/** Ends the champion, if there is one; the caller holds the state. The detector scores alone from here on. */
export async function retireChampion(work: SensorWork, sensorId: string, reason: ModelReason): Promise<boolean> {
  const { db, tenantId, now, actor } = work
  const { rows } = await sql<{ id: string; sensor_id: string; plant_id: string; version: number }>`
    update sensor_models set status = 'retired', reason = ${reason}, revision = revision + 2, updated_at = ${now}, updated_by = ${actor.id}
     where tenant_id = ${tenantId} and sensor_id = ${sensorId} and status = 'champion'
    returning id, sensor_id, plant_id, version`.execute(db)
  const [model] = rows
  if (model === undefined) return false
  await sql`
    update sensor_states set model = null, model_memory = null, stamp = ${newStamp()}
     where tenant_id = ${tenantId} and sensor_id = ${sensorId}`.execute(db)
  const entry = { action: 'sensor_models.retired', resource: 'sensor_model', resource_id: model.id }
  const after = { version: model.version, reason }
  work.record({ ...entry, plant_id: model.plant_id, after }, tellModelRetired(model, reason))
  return true
}

/** A person makes a version the champion that was it before. The one that is stays as it is. */
export async function activateModel(work: ModelWork, sensorId: string, id: string): Promise<SensorModel> {
  const lastMs = await holdState(work, sensorId)
  const { unit } = await getSensor(work, sensorId)
  const model = await getModel(work, sensorId, id)
  if (model.status === 'champion') return model
  if (model.status !== 'retired') throw modelRefusals.refuse('sensor_models.never_champion')
  if (model.unit !== unit) throw modelRefusals.refuse('sensor_models.other_unit')
  const { rows } = await sql<{ fitted: Forecaster }>`
    select fitted from sensor_models where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  await crown(work, { id: model.id, sensor_id: model.sensor_id, fitted: rows[0]!.fitted }, 'activated', lastMs)
  const entry = { action: 'sensor_models.activated', resource: 'sensor_model', resource_id: model.id }
  const after = { version: model.version }
  work.record({ ...entry, plant_id: model.plant_id, after }, tellModelActivated(model))
  return getModel(work, sensorId, id)
}

/** A person goes back to the detector alone. */
export async function removeChampion(work: ModelWork, sensorId: string): Promise<void> {
  await holdState(work, sensorId)
  await getSensor(work, sensorId)
  if (!(await retireChampion(work, sensorId, 'removed'))) throw modelRefusals.refuse('sensor_models.no_champion')
}
