import { sql } from 'kysely'
import type { FloorWork } from '../tables.ts'
import { isCurrency, type Result, scrapCost } from './batch.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch } from './schemas.ts'

type Costs = {
  labor_cost?: number | null
  material_cost?: number | null
  scrap_cost?: number | null
  currency?: string | null
  scrap_reasons: { reason: string; quantity: number }[]
}

async function companyCurrency({ db, tenantId }: FloorWork): Promise<string> {
  const { rows } = await sql<{ currency: string | null }>`
    select configuration ->> 'currency' as currency from control.tenants where id = ${tenantId}`.execute(db)
  return rows[0]?.currency ?? 'EUR'
}

function refuseCurrency(message: string): never {
  throw batchRefusals.refuse('batches.currency', { details: [{ field: 'currency', message }] })
}

/** The currency of a batch's costs: the one that is said, the one that they have, or the company's. Costs are not converted. */
async function currencyOf(work: FloorWork, batch: Batch, { currency, ...costs }: Costs): Promise<string | null> {
  if (currency !== undefined && currency !== null && !isCurrency(currency)) refuseCurrency('is not one of ISO 4217')
  const all = ['labor_cost', 'material_cost', 'scrap_cost'] as const
  const kept = all.some((name) => costs[name] === undefined && batch[name] !== null)
  if (kept && currency !== undefined && currency !== batch.currency)
    refuseCurrency(`the other costs are in ${batch.currency}`)
  if (!all.some((name) => (costs[name] === undefined ? batch[name] : costs[name]) !== null))
    return currency ?? batch.currency
  return currency ?? batch.currency ?? companyCurrency(work)
}

/** Writes costs, reasons of scrap and what was inspected, beside quantities that are written already. */
export async function writeCosts(work: FloorWork, batch: Batch, costs: Costs, result: Result): Promise<void> {
  const currency = await currencyOf(work, batch, costs)
  const said = {
    labor_cost: costs.labor_cost === undefined ? batch.labor_cost : costs.labor_cost,
    material_cost: costs.material_cost === undefined ? batch.material_cost : costs.material_cost,
    scrap_cost: costs.scrap_cost === undefined ? batch.scrap_cost : costs.scrap_cost,
  }
  await sql`
    update batches set labor_cost = ${said.labor_cost}, material_cost = ${said.material_cost},
           scrap_cost = ${scrapCost(said, result)}, currency = ${currency}, scrap_reasons = ${JSON.stringify(costs.scrap_reasons)}::jsonb,
           inspected_quantity = ${result.inspected}, first_pass_quantity = ${result.first_pass}
     where tenant_id = ${work.tenantId} and id = ${batch.id}`.execute(work.db)
}
