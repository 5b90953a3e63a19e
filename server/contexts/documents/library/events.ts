import { Type } from 'typebox'
import { type EventKind, eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Day, Id, Nullable, Shape } from '#platform/http/shapes.ts'
import type { LinkKind } from '../deps.ts'
import { DocumentSource, LinkKind as Kind, Sha256 } from '../schemas.ts'

const kindOf = { topic: 'documents', permission: 'documents.read' } as const
const ids = { document_id: Id, plant_id: Nullable(Id) }
const content = { version: Type.Integer(), type: Type.String(), size: Type.Integer(), sha256: Sha256 }
const changed = Type.Array(Type.String(), { description: 'The names of the fields' })

const uploaded = eventKind({
  ...{ type: 'DocumentUploaded', ...kindOf },
  data: Shape({ ...ids, ...content, source: DocumentSource }),
})
const versionAdded = eventKind({
  ...{ type: 'DocumentVersionAdded', ...kindOf },
  data: Shape({ ...ids, ...content, restored_from: Nullable(Type.Integer()) }),
})
const updated = eventKind({ type: 'DocumentUpdated', ...kindOf, data: Shape({ ...ids, changed }) })
const deleted = eventKind({ type: 'DocumentDeleted', ...kindOf, data: Shape(ids) })
const restored = eventKind({ type: 'DocumentRestored', ...kindOf, data: Shape(ids) })
const purged = eventKind({ type: 'DocumentPurged', ...kindOf, data: Shape(ids) })
const held = eventKind({ type: 'DocumentHeld', ...kindOf, data: Shape(ids) })
const released = eventKind({ type: 'DocumentReleased', ...kindOf, data: Shape(ids) })
const link = { kind: Kind, target_id: Id }
const linked = eventKind({ type: 'DocumentLinked', ...kindOf, data: Shape({ ...ids, ...link }) })
const unlinked = eventKind({ type: 'DocumentUnlinked', ...kindOf, data: Shape({ ...ids, ...link }) })
const expiry = { ...ids, expiry_date: Day }
const expiring = eventKind({
  ...{ type: 'DocumentExpiring', ...kindOf },
  data: Shape(expiry, { description: 'Once per expiry date, from expiry_notice_days before it' }),
})
const expired = eventKind({
  ...{ type: 'DocumentExpired', ...kindOf },
  data: Shape(expiry, { description: 'Once per expiry date, when it is past' }),
})

export const libraryEvents: readonly EventKind[] = [
  ...[uploaded, versionAdded, updated, deleted, restored, purged, held, released, linked, unlinked, expiring, expired],
]

export type DocumentOf = { readonly id: string; readonly plant_id: string | null }
type ContentOf = DocumentOf & { version: number; type: string; size: number; sha256: string }
const of = ({ id, plant_id }: DocumentOf) => ({ subject: `documents/${id}`, plant_id })
const idsOf = ({ id, plant_id }: DocumentOf) => ({ document_id: id, plant_id })
const contentOf = ({ version, type, size, sha256 }: ContentOf) => ({ version, type, size, sha256 })

export const tellUploaded = (document: ContentOf & { source: DocumentSource }): NewEvent =>
  eventOf(uploaded, of(document), { ...idsOf(document), ...contentOf(document), source: document.source })
export const tellVersion = (document: ContentOf, restored_from: number | null): NewEvent =>
  eventOf(versionAdded, of(document), { ...idsOf(document), ...contentOf(document), restored_from })
export const tellUpdated = (document: DocumentOf, after: object): NewEvent =>
  eventOf(updated, of(document), { ...idsOf(document), changed: Object.keys(after) })
export const tellHidden = (document: DocumentOf, hidden: boolean): NewEvent =>
  eventOf(hidden ? deleted : restored, of(document), idsOf(document))
export const tellPurged = (document: DocumentOf): NewEvent => eventOf(purged, of(document), idsOf(document))
export const tellHeld = (document: DocumentOf, hold: boolean): NewEvent =>
  eventOf(hold ? held : released, of(document), idsOf(document))
type Link = { kind: LinkKind; target_id: string }
export const tellLinked = (document: DocumentOf, { kind, target_id }: Link, there: boolean): NewEvent =>
  eventOf(there ? linked : unlinked, of(document), { ...idsOf(document), kind, target_id })
type Expiring = DocumentOf & { expiry_date: string }
export const tellExpiry = (document: Expiring, past: boolean): NewEvent =>
  eventOf(past ? expired : expiring, of(document), { ...idsOf(document), expiry_date: document.expiry_date })
