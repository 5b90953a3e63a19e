import { Type } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import { Id, Timestamp } from '#platform/http/shapes.ts'
import { Refusal } from '#platform/refusal.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { getPlant } from './get-plant.ts'
import { getRegistry } from './get-registry.ts'

const PlantPeriod = Type.Object({
  plant_id: Id,
  from: { ...Timestamp, examples: ['2026-01-01T00:00:00Z'] },
  to: { ...Timestamp, description: 'Not included', examples: ['2027-01-01T00:00:00Z'] },
})

/** What proves a plant in a period: the plant with its registry as they are, all that happened to it, and its documents. */
export const plantEvidence = (ring: KeyRing) => ({
  schema: PlantPeriod,
  permissions: ['plants.read', 'registry.read'],
  collect: async (work: EdgeWork, asked: Readonly<Record<string, unknown>>) => {
    const { plant_id: id, from, to } = asked as { plant_id: string; from: string; to: string }
    try {
      const plant = await getPlant(work, id)
      return {
        title: plant.name,
        plant_ids: [plant.id],
        records: { plant, registry: await getRegistry(work, plant.id, ring) },
        documents: { linked: [{ kind: 'plant', id: plant.id }], plant_id: plant.id },
        history: {
          ...{ subjects: [`plants/${plant.id}`], resources: [plant.id], plant_id: plant.id },
          period: { from, to },
        },
      }
    } catch (error) {
      if (error instanceof Refusal && error.kind === 'not_found') return null
      throw error
    }
  },
})
