import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { tellVersion } from './events.ts'
import { type FileType, MEDIA_TYPES } from './file-types.ts'
import { getDocument, lockDocument } from './get-document.ts'
import { libraryRefusals } from './refusals.ts'
import { insertContent } from './store-content.ts'
import { touchDocument } from './update-document.ts'

type NewVersion = {
  readonly content: { readonly sha256: string; readonly size: number }
  readonly fileName: string
  readonly type: FileType
  readonly note: string | null
}

/** The next version of a document that is locked. */
async function insertVersion(
  work: DocumentWork,
  document: Document,
  { content, fileName, type, note, restoredFrom }: NewVersion & { restoredFrom: number | null },
): Promise<Document> {
  const { id, plant_id } = document
  if (document.sha256 === content.sha256) throw libraryRefusals.refuse('documents.same_content')
  const stored = { ...content, type, media_type: MEDIA_TYPES[type] }
  await insertContent(work, stored)
  const version = document.version + 1
  await work.db
    .insertInto('document_versions')
    .values({
      ...{ tenant_id: work.tenantId, document_id: id, version, file_name: fileName, note, ...stored },
      ...{ restored_from: restoredFrom, created_at: work.now.toISOString(), created_by: work.actor.id },
    })
    .execute()
  await touchDocument(work, id, { version, ...stored })
  const after = { version, type, size: content.size, sha256: content.sha256, restored_from: restoredFrom }
  const current = await getDocument(work, id)
  work.record(
    { action: 'documents.version_added', resource: 'document', resource_id: id, plant_id, after },
    tellVersion(current, restoredFrom),
  )
  return current
}

/** A new content for a document; the ones before stay. Refused where it is the current one already. */
export async function addVersion(work: DocumentWork, id: string, order: NewVersion): Promise<Document> {
  return insertVersion(work, await lockDocument(work, id), { ...order, restoredFrom: null })
}

/** Makes a version of the past the current content again, as a new version. */
export async function restoreVersion(work: DocumentWork, id: string, version: number): Promise<Document> {
  const document = await lockDocument(work, id)
  const old = await work.db
    .selectFrom('document_versions')
    .select(['sha256', 'size', 'file_name', 'type'])
    .where('tenant_id', '=', work.tenantId)
    .where('document_id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst()
  if (old === undefined) throw libraryRefusals.refuse('documents.no_such_version')
  const { sha256, size, file_name: fileName } = old
  const order = { content: { sha256, size }, fileName, type: old.type as FileType, note: null }
  return insertVersion(work, document, { ...order, restoredFrom: version })
}
