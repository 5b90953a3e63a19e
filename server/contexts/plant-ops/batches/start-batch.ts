import { sql } from 'kysely'
import { askedInstant } from '../asked-time.ts'
import { getLine } from '../lines/get-line.ts'
import { readStateAt, writeLineState } from '../lines/write-line-state.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import { findProduct } from '../products/get-product.ts'
import type { FloorWork } from '../tables.ts'
import { plannedScrap } from './batch.ts'
import { WHOLE } from './complete-batch.ts'
import { asBatchRefusal } from './create-batch.ts'
import { tellBatchStarted } from './events.ts'
import { getBatch, lockBatch } from './get-batch.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, BatchReport, Snapshot } from './schemas.ts'

/** What is to be made and how, as it is now: the line's speed for the product, the product's own, the line's. */
async function snapshotOf(work: FloorWork, batch: Batch): Promise<Snapshot> {
  const line = await getLine(work, batch.line_id)
  const product = await findProduct(work, batch.product_code)
  const here = product?.cycle_times.find(({ line_id }) => line_id === batch.line_id)
  return {
    product_code: batch.product_code,
    product_name: product?.name ?? null,
    product_revision: product?.revision ?? null,
    ideal_cycle_time_s: here?.ideal_cycle_time_s ?? product?.ideal_cycle_time_s ?? line.ideal_cycle_time_s,
    recipe: batch.recipe ?? product?.recipe ?? {},
    planned_scrap_quantity: batch.planned_scrap_quantity ?? plannedScrap(batch, product?.planned_scrap_rate ?? null),
  }
}

/** Starts a planned batch: from now on it has the line to itself, and what it is made of is fixed. An idle line runs. */
export async function startBatch(work: FloorWork, id: string, when: string | undefined): Promise<BatchReport> {
  const at = askedInstant(when, work.now)
  const batch = await lockBatch(work, id)
  if (batch.status !== 'planned') throw batchRefusals.refuse('batches.not_planned')
  const { plant_id, line_id } = batch
  const line = { id: line_id, plant_id }
  const snapshot = await snapshotOf(work, batch)
  const started = new Date(at).toISOString()
  await recordRestatements(
    work,
    { line, span: { from: at, to: work.now.getTime() }, reason: 'batch_started', kinds: WHOLE },
    async () => {
      await sql`
      update batches set status = 'running', started_at = ${started}, ideal_cycle_time_s = ${snapshot.ideal_cycle_time_s},
             planned_scrap_quantity = ${snapshot.planned_scrap_quantity},
             good_quantity = 0, scrap_quantity = 0, rework_quantity = 0, revision = revision + 1, updated_at = ${work.now},
             updated_by = ${work.actor.id}
       where tenant_id = ${work.tenantId} and id = ${id}`
        .execute(work.db)
        .catch((error: unknown) => {
          throw asBatchRefusal(error)
        })
      const row = { tenant_id: work.tenantId, batch_id: id, plant_id, snapshot: JSON.stringify(snapshot) }
      await work.db
        .insertInto('batch_recipes')
        .values({ ...row, taken_at: work.now.toISOString() })
        .execute()
      const state = await readStateAt(work, line, at)
      if (state === null || state.status === 'idle') {
        await writeLineState(work, line, { at, status: 'running', reason_code: null, note: null, source: 'batch' })
      }
    },
  )
  const entry = { action: 'batches.started', resource: 'batch', resource_id: id, plant_id }
  work.record({ ...entry, after: { started_at: started, snapshot } }, tellBatchStarted(batch, started))
  return getBatch(work, id)
}
