import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'

/** The tables of this context; `control.tenants` is read for the plan's limit. */
export type PlantTables = Owned<
  'plants' | 'plant_registries' | 'plant_stoppages' | 'plant_energy_prices' | 'control.tenants'
>
export type PlantWork = Work<PlantTables>

/**
 * What other contexts do about changed plants, in the same Work: handed in by the composition root. Called after plants
 * were created, changed, hidden or brought back and after a registry was changed.
 */
export type AfterPlantChange = (work: EdgeWork, plantIds: readonly string[]) => Promise<void>
