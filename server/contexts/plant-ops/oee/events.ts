import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape, Timestamp } from '#platform/http/shapes.ts'

const oeeRestated = eventKind({
  ...{ type: 'OeeRestated', topic: 'plant-ops.oee', permission: 'lines.read' },
  data: Shape(
    {
      ...{ line_id: Id, plant_id: Id, reason: Type.String(), periods: Type.Integer({ minimum: 1 }) },
      ...{ from: Timestamp, to: Timestamp },
    },
    { description: 'Figures of closed periods changed: how many, and the time that they span' },
  ),
})

export const oeeEvents = [oeeRestated]

type LineOf = { id: string; plant_id: string }
export const tellRestated = (
  { id, plant_id }: LineOf,
  reason: string,
  periods: readonly { from: number; to: number }[],
): NewEvent =>
  eventOf(
    oeeRestated,
    { subject: `plant-ops/lines/${id}`, plant_id },
    {
      ...{ line_id: id, plant_id, reason, periods: periods.length },
      from: new Date(Math.min(...periods.map(({ from }) => from))).toISOString(),
      to: new Date(Math.max(...periods.map(({ to }) => to))).toISOString(),
    },
  )
