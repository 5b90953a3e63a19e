import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, Shape, Timestamp } from '#platform/http/shapes.ts'

const kindOf = { topic: 'plant-ops.lines', permission: 'lines.read' } as const
const changed = Type.Array(Type.String(), { description: 'The names of the fields' })

const lineCreated = eventKind({
  ...{ type: 'LineCreated', ...kindOf },
  data: Shape({ line_id: Id, plant_id: Id, code: Type.String() }),
})
const lineUpdated = eventKind({
  ...{ type: 'LineUpdated', ...kindOf },
  data: Shape({ line_id: Id, plant_id: Id, changed }),
})
const lineDeleted = eventKind({ type: 'LineDeleted', ...kindOf, data: Shape({ line_id: Id, plant_id: Id }) })

const stopped = {
  ...{ line_id: Id, plant_id: Id, status: Type.String(), reason_code: Nullable(Type.String()), at: Timestamp },
}
const lineStatusChanged = eventKind({
  ...{ type: 'LineStatusChanged', ...kindOf },
  data: Shape(stopped, { description: 'From `at` on, which may be in the past: then the history was corrected' }),
})
const lineDowntime = eventKind({
  ...{ type: 'LineDowntime', ...kindOf },
  data: Shape(stopped, { description: 'The line is down; told besides LineStatusChanged' }),
})
const stopReasonsChanged = eventKind({
  ...{ type: 'StopReasonsChanged', ...kindOf },
  data: Shape({ stop_reason_id: Id, code: Type.String() }),
})

export const lineEvents = [lineCreated, lineUpdated, lineDeleted, lineStatusChanged, lineDowntime, stopReasonsChanged]

type LineOf = { id: string; plant_id: string }
const of = ({ id, plant_id }: LineOf) => ({ subject: `plant-ops/lines/${id}`, plant_id })

export const tellLineCreated = (line: LineOf & { code: string }): NewEvent =>
  eventOf(lineCreated, of(line), { line_id: line.id, plant_id: line.plant_id, code: line.code })
export const tellLineUpdated = (line: LineOf, after: object): NewEvent =>
  eventOf(lineUpdated, of(line), { line_id: line.id, plant_id: line.plant_id, changed: Object.keys(after) })
export const tellLineDeleted = (line: LineOf): NewEvent =>
  eventOf(lineDeleted, of(line), { line_id: line.id, plant_id: line.plant_id })

type Said = { status: string; reason_code: string | null; at: string }
const saidOf = ({ id, plant_id }: LineOf, { status, reason_code, at }: Said) => ({
  ...{ line_id: id, plant_id, status, reason_code, at },
})
export const tellLineStatus = (line: LineOf, said: Said): NewEvent =>
  eventOf(lineStatusChanged, of(line), saidOf(line, said))
export const tellLineDowntime = (line: LineOf, said: Said): NewEvent =>
  eventOf(lineDowntime, of(line), saidOf(line, said))
export const tellReasons = (id: string, code: string): NewEvent =>
  eventOf(stopReasonsChanged, { subject: `plant-ops/stop-reasons/${id}` }, { stop_reason_id: id, code })
