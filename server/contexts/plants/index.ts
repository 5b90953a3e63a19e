export { createPlant } from './create-plant.ts'
export { plantEvents } from './events.ts'
export { findPlantsNamed, type PlantNamed, type WordsOfPlants } from './find-plants-named.ts'
export {
  checkIban,
  checkPod,
  checkTaxCode,
  checkVatNumber,
  normaliseAdmLicenseCode,
  normaliseIdentifier,
  normaliseVatNumber,
} from './identifiers.ts'
export { localSteps } from './local-steps.ts'
export { performanceRoutes } from './performance-routes.ts'
export {
  factsOfPlants,
  lockPlants,
  plantFacts,
  plantIdsAfter,
  plantIdsFound,
  plantNames,
  setNextDeadlines,
  type NextDeadline,
  type PlantFactsRow,
} from './plant-facts.ts'
export type { PlantSeries } from './read-performance.ts'
export { countPlants, plantsExist } from './plants-exist.ts'
export { plantEvidence } from './read-evidence.ts'
export { plantRefusals } from './refusals.ts'
export { plantRoutes, type PlantDeps } from './routes.ts'
export type { AfterPlantChange } from './tables.ts'
export { replaceRegistry } from './replace-registry.ts'
export { resealRegistries } from './reseal-registries.ts'
export { searchable } from './searchable.ts'
export { timelineRoutes } from './timeline-routes.ts'
export { maintenanceTemplateFacts, plantTemplateFacts } from './read-template-facts.ts'
