import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { energyPriceChanges, energyPriceProblems } from './energy-price.ts'
import { tellEnergyPriceUpdated } from './events.ts'
import { asPriceRefusal, energyPriceColumns, lockEnergyPrice } from './get-energy-price.ts'
import type { EnergyPrice, EnergyPriceChange } from './schemas.ts'

type Asked = {
  plantId: string
  id: string
  change: Static<typeof EnergyPriceChange>
  revisions: readonly number[] | null
}

/** Changes a price; what was lost in its time is worth otherwise from now on. */
export async function changeEnergyPrice(
  work: PlantWork,
  { plantId, id, change, revisions }: Asked,
): Promise<EnergyPrice> {
  const before = await lockEnergyPrice(work, plantId, id)
  checkRevision(before, revisions)
  const fields = { ...before, ...change }
  const details = energyPriceProblems(fields, work.now)
  if (details.length > 0) throw plantRefusals.refuse('plants.invalid', { details })
  const changes = energyPriceChanges(before, fields)
  if (changes === null) return before
  const { rows } = await sql<EnergyPrice>`
    update plant_energy_prices e
       set valid_from = ${fields.valid_from}, price_eur_per_kwh = ${fields.price_eur_per_kwh},
           source = ${fields.source}, note = ${fields.note},
           revision = e.revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where e.tenant_id = ${work.tenantId} and e.id = ${before.id} returning ${energyPriceColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asPriceRefusal(error)
    })
  const entry = { action: 'energy_prices.updated', resource: 'plant_energy_price', resource_id: before.id }
  work.record({ ...entry, plant_id: before.plant_id, ...changes }, tellEnergyPriceUpdated(rows[0]!, changes.after))
  return rows[0]!
}
