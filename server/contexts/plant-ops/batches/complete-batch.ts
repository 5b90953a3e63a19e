import { sql } from 'kysely'
import type { Static } from 'typebox'
import { readStateAt, writeLineState } from '../lines/write-line-state.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { openControls, quantityProblems, type Result } from './batch.ts'
import { tellBatchCompleted, tellScrap } from './events.ts'
import { getBatch, lockBatch, readHolds, readSnapshot } from './get-batch.ts'
import { readMeasurements } from './list-measurements.ts'
import { insertOutput, readReportTime } from './record-output.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, BatchCompletion, BatchReport } from './schemas.ts'
import { writeCosts } from './write-costs.ts'

type Body = Static<typeof BatchCompletion>
/** What a step in the life of a batch changes of its line. */
export const WHOLE = ['states', 'batches', 'outputs'] as const

const resultOf = ({ good_quantity, scrap_quantity, rework_quantity = 0, ...more }: Body): Result => ({
  ...{ good: good_quantity, scrap: scrap_quantity, rework: rework_quantity },
  ...{ inspected: more.inspected_quantity ?? null, first_pass: more.first_pass_quantity ?? null },
  scrap_reasons: more.scrap_reasons ?? [],
})

export const reportedOf = ({ good_quantity, scrap_quantity, rework_quantity }: Batch) => ({
  ...{ good: good_quantity ?? 0, scrap: scrap_quantity ?? 0, rework: rework_quantity ?? 0 },
})

async function checkControls(work: FloorWork, id: string): Promise<void> {
  const snapshot = await readSnapshot(work, id)
  const details = openControls(snapshot?.recipe.control_points ?? [], await readMeasurements(work, id))
  if (details.length > 0) throw batchRefusals.refuse('batches.controls_open', { details })
}

/** Ends the hold that is open, if one is. */
export const endHold = (work: FloorWork, { id }: Batch, ends_at: string) =>
  sql`update batch_holds set ends_at = ${ends_at}, resumed_by = ${work.actor.id}
       where tenant_id = ${work.tenantId} and batch_id = ${id} and ends_at is null`.execute(work.db)

/** Ends the time that a batch has the line; a line that runs is idle from then on. */
export async function endBatch(
  work: FloorWork,
  batch: Batch,
  { at, status, reason }: { at: number; status: 'completed' | 'aborted'; reason: string | null },
): Promise<void> {
  const ended = new Date(at).toISOString()
  await sql`
    update batches set status = ${status}, ended_at = ${ended}, end_reason = ${reason}, revision = revision + 1,
           updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${batch.id}`.execute(work.db)
  if (batch.started_at === null) return
  await endHold(work, batch, ended)
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  if ((await readStateAt(work, line, at))?.status !== 'running') return
  await writeLineState(work, line, { at, status: 'idle', reason_code: null, note: null, source: 'batch' })
}

/** Completes a batch that runs, with the quantities of the whole, and answers with its figures. */
export async function completeBatch(work: FloorWork, id: string, body: Body): Promise<BatchReport> {
  const batch = await lockBatch(work, id)
  const { at, last } = await readReportTime(work, batch, body.at)
  const held = (await readHolds(work, id)).at(-1)
  if (held !== undefined && at < Date.parse(held.ends_at!)) throw batchRefusals.refuse('batches.hold_overlap')
  const [result, reported] = [resultOf(body), reportedOf(batch)]
  const details = quantityProblems(result, reported)
  if (details.length > 0) throw batchRefusals.refuse('batches.quantities', { details })
  await checkControls(work, id)
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  const span = { from: Date.parse(batch.started_at!), to: work.now.getTime() }
  await recordRestatements(work, { line, span, reason: 'batch_completed', kinds: WHOLE }, async () => {
    const left = {
      good: Math.max(0, result.good - reported.good),
      scrap: Math.max(0, result.scrap - reported.scrap),
      rework: Math.max(0, result.rework - reported.rework),
    }
    await insertOutput(work, batch, { from: last, to: at, ...left, reason: null })
    await endBatch(work, batch, { at, status: 'completed', reason: null })
    await writeCosts(work, batch, { ...body, scrap_reasons: [...result.scrap_reasons] }, result)
  })
  const report = await getBatch(work, id)
  const told = new Date(at).toISOString()
  const entry = { action: 'batches.completed', resource: 'batch', resource_id: id, plant_id: batch.plant_id }
  const { good, scrap, rework } = result
  const event = tellBatchCompleted(batch, told, { good, scrap, rework, oee: report.oee })
  work.record({ ...entry, after: { ...body, at: told } }, event)
  const scrapped = scrap - reported.scrap
  if (scrapped > 0)
    work.announce(
      tellScrap(
        batch,
        scrapped,
        result.scrap_reasons.map(({ reason }) => reason),
      ),
    )
  return report
}
