import { Type } from 'typebox'
import { type EventKind, eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Nullable, Shape } from '#platform/http/shapes.ts'
import { FileFormat, TemplateId, Tongue } from './schemas.ts'

const kindOf = { topic: 'documents.templates', permission: 'documents.read' } as const
const ids = { template_id: Id, document_id: Id, version: Type.Integer() }

const created = eventKind({ type: 'DocumentTemplateCreated', ...kindOf, data: Shape({ ...ids, language: Tongue }) })
const updated = eventKind({
  type: 'DocumentTemplateUpdated',
  ...kindOf,
  data: Shape(ids, { description: 'It has a new version' }),
})
const deleted = eventKind({ type: 'DocumentTemplateDeleted', ...kindOf, data: Shape(ids) })
const generated = eventKind({
  ...{ type: 'DocumentGenerated', ...kindOf },
  data: Shape(
    {
      ...{ document_id: Id, plant_id: Nullable(Id), template: TemplateId, template_version: Type.Integer() },
      ...{ language: Tongue, format: FileFormat },
    },
    { description: 'Told besides DocumentUploaded' },
  ),
})

export const templatesEvents: readonly EventKind[] = [created, updated, deleted, generated]

type Row = { id: string; document_id: string; version: number; language: 'it' | 'en' }
const subject = ({ id }: Row) => ({ subject: `document-templates/${id}` })
const idsOf = ({ id, document_id, version }: Row) => ({ template_id: id, document_id, version })

export const tellTemplateCreated = (row: Row): NewEvent =>
  eventOf(created, subject(row), { ...idsOf(row), language: row.language })
export const tellTemplateUpdated = (row: Row): NewEvent => eventOf(updated, subject(row), idsOf(row))
export const tellTemplateDeleted = (row: Row): NewEvent => eventOf(deleted, subject(row), idsOf(row))

type Made = {
  document_id: string
  plant_id: string | null
  template: string
  template_version: number
  language: 'it' | 'en'
  format: 'pdf' | 'docx'
}
export const tellGenerated = (made: Made): NewEvent => {
  const { document_id, plant_id } = made
  return eventOf(generated, { subject: `documents/${document_id}`, plant_id }, made)
}
