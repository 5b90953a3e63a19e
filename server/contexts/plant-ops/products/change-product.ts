import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { changesOf } from '../changes.ts'
import { getLine } from '../lines/get-line.ts'
import type { FloorWork } from '../tables.ts'
import { tellProduct } from './events.ts'
import { getProduct } from './get-product.ts'
import { recipeProblems } from './recipe.ts'
import { productRefusals } from './refusals.ts'
import type { NewProduct, Product, ProductChange } from './schemas.ts'

const asRefusal = (error: unknown): unknown =>
  violated(error) === 'products_code' ? productRefusals.refuse('products.code_taken', { cause: error }) : error

/** Replaces the cycle times of the lines that are in scope. */
async function writeCycleTimes(work: FloorWork, id: string, cycleTimes: Product['cycle_times']): Promise<void> {
  const { tenantId: tenant_id, db } = work
  await db.deleteFrom('product_cycle_times').where('tenant_id', '=', tenant_id).where('product_id', '=', id).execute()
  // Of a line that is named twice the last counts.
  for (const [line_id, { ideal_cycle_time_s }] of new Map(cycleTimes.map((one) => [one.line_id.toLowerCase(), one]))) {
    const { plant_id } = await getLine(work, line_id)
    await db
      .insertInto('product_cycle_times')
      .values({ tenant_id, product_id: id, line_id, plant_id, ideal_cycle_time_s })
      .execute()
  }
}

function checkRecipe(recipe: Product['recipe'] | undefined): void {
  const details = recipe === undefined ? [] : recipeProblems(recipe)
  if (details.length > 0) throw productRefusals.refuse('products.invalid_recipe', { details })
}

export async function createProduct(work: FloorWork, body: Static<typeof NewProduct>): Promise<Product> {
  const { code, name, unit, ideal_cycle_time_s = null, planned_scrap_rate = null } = body
  const { recipe = {}, cycle_times = [] } = body
  checkRecipe(recipe)
  const id = newId()
  const at = work.now.toISOString()
  const stamps = { created_at: at, updated_at: at, created_by: work.actor.id, updated_by: work.actor.id }
  const row = { tenant_id: work.tenantId, id, code, name, unit, ideal_cycle_time_s, planned_scrap_rate }
  await work.db
    .insertInto('products')
    .values({ ...row, recipe: JSON.stringify(recipe), ...stamps })
    .execute()
    .catch((error: unknown) => {
      throw asRefusal(error)
    })
  await writeCycleTimes(work, id, cycle_times)
  work.record(
    { action: 'products.created', resource: 'product', resource_id: id, after: body },
    tellProduct({ id, code }, body),
  )
  return getProduct(work, id)
}

type Asked = { id: string; change: Static<typeof ProductChange>; revisions: readonly number[] | null }

async function lockProduct(work: FloorWork, id: string): Promise<Product> {
  await sql`select 1 from products where tenant_id = ${work.tenantId} and id = ${id} for update`.execute(work.db)
  return getProduct(work, id)
}

/** Changes a product from the next start on: batches that have started keep what they started with. */
export async function changeProduct(work: FloorWork, { id, change, revisions }: Asked): Promise<Product> {
  const before = await lockProduct(work, id)
  checkRevision(before, revisions)
  checkRecipe(change.recipe)
  const changes = changesOf(before, change)
  if (changes === null) return before
  const { code, name, unit, ideal_cycle_time_s, planned_scrap_rate, recipe } = { ...before, ...change }
  await sql`
    update products set code = ${code}, name = ${name}, unit = ${unit}, ideal_cycle_time_s = ${ideal_cycle_time_s},
           planned_scrap_rate = ${planned_scrap_rate}, recipe = ${JSON.stringify(recipe)}::jsonb, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${id}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asRefusal(error)
    })
  if (change.cycle_times !== undefined) await writeCycleTimes(work, id, change.cycle_times)
  const entry = { action: 'products.updated', resource: 'product', resource_id: id }
  work.record({ ...entry, ...changes }, tellProduct({ id, code }, changes.after))
  return getProduct(work, id)
}

/** Hides a product: its code is free again, and batches keep what they know of it. */
export async function hideProduct(work: FloorWork, { id, revisions }: Omit<Asked, 'change'>): Promise<void> {
  const product = await lockProduct(work, id)
  checkRevision(product, revisions)
  await sql`update products set deleted_at = ${work.now}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
             where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  work.record({ action: 'products.deleted', resource: 'product', resource_id: id }, tellProduct(product, {}))
}
