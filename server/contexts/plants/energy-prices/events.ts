import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Day, Id, Shape } from '#platform/http/shapes.ts'
import type { EnergyPrice } from './schemas.ts'

const kindOf = { topic: 'plants', permission: 'performance.read' } as const
const of = { plant_id: Id, energy_price_id: Id, valid_from: Day }

const energyPriceCreated = eventKind({ type: 'EnergyPriceCreated', ...kindOf, data: Shape(of) })
const energyPriceUpdated = eventKind({
  ...{ type: 'EnergyPriceUpdated', ...kindOf },
  data: Shape({ ...of, changed: Type.Array(Type.String(), { description: 'The names of the fields' }) }),
})
const energyPriceDeleted = eventKind({ type: 'EnergyPriceDeleted', ...kindOf, data: Shape(of) })

export const energyPriceEvents = [energyPriceCreated, energyPriceUpdated, energyPriceDeleted]

type Named = Pick<EnergyPrice, 'id' | 'plant_id' | 'valid_from'>
const subjectOf = ({ id, plant_id }: Named) => ({ subject: `plants/${plant_id}/energy-prices/${id}`, plant_id })
const dataOf = ({ id, plant_id, valid_from }: Named) => ({ plant_id, energy_price_id: id, valid_from })

export const tellEnergyPriceCreated = (price: Named): NewEvent =>
  eventOf(energyPriceCreated, subjectOf(price), dataOf(price))
export const tellEnergyPriceUpdated = (price: Named, after: object): NewEvent =>
  eventOf(energyPriceUpdated, subjectOf(price), { ...dataOf(price), changed: Object.keys(after) })
export const tellEnergyPriceDeleted = (price: Named): NewEvent =>
  eventOf(energyPriceDeleted, subjectOf(price), dataOf(price))
