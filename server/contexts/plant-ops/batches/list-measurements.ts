import { sql } from 'kysely'
import type { FloorWork } from '../tables.ts'
import { findBatch } from './get-batch.ts'
import type { Measurement } from './schemas.ts'

export const measurementColumns = sql`m.id, m.plant_id, m.batch_id, m.control_point, m.value, m.unit, m.within_limits, m.measured_at,
  m.note, m.corrective_action, m.corrected_at, m.corrected_by, m.revision, m.created_at, m.updated_at, m.created_by, m.updated_by`

/** All measurements of a batch, in the order of time; at most 2,000 are taken of one. */
export async function readMeasurements({ db, tenantId }: FloorWork, batchId: string): Promise<Measurement[]> {
  const { rows } = await sql<Measurement>`
    select ${measurementColumns} from control_measurements m
     where m.tenant_id = ${tenantId} and m.batch_id = ${batchId} order by m.measured_at, m.id`.execute(db)
  return rows
}

export async function listMeasurements(work: FloorWork, batchId: string): Promise<{ items: Measurement[] }> {
  await findBatch(work, batchId)
  return { items: await readMeasurements(work, batchId) }
}
