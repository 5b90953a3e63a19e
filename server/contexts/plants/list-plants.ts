import { type RawBuilder, sql } from 'kysely'
import { type Page, page } from '#platform/http/shapes.ts'
import { plantColumns } from './get-plant.ts'
import { plantConditions, type PlantFilter, plantOrder, searchJoin } from './plant-filter.ts'
import { searchable } from './searchable.ts'
import type { Plant } from './schemas.ts'
import type { PlantWork } from './tables.ts'

type Query = PlantFilter & { limit: number; offset: number; sort?: string }

/** A page of plants with the number of all that match, in one statement. */
export async function listPlants({ db, tenantId }: PlantWork, query: Query): Promise<Page<Plant>> {
  const order = plantOrder(query.sort, query)
  if (query.q !== undefined && searchable(query.q) === '') return page([], 0, query)
  const matching = sql`plants p ${searchJoin(query)} where ${plantConditions(tenantId, query)}`
  const count: RawBuilder<{ total: number }> = sql`select count(*)::integer as total from ${matching}`
  const { rows } = await sql<Plant & { total: number }>`
    select ${plantColumns}, (${count}) as total
      from ${matching} order by ${order} limit ${query.limit} offset ${query.offset}`.execute(db)
  // A page beyond the last has no row that could carry the number.
  const total = rows[0]?.total ?? (query.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, query)
}
