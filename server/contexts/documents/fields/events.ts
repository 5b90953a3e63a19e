import { Type } from 'typebox'
import { type EventKind, eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, OneOf, Shape } from '#platform/http/shapes.ts'
import type { DocumentOf } from '../library/events.ts'
import { type FieldKind, FIELD_KINDS } from './finding.ts'
import { FieldState, SuggestionKind } from './schemas.ts'

const kindOf = { topic: 'documents', permission: 'documents.read' } as const
const ids = { document_id: Id, plant_id: Nullable(Id) }
const count = Type.Integer({ minimum: 0 })

const found = eventKind({
  ...{ type: 'DocumentFieldsFound', ...kindOf },
  data: Shape(
    { ...ids, fields: count, suggestions: count },
    { description: 'A document was looked through, for the first time or again' },
  ),
})
const KIND = Type.Unsafe<FieldKind>(OneOf([...FIELD_KINDS]))
const judged = eventKind({
  ...{ type: 'DocumentFieldJudged', ...kindOf },
  data: Shape({
    ...ids,
    field_id: Id,
    kind: KIND,
    state: FieldState,
  }),
})
const decided = eventKind({
  ...{ type: 'DocumentSuggestionDecided', ...kindOf },
  data: Shape({
    ...{ ...ids, suggestion_id: Id, kind: SuggestionKind },
    state: Type.Unsafe<'confirmed' | 'rejected'>(OneOf(['confirmed', 'rejected'])),
  }),
})

export const fieldsEvents: readonly EventKind[] = [found, judged, decided]

const of = ({ id, plant_id }: DocumentOf) => ({ subject: `documents/${id}`, plant_id })
const idsOf = ({ id, plant_id }: DocumentOf) => ({ document_id: id, plant_id })

export const tellFound = (document: DocumentOf, counts: { fields: number; suggestions: number }): NewEvent =>
  eventOf(found, of(document), { ...idsOf(document), ...counts })
type Judged = { id: string; kind: FieldKind; state: FieldState }
export const tellJudged = (document: DocumentOf, { id, kind, state }: Judged): NewEvent =>
  eventOf(judged, of(document), { ...idsOf(document), field_id: id, kind, state })
type Decided = { id: string; kind: SuggestionKind; state: 'confirmed' | 'rejected' }
export const tellDecided = (document: DocumentOf, { id, kind, state }: Decided): NewEvent =>
  eventOf(decided, of(document), { ...idsOf(document), suggestion_id: id, kind, state })
