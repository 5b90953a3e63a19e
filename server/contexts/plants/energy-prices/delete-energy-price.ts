import { checkRevision } from '#platform/http/etag.ts'
import type { PlantWork } from '../tables.ts'
import { energyPriceFieldsOf } from './energy-price.ts'
import { tellEnergyPriceDeleted } from './events.ts'
import { lockEnergyPrice } from './get-energy-price.ts'

type Target = { plantId: string; id: string; revisions: readonly number[] | null }

/** Takes a price back: the one before it holds on. The trail keeps what it said. */
export async function deleteEnergyPrice(work: PlantWork, { plantId, id, revisions }: Target): Promise<void> {
  const before = await lockEnergyPrice(work, plantId, id)
  checkRevision(before, revisions)
  await work.db
    .deleteFrom('plant_energy_prices')
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', before.id)
    .execute()
  const entry = { action: 'energy_prices.deleted', resource: 'plant_energy_price', resource_id: before.id }
  work.record(
    { ...entry, plant_id: before.plant_id, before: energyPriceFieldsOf(before) },
    tellEnergyPriceDeleted(before),
  )
}
