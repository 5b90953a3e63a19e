import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { askedInstant } from '../asked-time.ts'
import { withinLimits } from '../products/recipe.ts'
import type { FloorWork } from '../tables.ts'
import { tellCorrected, tellMeasured } from './events.ts'
import { findBatch, lockBatch, readSnapshot } from './get-batch.ts'
import { measurementColumns, readMeasurements } from './list-measurements.ts'
import { batchRefusals } from './refusals.ts'
import type { Measurement, NewMeasurement } from './schemas.ts'

const MOST = 2_000

/** Records what was measured at a control point of a batch that runs or is on hold. Out of limits it keeps the batch open until somebody acts. */
export async function recordMeasurement(
  work: FloorWork,
  id: string,
  body: Static<typeof NewMeasurement>,
): Promise<Measurement> {
  const batch = await lockBatch(work, id)
  if (batch.status !== 'running' && batch.status !== 'held') throw batchRefusals.refuse('batches.not_running')
  const at = askedInstant(body.measured_at, work.now, 'measured_at')
  if (at < Date.parse(batch.started_at!)) throw batchRefusals.refuse('batches.before_start')
  const points = (await readSnapshot(work, id))?.recipe.control_points ?? []
  const point = points.find(({ code }) => code.toLowerCase() === body.control_point.toLowerCase())
  if (point === undefined) throw batchRefusals.refuse('controls.point_unknown')
  if (body.unit !== undefined && body.unit !== point.unit) {
    throw batchRefusals.refuse('controls.unit_mismatch', {
      details: [{ field: 'unit', message: `must be ${point.unit}` }],
    })
  }
  if ((await readMeasurements(work, id)).length >= MOST) throw batchRefusals.refuse('batches.quantities')
  const within = withinLimits(point, body.value)
  const action = within ? null : (body.corrective_action ?? null)
  const [corrected_at, corrected_by] = action === null ? [null, null] : [work.now, work.actor.id]
  const { rows } = await sql<Measurement>`
    insert into control_measurements as m (tenant_id, id, plant_id, batch_id, control_point, value, unit, within_limits, measured_at,
           note, corrective_action, corrected_at, corrected_by, created_at, updated_at, created_by, updated_by)
    values (${work.tenantId}, ${newId()}, ${batch.plant_id}, ${id}, ${point.code}, ${body.value}, ${point.unit}, ${within},
           ${new Date(at).toISOString()}, ${body.note ?? null}, ${action}, ${corrected_at}, ${corrected_by}, ${work.now}, ${work.now},
           ${work.actor.id}, ${work.actor.id})
    returning ${measurementColumns}`.execute(work.db)
  const made = rows[0]!
  const entry = { action: 'controls.measured', resource: 'control_measurement', resource_id: made.id }
  work.record(
    { ...entry, plant_id: batch.plant_id, after: { ...body, within_limits: within } },
    tellMeasured(batch, made),
  )
  return made
}

/** Says what was done about a measurement out of limits: once. */
export async function recordCorrection(
  work: FloorWork,
  { id, measurement_id }: { id: string; measurement_id: string },
  corrective_action: string,
): Promise<Measurement> {
  const batch = await findBatch(work, id)
  const { rows: found } = await sql<{
    control_point: string
    within_limits: boolean
    corrective_action: string | null
  }>`
    select control_point, within_limits, corrective_action from control_measurements
     where tenant_id = ${work.tenantId} and batch_id = ${id} and id = ${measurement_id} for update`.execute(work.db)
  if (found[0] === undefined) throw batchRefusals.refuse('controls.not_found')
  if (found[0].within_limits || found[0].corrective_action !== null)
    throw batchRefusals.refuse('controls.nothing_to_correct')
  const { rows } = await sql<Measurement>`
    update control_measurements m set corrective_action = ${corrective_action}, corrected_at = ${work.now},
           corrected_by = ${work.actor.id}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where m.tenant_id = ${work.tenantId} and m.id = ${measurement_id} returning ${measurementColumns}`.execute(work.db)
  const made = rows[0]!
  const entry = { action: 'controls.corrected', resource: 'control_measurement', resource_id: made.id }
  work.record({ ...entry, plant_id: batch.plant_id, after: { corrective_action } }, tellCorrected(batch, made))
  return made
}
