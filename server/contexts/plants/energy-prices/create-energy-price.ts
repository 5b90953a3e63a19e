import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { lockPlant } from '../get-plant.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { energyPriceFieldsOf, energyPriceProblems } from './energy-price.ts'
import { tellEnergyPriceCreated } from './events.ts'
import { asPriceRefusal, energyPriceColumns } from './get-energy-price.ts'
import type { EnergyPrice, NewEnergyPrice } from './schemas.ts'

/** Says what a kWh of a plant is paid from a day on, until the next price. */
export async function createEnergyPrice(
  work: PlantWork,
  plant_id: string,
  body: Static<typeof NewEnergyPrice>,
): Promise<EnergyPrice> {
  await lockPlant(work, plant_id)
  const fields = { note: null, ...body }
  const details = energyPriceProblems(fields, work.now)
  if (details.length > 0) throw plantRefusals.refuse('plants.invalid', { details })
  const id = newId()
  const { tenantId, now, actor } = work
  const { rows } = await sql<EnergyPrice>`
    insert into plant_energy_prices as e (tenant_id, id, plant_id, valid_from, price_eur_per_kwh, source, note,
           created_at, updated_at, created_by, updated_by)
    values (${tenantId}, ${id}, ${plant_id}, ${fields.valid_from}, ${fields.price_eur_per_kwh}, ${fields.source},
            ${fields.note}, ${now}, ${now}, ${actor.id}, ${actor.id})
    returning ${energyPriceColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asPriceRefusal(error)
    })
  const price = rows[0]!
  const entry = { action: 'energy_prices.created', resource: 'plant_energy_price', resource_id: id, plant_id }
  work.record({ ...entry, after: energyPriceFieldsOf(price) }, tellEnergyPriceCreated(price))
  return price
}
