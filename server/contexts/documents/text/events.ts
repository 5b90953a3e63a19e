import { Type } from 'typebox'
import { type EventKind, eventKind } from '#platform/events/event-kind.ts'
import { Id, Nullable, OneOf, Shape } from '#platform/http/shapes.ts'

export const documentRead = eventKind({
  type: 'DocumentRead',
  topic: 'documents',
  permission: 'documents.read',
  data: Shape({
    document_id: Id,
    sha256: Type.String(),
    state: OneOf(['read', 'unreadable', 'encrypted', 'unsupported', 'too_large']),
    pages: Nullable(Type.Integer({ description: 'Pages whose text is there' })),
  }),
})

export const textEvents: readonly EventKind[] = [documentRead]
