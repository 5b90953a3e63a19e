import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { tellUpdated } from './events.ts'
import { getPlant, lockPlant } from './get-plant.ts'
import { changedPlant, changesOf, checkPlant } from './plant.ts'
import { plantRefusals } from './refusals.ts'
import type { Plant, PlantChange } from './schemas.ts'
import type { AfterPlantChange, PlantWork } from './tables.ts'
import { updatePlants } from './update-plants.ts'

type Change = { id: string; change: Static<typeof PlantChange>; revisions: readonly number[] | null }

export async function changePlant(
  work: PlantWork,
  { id, change, revisions }: Change,
  after: AfterPlantChange,
): Promise<Plant> {
  const before = await lockPlant(work, id)
  checkRevision(before, revisions)
  const { plant, problems } = checkPlant(changedPlant(before, change))
  if (problems.length > 0) throw plantRefusals.refuse('plants.invalid', { details: problems })
  const changes = changesOf(before, plant)
  if (changes === null) return before
  await updatePlants(work, [{ ...plant, id }])
  const entry = { action: 'plants.updated', resource: 'plant', resource_id: id, plant_id: id, ...changes }
  work.record(entry, tellUpdated(id, changes.after))
  await after(work, [id])
  return getPlant(work, id)
}
