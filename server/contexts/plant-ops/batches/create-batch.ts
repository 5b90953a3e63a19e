import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { getLine } from '../lines/get-line.ts'
import { findProduct } from '../products/get-product.ts'
import { recipeProblems } from '../products/recipe.ts'
import { productRefusals } from '../products/refusals.ts'
import type { FloorWork } from '../tables.ts'
import { tellBatchCreated } from './events.ts'
import { batchColumns } from './get-batch.ts'
import { batchRefusals } from './refusals.ts'
import type { Batch, NewBatch } from './schemas.ts'

export const asBatchRefusal = (error: unknown): unknown => {
  const constraint = violated(error)
  if (constraint === 'batches_number') return batchRefusals.refuse('batches.number_taken', { cause: error })
  if (constraint === 'batches_one_at_a_time') return batchRefusals.refuse('batches.line_busy', { cause: error })
  return error
}

export function checkRecipe(recipe: Batch['recipe'] | undefined): void {
  const details = recipe === undefined || recipe === null ? [] : recipeProblems(recipe)
  if (details.length > 0) throw productRefusals.refuse('products.invalid_recipe', { details })
}

/** Plans a batch. A product that is known says what it is counted in; any other code is taken as it is. */
export async function createBatch(work: FloorWork, body: Static<typeof NewBatch>): Promise<Batch> {
  const line = await getLine(work, body.line_id)
  checkRecipe(body.recipe)
  const product = await findProduct(work, body.product_code)
  if (product !== null && product.unit !== body.unit) {
    const details = [{ field: 'unit', message: `must be ${product.unit}` }]
    throw batchRefusals.refuse('batches.unit_mismatch', { details })
  }
  const id = newId()
  const {
    planned_quantity,
    planned_scrap_quantity = null,
    planned_start = null,
    notes = null,
    recipe = null,
    unit,
  } = body
  const batch_number = body.batch_number ?? `${work.now.toISOString().slice(0, 10)}-${id.slice(-8)}`
  const product_code = product?.code ?? body.product_code
  const { rows } = await sql<Batch>`
    insert into batches as b (tenant_id, id, plant_id, line_id, batch_number, product_code, unit, planned_quantity,
           planned_scrap_quantity, planned_start,
           notes, recipe, created_at, updated_at, created_by, updated_by)
    values (${work.tenantId}, ${id}, ${line.plant_id}, ${line.id}, ${batch_number}, ${product_code}, ${unit}, ${planned_quantity},
           ${planned_scrap_quantity}, ${planned_start}, ${notes}, ${recipe === null ? null : JSON.stringify(recipe)}, ${work.now}, ${work.now},
           ${work.actor.id}, ${work.actor.id})
    returning ${batchColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asBatchRefusal(error)
    })
  const batch = rows[0]!
  const entry = { action: 'batches.created', resource: 'batch', resource_id: id, plant_id: line.plant_id }
  work.record({ ...entry, after: { ...body, batch_number } }, tellBatchCreated(batch))
  return batch
}
