import { newId } from '#platform/new-id.ts'
import { searchable } from '#platform/searchable.ts'
import type { LinkKind, LinkTargets } from '../deps.ts'
import type { Document, UploadFields } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { tellUploaded } from './events.ts'
import { MEDIA_TYPES, type FileType } from './file-types.ts'
import { cleanName } from './file-name.ts'
import { getDocument } from './get-document.ts'
import { checkTarget, insertLink } from './link-document.ts'
import { libraryRefusals } from './refusals.ts'
import { insertContent } from './store-content.ts'

export type NewDocument = {
  readonly content: { readonly sha256: string; readonly size: number }
  /** The file's own, cleaned. */
  readonly fileName: string
  readonly type: FileType
  readonly source: Document['source']
  readonly fields: UploadFields
}

/** What a document is found by in lists. */
export const searchTextOf = (name: string, tags: readonly string[]): string => searchable([name, ...tags].join(' '))

/** A name that a person gave to a document; refused where nothing is left of it. */
export function documentName(given: string): string {
  const clean = cleanName(given)
  if (clean === null) throw libraryRefusals.refuse('documents.bad_name')
  return clean.name
}

const LINKED = [
  ['workflow_id', 'workflow'],
  ['task_id', 'task'],
  ['batch_id', 'batch'],
] as const satisfies readonly (readonly [keyof UploadFields, LinkKind])[]

/** Makes a document of a content whose bytes are stored, as its first version, and orders the scan. */
export async function createDocument(work: DocumentWork, order: NewDocument, targets: LinkTargets): Promise<Document> {
  const { content, fileName, type, source, fields } = order
  const { tenantId, db, actor } = work
  const { plant_id = null, category = null, tags = [], expiry_date = null, retain_until = null } = fields
  if (plant_id !== null) await checkTarget(work, targets, { kind: 'plant', target_id: plant_id })
  const [id, at] = [newId(), work.now.toISOString()]
  const name = documentName(fields.name ?? fileName)
  const stored = { ...content, media_type: MEDIA_TYPES[type] }
  await insertContent(work, stored)
  const row = { ...stored, type, created_at: at, created_by: actor.id }
  await db
    .insertInto('documents')
    .values({
      ...{ tenant_id: tenantId, id, plant_id, name, category, source, version: 1, tags, expiry_date, retain_until },
      ...{ ...row, search_text: searchTextOf(name, tags), updated_at: at, updated_by: actor.id },
      ...(fields.expiry_notice_days !== undefined && { expiry_notice_days: fields.expiry_notice_days }),
    })
    .execute()
  await db
    .insertInto('document_versions')
    .values({ tenant_id: tenantId, document_id: id, version: 1, file_name: fileName, ...row })
    .execute()
  for (const [field, kind] of LINKED) {
    const target_id = fields[field]
    if (target_id === undefined) continue
    await checkTarget(work, targets, { kind, target_id })
    await insertLink(work, id, { kind, target_id })
  }
  const document = await getDocument(work, id)
  const after = { name, type, size: content.size, sha256: content.sha256, source, ...fields }
  work.record(
    { action: 'documents.uploaded', resource: 'document', resource_id: id, plant_id, after },
    tellUploaded(document),
  )
  return document
}
