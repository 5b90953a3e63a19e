import { sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { getPlant } from '../get-plant.ts'
import type { PlantWork } from '../tables.ts'
import { energyPriceColumns } from './get-energy-price.ts'
import type { EnergyPrice } from './schemas.ts'

/** The prices of a live plant in scope, the latest first. */
export async function listEnergyPrices(
  work: PlantWork,
  plantId: string,
  query: { limit: number; offset: number },
): Promise<Page<EnergyPrice>> {
  await getPlant(work, plantId)
  const { db, tenantId } = work
  const of = sql`plant_energy_prices e where e.tenant_id = ${tenantId} and e.plant_id = ${plantId}`
  const count = sql<{ total: number }>`select count(*)::integer as total from ${of}`
  const { rows } = await sql<EnergyPrice & { total: number }>`
    select ${energyPriceColumns}, (${count}) as total from ${of}
     order by e.valid_from desc limit ${query.limit} offset ${query.offset}`.execute(db)
  const total = rows[0]?.total ?? (query.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, query)
}
