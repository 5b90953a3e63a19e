import { sql } from 'kysely'
import type { EdgeWork } from '#platform/database/work.ts'
import { Refusal } from '#platform/refusal.ts'
import { getBatch } from './batches/get-batch.ts'
import { readMeasurements } from './batches/list-measurements.ts'
import type { BatchReport, Measurement, Snapshot } from './batches/schemas.ts'
import type { FloorWork } from './tables.ts'

type Language = 'it' | 'en'
/** What a document is to be about. */
type Subject = { readonly batch_id: string | null; readonly language: Language }

const STATUSES: Record<BatchReport['status'], Record<Language, string>> = {
  planned: { it: 'pianificato', en: 'planned' },
  running: { it: 'in produzione', en: 'running' },
  held: { it: 'trattenuto', en: 'held' },
  completed: { it: 'completato', en: 'completed' },
  aborted: { it: 'interrotto', en: 'aborted' },
}
const OUTCOMES = { within: { it: 'conforme', en: 'within limits' }, out: { it: 'fuori limite', en: 'out of limits' } }

type Moved = {
  kind: string
  at: string
  code: string
  material: string
  unit: string
  quantity: number
  supplier: string | null
  expiry_date: string | null
}

/** The lots that went into a batch and came out of it, in the order of time. */
async function readLots({ db, tenantId }: FloorWork, batchId: string): Promise<{ inputs: Moved[]; outputs: Moved[] }> {
  const { rows } = await sql<Moved>`
    select m.kind, m.at, l.code, l.material, l.unit, m.quantity::float8 as quantity, l.supplier, l.expiry_date
      from lot_movements m join lots l on l.tenant_id = m.tenant_id and l.id = coalesce(m.from_lot_id, m.to_lot_id)
     where m.tenant_id = ${tenantId} and m.batch_id = ${batchId} order by m.at, m.id`.execute(db)
  const of = (kind: string): Moved[] => rows.filter((one) => one.kind === kind)
  return { inputs: of('consume'), outputs: of('produce') }
}

async function lineName({ db, tenantId }: FloorWork, lineId: string): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select name from lines where tenant_id = ${tenantId} and id = ${lineId}`.execute(db)
  return rows[0]?.name ?? null
}

/** The measurements with the limits of the recipe as it was at the start. */
function controlsOf({ snapshot }: BatchReport, measured: readonly Measurement[], language: Language) {
  const points = (snapshot as Snapshot | null)?.recipe.control_points
  return measured.map(({ control_point, value, unit, measured_at, within_limits, corrective_action }) => {
    const point = points?.find(({ code }) => code === control_point)
    const limits = { description: point?.description ?? null, min: point?.min ?? null, max: point?.max ?? null }
    const outcome = OUTCOMES[within_limits ? 'within' : 'out'][language]
    return { control_point, ...limits, value, unit, measured_at, outcome, corrective_action }
  })
}

async function readBatch(work: FloorWork, id: string, language: Language) {
  const batch = await getBatch(work, id)
  const measured = await readMeasurements(work, id)
  const { inputs, outputs } = await readLots(work, id)
  const snapshot = batch.snapshot as Snapshot | null
  const { currency, cost_per_unit: cost } = batch
  return {
    ...batch,
    ...{
      number: batch.batch_number,
      line_name: await lineName(work, batch.line_id),
      status_label: STATUSES[batch.status]?.[language] ?? batch.status,
    },
    ...{ product_name: snapshot?.product_name ?? null, recipe_revision: snapshot?.product_revision ?? null },
    ingredients: snapshot?.recipe.ingredients ?? [],
    ...{ inputs, outputs, controls: controlsOf(batch, measured, language) },
    holds: batch.holds.map(({ starts_at, ends_at, reason }) => ({ starts_at, ends_at, reason })),
    cost_per_unit: cost === null || currency === null ? null : { amount: Number(cost.toFixed(6)), currency },
  }
}

/** What documents are told of a batch; null where it is not there or out of scope. */
export const batchTemplateFacts = {
  permissions: ['batches.read'],
  read: async (work: EdgeWork, { batch_id, language }: Subject): Promise<Record<string, unknown> | null> => {
    try {
      return await readBatch(work, batch_id!, language)
    } catch (error) {
      if (error instanceof Refusal && error.kind === 'not_found') return null
      throw error
    }
  },
}
