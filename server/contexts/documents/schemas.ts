import { type Static, Type } from 'typebox'
import type { LinkKind as Kind } from './deps.ts'
import { Day, Id, Line, NAMED, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { TEXT_STATES, type TextState } from './text/text-state.ts'

const STATUSES = ['scanning', 'available', 'quarantined', 'failed'] as const
export type DocumentStatus = (typeof STATUSES)[number]
/** scanning: nobody opens it yet; quarantined: infected; failed: it could not be scanned. */
export const DocumentStatus = Type.Unsafe<DocumentStatus>(OneOf([...STATUSES]))

const SOURCES = ['uploaded', 'generated', 'collected'] as const
export type DocumentSource = (typeof SOURCES)[number]
export const DocumentSource = Type.Unsafe<DocumentSource>(OneOf([...SOURCES]))

export const LinkKind = Type.Unsafe<Kind>(OneOf(['plant', 'line', 'batch', 'lot', 'workflow', 'task', 'order']))
/** SHA-256 in hexadecimal. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the content' })

export const DocumentName = Line(255, {
  ...NAMED,
  description: 'Cleaned: path parts, control and direction marks go',
  examples: ['Delega GSE 2026.pdf'],
})
export const Category = Line(50, { ...NAMED, examples: ['delegation'] })
export const Tags = Type.Array(Line(50, NAMED), { maxItems: 20, uniqueItems: true, examples: [['gse', '2026']] })
export const NoticeDays = Type.Integer({
  minimum: 0,
  maximum: 3650,
  description: 'Days before the expiry date from which it is announced',
  examples: [30],
})

/** What says of the content itself: the same for a document and for each of its versions. */
const content = {
  version: Type.Integer({ description: '1 for the first' }),
  type: Type.String({ description: 'By the extension, which agrees with the content', examples: ['pdf'] }),
  media_type: Type.String(),
  size: Type.Integer({ description: 'Bytes' }),
  sha256: Sha256,
  status: DocumentStatus,
  scan: Nullable(OneOf(['clean', 'infected', 'not_scanned'], { description: 'null: not yet, or it failed' })),
}

export const DocumentLink = Shape({ kind: LinkKind, target_id: Id, created_at: Timestamp }, { title: 'DocumentLink' })

export const Document = Type.Object(
  {
    id: Id,
    name: Type.String(),
    ...content,
    source: DocumentSource,
    category: Nullable(Type.String()),
    plant_id: Nullable(Id),
    tags: Type.Array(Type.String()),
    expiry_date: Nullable(Day),
    expiry_notice_days: Type.Integer(),
    retain_until: Nullable({ ...Day, description: 'Nothing deletes it before' } as typeof Day),
    hold_reason: Nullable(Type.String({ description: 'Of the legal hold; nothing deletes it meanwhile' })),
    held_at: Nullable(Timestamp),
    held_by: Nullable(Id),
    links: Type.Array(DocumentLink),
    text: Shape(
      {
        state: Type.Unsafe<TextState>(OneOf([...TEXT_STATES])),
        pages: Nullable(Type.Integer({ description: 'null: not known yet' })),
        pages_done: Type.Integer(),
      },
      { description: 'How far the current version is read' },
    ),
    deleted_at: Nullable(Timestamp),
    purged_at: Nullable(Timestamp),
    ...Stamps,
  },
  { title: 'Document' },
)
export type Document = Static<typeof Document>

export const DocumentVersion = Type.Object(
  {
    ...content,
    file_name: Type.String({ description: 'As it was uploaded, cleaned' }),
    note: Nullable(Type.String()),
    restored_from: Nullable(Type.Integer({ description: 'The version whose content it is again' })),
    purged_at: Nullable(Timestamp),
    created_at: Timestamp,
    created_by: Nullable(Id),
  },
  { title: 'DocumentVersion' },
)
export type DocumentVersion = Static<typeof DocumentVersion>

/** The fields of an upload beside the file, as text of a form becomes them. */
export const UploadFields = Shape({
  name: Type.Optional(DocumentName),
  category: Type.Optional(Category),
  plant_id: Type.Optional(Id),
  workflow_id: Type.Optional(Id),
  task_id: Type.Optional(Id),
  batch_id: Type.Optional(Id),
  tags: Type.Optional(Tags),
  expiry_date: Type.Optional(Day),
  expiry_notice_days: Type.Optional(NoticeDays),
  retain_until: Type.Optional(Day),
})
export type UploadFields = Static<typeof UploadFields>

export const VersionFields = Shape({ note: Type.Optional(Line(500, NAMED)) })
export type VersionFields = Static<typeof VersionFields>

export const DocumentChange = Type.Partial(
  Type.Object({
    name: DocumentName,
    category: Nullable(Category),
    plant_id: Nullable(Id),
    tags: Tags,
    expiry_date: Nullable(Day),
    expiry_notice_days: NoticeDays,
    retain_until: Nullable({ ...Day, description: 'Only ever later: what is to be kept stays' } as typeof Day),
  }),
  { additionalProperties: false, title: 'DocumentChange', examples: [{ tags: ['gse'], expiry_date: '2027-03-31' }] },
)
export type DocumentChange = Static<typeof DocumentChange>

export const NewLink = Shape({ kind: LinkKind, target_id: Id }, { title: 'NewDocumentLink' })
export const Hold = Type.Object(
  { reason: Line(500, { ...NAMED, examples: ['Contenzioso GSE 2026/114'] }) },
  { additionalProperties: false, title: 'DocumentHold', examples: [{ reason: 'Contenzioso GSE 2026/114' }] },
)
