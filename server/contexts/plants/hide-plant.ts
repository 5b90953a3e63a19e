import { checkRevision } from '#platform/http/etag.ts'
import { tellHidden } from './events.ts'
import { getPlant, lockPlant } from './get-plant.ts'
import { asPlantRefusal } from './insert-plants.ts'
import { countPlacesLeft } from './count-places-left.ts'
import { plantRefusals } from './refusals.ts'
import type { Plant } from './schemas.ts'
import type { AfterPlantChange, PlantWork } from './tables.ts'

/** Hides a plant. Its registry stays with it; its code is free again; what follows from it is withdrawn by `after`. */
export async function hidePlant(
  work: PlantWork,
  { id, revisions }: { id: string; revisions: readonly number[] | null },
  after: AfterPlantChange,
): Promise<void> {
  checkRevision(await lockPlant(work, id), revisions)
  await setHidden(work, id, true)
  work.record({ action: 'plants.deleted', resource: 'plant', resource_id: id, plant_id: id }, tellHidden(id, true))
  await after(work, [id])
}

/** Brings a hidden plant back, with its id and history; one that is not hidden stays as it is. */
export async function restorePlant(work: PlantWork, id: string, after: AfterPlantChange): Promise<Plant> {
  const plant = await lockPlant(work, id, true)
  if (plant.deleted_at === null) return plant
  if ((await countPlacesLeft(work)) < 1) throw plantRefusals.refuse('plants.limit_reached')
  await setHidden(work, id, false)
  work.record({ action: 'plants.restored', resource: 'plant', resource_id: id, plant_id: id }, tellHidden(id, false))
  await after(work, [id])
  return getPlant(work, id)
}

async function setHidden({ db, tenantId, now, actor }: PlantWork, id: string, hidden: boolean): Promise<void> {
  const at = now.toISOString()
  await db
    .updateTable('plants')
    .set((update) => ({
      ...{ deleted_at: hidden ? at : null, updated_at: at, updated_by: actor.id },
      revision: update('revision', '+', 1),
    }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => {
      throw asPlantRefusal(error)
    })
}
