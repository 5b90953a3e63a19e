import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { askedInstant } from '../asked-time.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { tellBatchProduced, tellScrap } from './events.ts'
import { getBatch, lockBatch } from './get-batch.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, BatchOutput, BatchReport } from './schemas.ts'

export type Output = { from: number; to: number; good: number; scrap: number; rework: number; reason: string | null }

/** When the last report of a batch was; its start where there was none. */
export async function readLastReport({ db, tenantId }: FloorWork, batch: Batch): Promise<number> {
  const { rows } = await sql<{ at: number | null }>`
    select extract(epoch from max(ends_at))::float8 * 1000 as at from batch_outputs
     where tenant_id = ${tenantId} and batch_id = ${batch.id}`.execute(db)
  return rows[0]?.at ?? Date.parse(batch.started_at!)
}

/** The instant that a report of a running batch speaks of: after its start, and not before what was reported. */
export async function readReportTime(work: FloorWork, batch: Batch, when: string | undefined) {
  if (batch.status === 'held') throw batchRefusals.refuse('batches.on_hold')
  if (batch.status !== 'running') throw batchRefusals.refuse('batches.not_running')
  const at = askedInstant(when, work.now)
  if (at <= Date.parse(batch.started_at!)) throw batchRefusals.refuse('batches.before_start')
  const last = await readLastReport(work, batch)
  if (at < last) throw batchRefusals.refuse('batches.before_outputs')
  return { at, last }
}

/** Adds what came out to a batch and to its sums. */
export async function insertOutput(work: FloorWork, batch: Batch, output: Output): Promise<void> {
  const { from, to, good, scrap, rework, reason } = output
  await sql`
    insert into batch_outputs (tenant_id, id, plant_id, batch_id, starts_at, ends_at, good, scrap, rework, reason, recorded_at, recorded_by)
    values (${work.tenantId}, ${newId()}, ${batch.plant_id}, ${batch.id}, ${new Date(from).toISOString()},
           ${new Date(to).toISOString()}, ${good}, ${scrap}, ${rework}, ${reason}, ${work.now}, ${work.actor.id})`.execute(
    work.db,
  )
  await sql`
    update batches b set good_quantity = o.good, scrap_quantity = o.scrap, rework_quantity = o.rework, revision = b.revision + 1,
           updated_at = ${work.now}, updated_by = ${work.actor.id}
      from (select sum(good) as good, sum(scrap) as scrap, sum(rework) as rework from batch_outputs
             where tenant_id = ${work.tenantId} and batch_id = ${batch.id}) as o
     where b.tenant_id = ${work.tenantId} and b.id = ${batch.id}`.execute(work.db)
}

/** Reports what a running batch put out since the last report. */
export async function recordOutput(
  work: FloorWork,
  id: string,
  body: Static<typeof BatchOutput>,
): Promise<BatchReport> {
  const batch = await lockBatch(work, id)
  const { at, last } = await readReportTime(work, batch, body.at)
  const { good_quantity: good, scrap_quantity: scrap = 0, rework_quantity: rework = 0 } = body
  const line = { id: batch.line_id, plant_id: batch.plant_id }
  await recordRestatements(
    work,
    { line, span: { from: last, to: at }, reason: 'batch_output', kinds: ['outputs'] },
    () => insertOutput(work, batch, { from: last, to: at, good, scrap, rework, reason: null }),
  )
  const entry = { action: 'batches.produced', resource: 'batch', resource_id: id, plant_id: batch.plant_id }
  const told = new Date(at).toISOString()
  work.record(
    { ...entry, after: { good, scrap, rework, at: told } },
    tellBatchProduced(batch, told, { good, scrap, rework }),
  )
  if (scrap > 0) work.announce(tellScrap(batch, scrap, []))
  return getBatch(work, id)
}
