import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'
import { energyPriceEvents } from './energy-prices/events.ts'
import type { PlantFields } from './schemas.ts'
import { stoppageEvents } from './stoppages/events.ts'

const changed = Type.Array(Type.String(), { description: 'The names of the fields' })
const kindOf = { topic: 'plants', permission: 'plants.read' } as const

const plantCreated = eventKind({
  ...{ type: 'PlantCreated', ...kindOf },
  data: Shape({ plant_id: Id, code: Type.String(), type: Type.String(), status: Type.String() }),
})
const plantUpdated = eventKind({ type: 'PlantUpdated', ...kindOf, data: Shape({ plant_id: Id, changed }) })
const plantDeleted = eventKind({ type: 'PlantDeleted', ...kindOf, data: Shape({ plant_id: Id }) })
const plantRestored = eventKind({ type: 'PlantRestored', ...kindOf, data: Shape({ plant_id: Id }) })
const registryReplaced = eventKind({
  ...{ type: 'RegistryReplaced', ...kindOf, permission: 'registry.read' },
  data: Shape({ plant_id: Id, changed }),
})

/** What this context announces. */
export const plantEvents = [
  ...[plantCreated, plantUpdated, plantDeleted, plantRestored, registryReplaced],
  ...stoppageEvents,
  ...energyPriceEvents,
]

const of = (id: string) => ({ subject: `plants/${id}`, plant_id: id })

export const tellCreated = (id: string, { code, type, status }: PlantFields): NewEvent =>
  eventOf(plantCreated, of(id), { plant_id: id, code, type, status })
export const tellUpdated = (id: string, after: object): NewEvent =>
  eventOf(plantUpdated, of(id), { plant_id: id, changed: Object.keys(after) })
export const tellHidden = (id: string, hidden: boolean): NewEvent =>
  eventOf(hidden ? plantDeleted : plantRestored, of(id), { plant_id: id })
/** Of the registry the names of fields alone: its values are other people's, too. */
export const tellRegistry = (id: string, after: object): NewEvent =>
  eventOf(
    registryReplaced,
    { ...of(id), subject: `plants/${id}/registry` },
    { plant_id: id, changed: Object.keys(after) },
  )
