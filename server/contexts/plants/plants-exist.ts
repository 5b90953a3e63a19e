import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** Whether all of these plants are there and in scope; hidden ones are not. */
export async function plantsExist(
  { db, tenantId }: Work<Owned<'plants'>>,
  plantIds: readonly string[],
): Promise<boolean> {
  const wanted = [...new Set(plantIds.map((id) => id.toLowerCase()))]
  if (wanted.length === 0) return true
  const found = await db
    .selectFrom('plants')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', wanted)
    .where('deleted_at', 'is', null)
    .execute()
  return found.length === wanted.length
}

/** How many plants there are, as far as the scope sees; hidden ones are not counted. */
export async function countPlants({ db, tenantId }: Work<Owned<'plants'>>): Promise<number> {
  const { count } = await db
    .selectFrom('plants')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}
