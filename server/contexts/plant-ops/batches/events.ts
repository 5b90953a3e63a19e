import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, Shape, Timestamp } from '#platform/http/shapes.ts'

const kindOf = { topic: 'plant-ops.batches', permission: 'batches.read' } as const
const ids = { batch_id: Id, line_id: Id, plant_id: Id }
const quantity = Type.Number()

const batchCreated = eventKind({
  ...{ type: 'BatchCreated', ...kindOf },
  data: Shape({
    ...ids,
    batch_number: Type.String(),
    product_code: Type.String(),
    planned_quantity: quantity,
    unit: Type.String(),
  }),
})
const batchUpdated = eventKind({
  ...{ type: 'BatchUpdated', ...kindOf },
  data: Shape({ ...ids, changed: Type.Array(Type.String()) }),
})
const batchStarted = eventKind({ type: 'BatchStarted', ...kindOf, data: Shape({ ...ids, at: Timestamp }) })
const output = { good_quantity: quantity, scrap_quantity: quantity, rework_quantity: quantity, unit: Type.String() }
const batchProduced = eventKind({
  ...{ type: 'BatchProduced', ...kindOf },
  data: Shape({ ...ids, at: Timestamp, ...output }, { description: 'What it put out since the last report' }),
})
const batchCompleted = eventKind({
  ...{ type: 'BatchCompleted', ...kindOf },
  data: Shape({ ...ids, at: Timestamp, ...output, oee: Nullable(Type.Number()) }),
})
const batchHeld = eventKind({ type: 'BatchHeld', ...kindOf, data: Shape({ ...ids, at: Timestamp }) })
const batchResumed = eventKind({ type: 'BatchResumed', ...kindOf, data: Shape({ ...ids, at: Timestamp }) })
const batchAborted = eventKind({ type: 'BatchAborted', ...kindOf, data: Shape({ ...ids, at: Timestamp }) })
const batchDeleted = eventKind({ type: 'BatchDeleted', ...kindOf, data: Shape(ids) })
const scrapDetected = eventKind({
  ...{ type: 'ScrapDetected', ...kindOf },
  data: Shape(
    { ...ids, scrap_quantity: quantity, unit: Type.String(), reasons: Type.Array(Type.String()) },
    { description: 'Scrap that was reported; told besides BatchProduced, BatchCompleted or BatchUpdated' },
  ),
})
const controlMeasured = eventKind({
  ...{ type: 'ControlMeasured', ...kindOf },
  data: Shape({ ...ids, measurement_id: Id, control_point: Type.String(), within_limits: Type.Boolean() }),
})
const controlCorrected = eventKind({
  ...{ type: 'ControlCorrected', ...kindOf },
  data: Shape({ ...ids, measurement_id: Id, control_point: Type.String() }),
})

export const batchEvents = [
  ...[batchCreated, batchUpdated, batchStarted, batchProduced, batchCompleted, batchAborted, batchDeleted],
  ...[batchHeld, batchResumed, scrapDetected, controlMeasured, controlCorrected],
]

export type BatchOf = { id: string; line_id: string; plant_id: string; unit: string }
const of = ({ id, plant_id }: BatchOf) => ({ subject: `plant-ops/batches/${id}`, plant_id })
const idsOf = ({ id, line_id, plant_id }: BatchOf) => ({ batch_id: id, line_id, plant_id })
type Quantities = { good: number; scrap: number; rework: number }
const madeOf = ({ unit }: BatchOf, { good, scrap, rework }: Quantities) => ({
  ...{ good_quantity: good, scrap_quantity: scrap, rework_quantity: rework, unit },
})

type Created = BatchOf & { batch_number: string; product_code: string; planned_quantity: number }
export const tellBatchCreated = (batch: Created): NewEvent => {
  const { batch_number, product_code, planned_quantity, unit } = batch
  return eventOf(batchCreated, of(batch), { ...idsOf(batch), batch_number, product_code, planned_quantity, unit })
}
export const tellBatchUpdated = (batch: BatchOf, after: object): NewEvent =>
  eventOf(batchUpdated, of(batch), { ...idsOf(batch), changed: Object.keys(after) })
export const tellBatchStarted = (batch: BatchOf, at: string): NewEvent =>
  eventOf(batchStarted, of(batch), { ...idsOf(batch), at })
export const tellBatchProduced = (batch: BatchOf, at: string, made: Quantities): NewEvent =>
  eventOf(batchProduced, of(batch), { ...idsOf(batch), at, ...madeOf(batch, made) })
export const tellBatchCompleted = (batch: BatchOf, at: string, made: Quantities & { oee: number | null }): NewEvent =>
  eventOf(batchCompleted, of(batch), { ...idsOf(batch), at, ...madeOf(batch, made), oee: made.oee })
export const tellBatchHeld = (batch: BatchOf, at: string): NewEvent =>
  eventOf(batchHeld, of(batch), { ...idsOf(batch), at })
export const tellBatchResumed = (batch: BatchOf, at: string): NewEvent =>
  eventOf(batchResumed, of(batch), { ...idsOf(batch), at })
export const tellBatchAborted = (batch: BatchOf, at: string): NewEvent =>
  eventOf(batchAborted, of(batch), { ...idsOf(batch), at })
export const tellBatchDeleted = (batch: BatchOf): NewEvent => eventOf(batchDeleted, of(batch), idsOf(batch))
export const tellScrap = (batch: BatchOf, scrap_quantity: number, reasons: string[]): NewEvent =>
  eventOf(scrapDetected, of(batch), { ...idsOf(batch), scrap_quantity, unit: batch.unit, reasons })

type Measured = { id: string; control_point: string; within_limits: boolean }
export const tellMeasured = (batch: BatchOf, { id, control_point, within_limits }: Measured): NewEvent =>
  eventOf(controlMeasured, of(batch), { ...idsOf(batch), measurement_id: id, control_point, within_limits })
export const tellCorrected = (batch: BatchOf, { id, control_point }: Omit<Measured, 'within_limits'>): NewEvent =>
  eventOf(controlCorrected, of(batch), { ...idsOf(batch), measurement_id: id, control_point })
