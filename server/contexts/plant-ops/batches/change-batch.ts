import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { changesOf } from '../changes.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { type BatchStatus, fixedFields, quantityProblems, type Result } from './batch.ts'
import { endBatch, reportedOf, WHOLE } from './complete-batch.ts'
import { asBatchRefusal, checkRecipe } from './create-batch.ts'
import { tellBatchAborted, tellBatchDeleted, tellBatchUpdated, tellScrap } from './events.ts'
import { getBatch, lockBatch } from './get-batch.ts'
import { insertOutput, readLastReport } from './record-output.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, BatchChange, BatchReport } from './schemas.ts'
import { writeCosts } from './write-costs.ts'

type Change = Static<typeof BatchChange>
type Asked = { id: string; change: Change; revisions: readonly number[] | null }

const needReason = (): never => {
  const details = [{ field: 'reason', message: 'is needed' }]
  throw batchRefusals.refuse('batches.reason_needed', { details })
}

/** Ends a batch that will not be completed. What it had put out stays; its time is its line's. */
async function abortBatch(work: FloorWork, batch: Batch, reason: string): Promise<void> {
  const at = work.now.getTime()
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  const from = batch.started_at === null ? at : await readLastReport(work, batch)
  await recordRestatements(work, { line, span: { from, to: at }, reason: 'batch_aborted', kinds: WHOLE }, () =>
    endBatch(work, batch, { at, status: 'aborted', reason }),
  )
  const entry = { action: 'batches.aborted', resource: 'batch', resource_id: batch.id, plant_id: batch.plant_id }
  work.record({ ...entry, after: { reason } }, tellBatchAborted(batch, work.now.toISOString()))
}

const RESULTS = ['good_quantity', 'scrap_quantity', 'rework_quantity'] as const

/** Corrects a completed batch: what is added or taken away is a row of its own, and closed periods are restated. */
async function correctBatch(work: FloorWork, batch: Batch, change: Change): Promise<void> {
  if (change.reason === undefined) needReason()
  const after = { ...batch, ...change }
  const [was, is] = [reportedOf(batch), reportedOf(after)]
  const { inspected_quantity: inspected, first_pass_quantity: first_pass, scrap_reasons } = after
  const result: Result = { ...is, inspected, first_pass, scrap_reasons }
  const details = quantityProblems(result, { good: 0, scrap: 0, rework: 0 })
  if (details.length > 0) throw batchRefusals.refuse('batches.quantities', { details })
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  const span = { from: Date.parse(batch.started_at!), to: Date.parse(batch.ended_at!) }
  await recordRestatements(
    work,
    { line, span, reason: `correction: ${change.reason}`, kinds: ['batches', 'outputs'] },
    async () => {
      if (RESULTS.some((name) => batch[name] !== after[name])) {
        const delta = { good: is.good - was.good, scrap: is.scrap - was.scrap, rework: is.rework - was.rework }
        await insertOutput(work, batch, { ...span, ...delta, reason: change.reason! })
      }
      await writeCosts(work, batch, { ...change, scrap_reasons }, result)
    },
  )
  if (is.scrap > was.scrap)
    work.announce(
      tellScrap(
        batch,
        is.scrap - was.scrap,
        scrap_reasons.map(({ reason }) => reason),
      ),
    )
}

async function writePlan(work: FloorWork, batch: Batch, change: Change): Promise<void> {
  checkRecipe(change.recipe)
  const { planned_quantity, planned_scrap_quantity, batch_number, planned_start, notes, recipe } = {
    ...batch,
    ...change,
  }
  await sql`
    update batches set planned_quantity = ${planned_quantity}, planned_scrap_quantity = ${planned_scrap_quantity}, batch_number = ${batch_number}, planned_start = ${planned_start},
           notes = ${notes}, recipe = ${recipe === null ? null : JSON.stringify(recipe)}::jsonb, revision = revision + 1,
           updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${batch.id}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asBatchRefusal(error)
    })
}

/** Changes a batch as far as its state allows: its plan before the start, its results after the end, or aborts it. */
export async function changeBatch(work: FloorWork, { id, change, revisions }: Asked): Promise<BatchReport> {
  const batch = await lockBatch(work, id)
  checkRevision(batch, revisions)
  const { status, reason, ...fields } = change
  if (status !== undefined && (batch.status === 'completed' || batch.status === 'aborted')) {
    throw batchRefusals.refuse('batches.ended')
  }
  const details = fixedFields(batch.status as BatchStatus, change)
  if (details.length > 0) throw batchRefusals.refuse('batches.fixed_field', { details })
  if (status !== undefined && reason === undefined) needReason()
  const changes = changesOf(batch, fields)
  if (changes !== null) {
    await writePlan(work, batch, fields)
    if (batch.status === 'completed' && Object.keys(changes.after).some((name) => name !== 'notes')) {
      await correctBatch(work, batch, change)
    }
    const entry = { action: 'batches.updated', resource: 'batch', resource_id: id, plant_id: batch.plant_id }
    work.record(
      { ...entry, before: changes.before, after: { ...changes.after, reason } },
      tellBatchUpdated(batch, changes.after),
    )
  }
  if (status !== undefined) await abortBatch(work, batch, reason!)
  return getBatch(work, id)
}

/** Takes away a batch that was never started. */
export async function hideBatch(work: FloorWork, { id, revisions }: Omit<Asked, 'change'>): Promise<void> {
  const batch = await lockBatch(work, id)
  checkRevision(batch, revisions)
  if (batch.started_at !== null) throw batchRefusals.refuse('batches.started_stays')
  await sql`update batches set deleted_at = ${work.now}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
             where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'batches.deleted', resource: 'batch', resource_id: id, plant_id: batch.plant_id }
  work.record(entry, tellBatchDeleted(batch))
}
