import type { Static } from 'typebox'
import { insertPlant } from './insert-plants.ts'
import { checkPlant, completePlant } from './plant.ts'
import { plantRefusals } from './refusals.ts'
import type { NewPlant, Plant } from './schemas.ts'
import type { PlantWork } from './tables.ts'

/**
 * Adds a plant. Nothing is told to those who follow changes: every duty is derived from the registry, which a new plant does
 * not have (contexts/workflows/obligation-plan.test.ts holds the catalogue to that), and deriving costs four statements.
 */
export async function createPlant(work: PlantWork, body: Static<typeof NewPlant>): Promise<Plant> {
  const { plant, problems } = checkPlant(completePlant(body))
  if (problems.length > 0) throw plantRefusals.refuse('plants.invalid', { details: problems })
  return insertPlant(work, plant)
}
