import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'plant-ops.lots', permission: 'batches.read' } as const
const lotCreated = eventKind({
  ...{ type: 'LotCreated', ...kindOf },
  data: Shape({ lot_id: Id, plant_id: Id, origin: Type.String(), quantity: Type.Number(), unit: Type.String() }),
})
const lotUpdated = eventKind({
  ...{ type: 'LotUpdated', ...kindOf },
  data: Shape({ lot_id: Id, plant_id: Id, changed: Type.Array(Type.String()) }),
})
const lotMoved = eventKind({
  ...{ type: 'LotMoved', ...kindOf },
  data: Shape({
    ...{ lot_id: Id, plant_id: Id, movement: Type.String(), quantity: Type.Number(), unit: Type.String() },
    batch_id: Nullable(Id),
  }),
})
const recallRun = eventKind({
  ...{ type: 'RecallRun', ...kindOf },
  data: Shape({ recall_id: Id, lot_id: Id, plant_id: Id, percentage: Nullable(Type.Number()) }),
})

export const lotEvents = [lotCreated, lotUpdated, lotMoved, recallRun]

type LotOf = { id: string; plant_id: string; unit: string }
const of = ({ id, plant_id }: LotOf) => ({ subject: `plant-ops/lots/${id}`, plant_id })
export const tellLotCreated = (lot: LotOf & { origin: string; quantity: number }): NewEvent =>
  eventOf(lotCreated, of(lot), {
    ...{ lot_id: lot.id, plant_id: lot.plant_id, origin: lot.origin, quantity: lot.quantity, unit: lot.unit },
  })
export const tellLotUpdated = (lot: LotOf, after: object): NewEvent =>
  eventOf(lotUpdated, of(lot), { lot_id: lot.id, plant_id: lot.plant_id, changed: Object.keys(after) })

type Moved = { kind: string; quantity: number; batch_id: string | null }
export const tellLotMoved = (lot: LotOf, { kind, quantity, batch_id }: Moved): NewEvent =>
  eventOf(lotMoved, of(lot), {
    ...{ lot_id: lot.id, plant_id: lot.plant_id, movement: kind, quantity, unit: lot.unit, batch_id },
  })

type Recalled = { id: string; lot_id: string; plant_id: string; percentage: number | null }
export const tellRecall = ({ id, lot_id, plant_id, percentage }: Recalled): NewEvent =>
  eventOf(recallRun, { subject: `plant-ops/recalls/${id}`, plant_id }, { recall_id: id, lot_id, plant_id, percentage })
