import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { askedInstant } from '../asked-time.ts'
import type { LineStatus } from '../lines/line-status.ts'
import { readStateAt, writeLineState } from '../lines/write-line-state.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { endHold, WHOLE } from './complete-batch.ts'
import { tellBatchHeld, tellBatchResumed } from './events.ts'
import { getBatch, lockBatch, readHolds } from './get-batch.ts'
import { readLastReport } from './record-output.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, BatchHold, BatchReport } from './schemas.ts'

const setStatus = (work: FloorWork, { id }: Batch, status: 'running' | 'held') =>
  sql`update batches set status = ${status}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
       where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)

/** Puts the line from one state to another, where it is in the first; any other state stays. */
async function turnLine(work: FloorWork, batch: Batch, at: number, [from, to]: [LineStatus, LineStatus]) {
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  if ((await readStateAt(work, line, at))?.status !== from) return
  await writeLineState(work, line, { at, status: to, reason_code: null, note: null, source: 'batch' })
}

/** Holds a batch that runs: it keeps its line, which stands, and takes no reports until it is resumed. */
export async function holdBatch(
  work: FloorWork,
  id: string,
  { reason, at: when }: Static<typeof BatchHold>,
): Promise<BatchReport> {
  const at = askedInstant(when, work.now)
  const batch = await lockBatch(work, id)
  if (batch.status === 'held') throw batchRefusals.refuse('batches.on_hold')
  if (batch.status !== 'running') throw batchRefusals.refuse('batches.not_running')
  if (at < Date.parse(batch.started_at!)) throw batchRefusals.refuse('batches.before_start')
  if (at < (await readLastReport(work, batch))) throw batchRefusals.refuse('batches.before_outputs')
  const before = (await readHolds(work, id)).at(-1)
  if (before !== undefined && at < Date.parse(before.ends_at!)) throw batchRefusals.refuse('batches.hold_overlap')
  const { line_id, plant_id } = batch
  const line = { id: line_id, plant_id }
  const starts_at = new Date(at).toISOString()
  const span = { from: at, to: work.now.getTime() }
  await recordRestatements(work, { line, span, reason: 'batch_held', kinds: WHOLE }, async () => {
    await setStatus(work, batch, 'held')
    const row = { tenant_id: work.tenantId, id: newId(), plant_id, batch_id: id, reason, starts_at }
    await work.db
      .insertInto('batch_holds')
      .values({ ...row, held_by: work.actor.id })
      .execute()
    await turnLine(work, batch, at, ['running', 'idle'])
  })
  const entry = { action: 'batches.held', resource: 'batch', resource_id: id, plant_id }
  work.record({ ...entry, after: { reason, at: starts_at } }, tellBatchHeld(batch, starts_at))
  return getBatch(work, id)
}

/** Resumes a batch that is on hold; a line that stands idle runs again. */
export async function resumeBatch(work: FloorWork, id: string, when: string | undefined): Promise<BatchReport> {
  const at = askedInstant(when, work.now)
  const batch = await lockBatch(work, id)
  if (batch.status !== 'held') throw batchRefusals.refuse('batches.not_held')
  const hold = (await readHolds(work, id)).at(-1)!
  if (at < Date.parse(hold.starts_at)) throw batchRefusals.refuse('batches.before_hold')
  const { line_id, plant_id } = batch
  const line = { id: line_id, plant_id }
  const ends_at = new Date(at).toISOString()
  const span = { from: Date.parse(hold.starts_at), to: work.now.getTime() }
  await recordRestatements(work, { line, span, reason: 'batch_resumed', kinds: WHOLE }, async () => {
    await setStatus(work, batch, 'running')
    await endHold(work, batch, ends_at)
    await turnLine(work, batch, at, ['idle', 'running'])
  })
  const entry = { action: 'batches.resumed', resource: 'batch', resource_id: id, plant_id }
  work.record({ ...entry, after: { at: ends_at } }, tellBatchResumed(batch, ends_at))
  return getBatch(work, id)
}
