import { sql } from 'kysely'
import { exclusionsOf, indicators } from '../oee/indicators.ts'
import { batchSums } from '../oee/line-facts.ts'
import { readLineFacts } from '../oee/read-line-facts.ts'
import type { FloorWork } from '../tables.ts'
import { costPerUnit } from './batch.ts'
import { batchRefusals } from './refusals.ts'
import { Batch, type BatchReport, type Hold, type Snapshot } from './schemas.ts'

const NUMERIC = new Set([
  ...['planned_quantity', 'good_quantity', 'scrap_quantity', 'rework_quantity', 'inspected_quantity'],
  ...['first_pass_quantity', 'planned_scrap_quantity', 'labor_cost', 'material_cost', 'scrap_cost'],
])
// security-ok: the names of our own schema
export const batchColumns = sql.raw(
  Object.keys(Batch.properties)
    .map((name) => (NUMERIC.has(name) ? `b.${name}::float8 as ${name}` : `b.${name}`))
    .join(', '),
)

/** A batch in scope that was not deleted. */
export async function findBatch({ db, tenantId }: FloorWork, id: string): Promise<Batch> {
  const { rows } = await sql<Batch>`
    select ${batchColumns} from batches b where b.tenant_id = ${tenantId} and b.id = ${id} and b.deleted_at is null`.execute(
    db,
  )
  if (rows[0] === undefined) throw batchRefusals.refuse('batches.not_found')
  return rows[0]
}

/** The same, held until the transaction ends. Its line is locked before it, always. */
export async function lockBatch(work: FloorWork, id: string): Promise<Batch> {
  const { line_id } = await findBatch(work, id)
  await sql`select 1 from lines where tenant_id = ${work.tenantId} and id = ${line_id} for update`.execute(work.db)
  await sql`select 1 from batches where tenant_id = ${work.tenantId} and id = ${id} for update`.execute(work.db)
  return findBatch(work, id)
}

export async function readSnapshot({ db, tenantId }: FloorWork, id: string): Promise<Snapshot | null> {
  const { rows } = await sql<{ snapshot: Snapshot }>`
    select snapshot from batch_recipes where tenant_id = ${tenantId} and batch_id = ${id}`.execute(db)
  return rows[0]?.snapshot ?? null
}

/** When a batch was on hold, in the order of time. */
export async function readHolds({ db, tenantId }: FloorWork, id: string): Promise<Hold[]> {
  const { rows } = await sql<Hold>`
    select id, reason, starts_at, ends_at, held_by, resumed_by from batch_holds
     where tenant_id = ${tenantId} and batch_id = ${id} order by starts_at, id`.execute(db)
  return rows
}

/** A batch with its figures, worked out from what is known now. One that has not started has none. */
export async function getBatch(work: FloorWork, id: string): Promise<BatchReport> {
  const batch = await findBatch(work, id)
  const cost_per_unit = costPerUnit(batch, batch.good_quantity)
  const snapshot = await readSnapshot(work, id)
  const none = { oee: null, availability: null, performance: null, quality: null, scrap_rate: null, yield_rate: null }
  const holds = await readHolds(work, id)
  if (batch.started_at === null) {
    const more = { rework_rate: null, first_pass_yield: null, actual_to_planned_scrap: null }
    return { ...batch, ...none, ...more, cost_per_unit, exclusions: [], holds, snapshot }
  }
  const span = {
    from: Date.parse(batch.started_at),
    to: batch.ended_at === null ? work.now.getTime() : Date.parse(batch.ended_at),
  }
  const [facts] = await readLineFacts(work, [{ id: batch.line_id, plant_id: batch.plant_id }], span)
  const sums = batchSums(
    facts!,
    facts!.batches.find((one) => one.id === id)!,
    span,
  )
  const shown = indicators(sums)
  const { oee, availability, performance, quality, scrap_rate, yield_rate, rework_rate, first_pass_yield } = shown
  const figures = { oee, availability, performance, quality, scrap_rate, yield_rate, rework_rate, first_pass_yield }
  const { actual_to_planned_scrap } = shown
  const made = { ...figures, actual_to_planned_scrap, cost_per_unit }
  return { ...batch, ...made, exclusions: exclusionsOf(sums, shown), holds, snapshot }
}
