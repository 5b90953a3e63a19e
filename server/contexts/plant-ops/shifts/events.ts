import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, OneOf, Shape } from '#platform/http/shapes.ts'

const linePlanChanged = eventKind({
  ...{ type: 'LinePlanChanged', topic: 'plant-ops.lines', permission: 'lines.read' },
  data: Shape(
    { line_id: Id, plant_id: Id, what: OneOf(['shifts', 'planned_downtimes']), planned_id: Id },
    { description: 'Shifts or planned downtimes of a line were added or taken away' },
  ),
})

export const shiftEvents = [linePlanChanged]

type Planned = { id: string; line_id: string; plant_id: string }
export const tellPlan = ({ id, line_id, plant_id }: Planned, what: 'shifts' | 'planned_downtimes'): NewEvent =>
  eventOf(
    linePlanChanged,
    { subject: `plant-ops/lines/${line_id}`, plant_id },
    { line_id, plant_id, what, planned_id: id },
  )
