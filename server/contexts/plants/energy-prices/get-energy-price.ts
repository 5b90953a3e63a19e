import { sql } from 'kysely'
import { violated } from '#platform/database/database-refusals.ts'
import { getPlant, lockPlant } from '../get-plant.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { EnergyPrice } from './schemas.ts'

// security-ok: the names of our own schema
export const energyPriceColumns = sql.raw(
  Object.keys(EnergyPrice.properties)
    .map((name) => `e.${name}`)
    .join(', '),
)

/** What the database refuses about a price's row, said in this context's words. */
export const asPriceRefusal = (error: unknown): unknown =>
  violated(error) === 'plant_energy_prices_day'
    ? plantRefusals.refuse('energy_prices.day_taken', { cause: error })
    : error

async function findEnergyPrice({ db, tenantId }: PlantWork, plantId: string, id: string): Promise<EnergyPrice> {
  const { rows } = await sql<EnergyPrice>`
    select ${energyPriceColumns} from plant_energy_prices e
     where e.tenant_id = ${tenantId} and e.plant_id = ${plantId} and e.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw plantRefusals.refuse('energy_prices.not_found')
  return rows[0]
}

/** A price of a live plant in scope. */
export async function getEnergyPrice(work: PlantWork, plantId: string, id: string): Promise<EnergyPrice> {
  await getPlant(work, plantId)
  return findEnergyPrice(work, plantId, id)
}

/** The same; its plant is held until the transaction ends. */
export async function lockEnergyPrice(work: PlantWork, plantId: string, id: string): Promise<EnergyPrice> {
  await lockPlant(work, plantId)
  return findEnergyPrice(work, plantId, id)
}

/** All prices of a plant in the order of their days, for its figures. */
export async function pricesOf(
  { db, tenantId }: PlantWork,
  plantId: string,
): Promise<Pick<EnergyPrice, 'valid_from' | 'price_eur_per_kwh'>[]> {
  return db
    .selectFrom('plant_energy_prices')
    .select(['valid_from', 'price_eur_per_kwh'])
    .where('tenant_id', '=', tenantId)
    .where('plant_id', '=', plantId)
    .orderBy('valid_from')
    .execute()
}
