import { sql } from 'kysely'
import { Type } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import { Id } from '#platform/http/shapes.ts'
import { Refusal } from '#platform/refusal.ts'
import { getBatch } from './batches/get-batch.ts'
import { readMeasurements } from './batches/list-measurements.ts'
import { readBatchBalance, traceFrom } from './lots/read-trace.ts'
import type { FloorWork } from './tables.ts'

/** What a batch reported, in the order of time. */
async function readOutputs({ db, tenantId }: FloorWork, id: string) {
  const { rows } = await sql<Record<string, unknown>>`
    select id, starts_at, ends_at, good::float8 as good_quantity, scrap::float8 as scrap_quantity, rework::float8 as rework_quantity,
           reason, recorded_at, recorded_by
      from batch_outputs where tenant_id = ${tenantId} and batch_id = ${id} order by ends_at, id`.execute(db)
  return rows
}

async function plantsOf({ db, tenantId }: FloorWork, batches: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ plant_id: string }>`
    select distinct plant_id from batches where tenant_id = ${tenantId} and id = any (${batches}::uuid[])`.execute(db)
  return rows.map(({ plant_id }) => plant_id)
}

/** What proves a batch: its report with recipe and holds, outputs, measurements, what it was made of and where that went. */
async function collectBatch(work: FloorWork, id: string) {
  const batch = await getBatch(work, id)
  const [outputs, measurements] = [await readOutputs(work, id), await readMeasurements(work, id)]
  const [backward, forward] = [await traceFrom(work, id, 'backward'), await traceFrom(work, id, 'forward')]
  const balance = await readBatchBalance(work, id)
  const lots = [...new Map([...backward.lots, ...forward.lots].map((lot) => [lot.id, lot])).values()]
  const others = await plantsOf(
    work,
    [...backward.batches, ...forward.batches].map((one) => one.id),
  )
  const { holds, snapshot, ...report } = batch
  return {
    title: `${batch.batch_number} ${batch.product_code}`,
    plant_ids: [...new Set([batch.plant_id, ...lots.map((lot) => lot.plant_id), ...others])],
    records: {
      batch: report,
      recipe: snapshot,
      holds,
      outputs,
      measurements,
      lots,
      trace: { backward, forward },
      balance,
    },
    documents: {
      linked: [{ kind: 'batch', id: batch.id }, ...lots.map((lot) => ({ kind: 'lot', id: lot.id }))],
    },
    history: {
      subjects: [`plant-ops/batches/${batch.id}`, ...lots.map((lot) => `plant-ops/lots/${lot.id}`)],
      resources: [batch.id, ...measurements.map((one) => one.id), ...lots.map((lot) => lot.id)],
      ...{ plant_id: null, period: null },
    },
  }
}

/** Evidence of a batch; null where it is not there or not to be seen. */
export const batchEvidence = {
  schema: Type.Object({ batch_id: Id }),
  permissions: ['batches.read'],
  collect: async (work: EdgeWork, { batch_id }: Readonly<Record<string, unknown>>) => {
    try {
      return await collectBatch(work, batch_id as string)
    } catch (error) {
      if (error instanceof Refusal && error.kind === 'not_found') return null
      throw error
    }
  },
}
