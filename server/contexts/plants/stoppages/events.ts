import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, Shape, Timestamp } from '#platform/http/shapes.ts'
import type { Stoppage } from './schemas.ts'

const kindOf = { topic: 'plants', permission: 'performance.read' } as const
const of = { plant_id: Id, stoppage_id: Id }

const stoppageCreated = eventKind({
  ...{ type: 'StoppageCreated', ...kindOf },
  data: Shape({ ...of, category: Type.String(), starts_at: Timestamp, ends_at: Nullable(Timestamp) }),
})
const stoppageUpdated = eventKind({
  ...{ type: 'StoppageUpdated', ...kindOf },
  data: Shape({ ...of, changed: Type.Array(Type.String(), { description: 'The names of the fields' }) }),
})
const stoppageDeleted = eventKind({ type: 'StoppageDeleted', ...kindOf, data: Shape(of) })

export const stoppageEvents = [stoppageCreated, stoppageUpdated, stoppageDeleted]

type Named = Pick<Stoppage, 'id' | 'plant_id'>
const subjectOf = ({ id, plant_id }: Named) => ({ subject: `plants/${plant_id}/stoppages/${id}`, plant_id })
const idsOf = ({ id, plant_id }: Named) => ({ plant_id, stoppage_id: id })

export const tellStoppageCreated = (stoppage: Stoppage): NewEvent => {
  const { category, starts_at, ends_at } = stoppage
  return eventOf(stoppageCreated, subjectOf(stoppage), { ...idsOf(stoppage), category, starts_at, ends_at })
}
export const tellStoppageUpdated = (stoppage: Named, after: object): NewEvent =>
  eventOf(stoppageUpdated, subjectOf(stoppage), { ...idsOf(stoppage), changed: Object.keys(after) })
export const tellStoppageDeleted = (stoppage: Named): NewEvent =>
  eventOf(stoppageDeleted, subjectOf(stoppage), idsOf(stoppage))
