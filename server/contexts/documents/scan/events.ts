import { Type } from 'typebox'
import { type EventKind, eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, OneOf, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'documents', permission: 'documents.read' } as const
const ids = { document_id: Id, plant_id: Nullable(Id), version: Type.Integer() }

const available = eventKind({
  ...{ type: 'DocumentAvailable', ...kindOf },
  data: Shape(
    { ...ids, scan: OneOf(['clean', 'not_scanned']) },
    { description: 'Its current version can be opened; not_scanned in development only' },
  ),
})
const quarantined = eventKind({
  ...{ type: 'DocumentQuarantined', ...kindOf },
  data: Shape(ids, { description: 'This version, mostly the current one, is infected: nobody opens it' }),
})
const scanFailed = eventKind({
  ...{ type: 'DocumentScanFailed', ...kindOf },
  data: Shape(ids, { description: 'This version could not be scanned: nobody opens it until it is' }),
})

export const scanEvents: readonly EventKind[] = [available, quarantined, scanFailed]

export type Scanned = { readonly id: string; readonly plant_id: string | null; readonly version: number }
/** What becomes of a content: who may open it, and what is told of it. */
export type Settled = 'clean' | 'not_scanned' | 'infected' | 'failed'

export const tellScanned = ({ id, plant_id, version }: Scanned, scan: Settled): NewEvent => {
  const of = { subject: `documents/${id}`, plant_id }
  const data = { document_id: id, plant_id, version }
  if (scan === 'infected') return eventOf(quarantined, of, data)
  if (scan === 'failed') return eventOf(scanFailed, of, data)
  return eventOf(available, of, { ...data, scan })
}
