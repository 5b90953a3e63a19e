import { checkRevision } from '#platform/http/etag.ts'
import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { tellHidden } from './events.ts'
import { getDocument, lockDocument } from './get-document.ts'
import { readToday } from './read-today.ts'
import { libraryRefusals } from './refusals.ts'
import { touchDocument } from './update-document.ts'

type Target = { id: string; revisions: readonly number[] | null }

/** Puts a document into the trash. What a hold or a retention keeps stays where it is. */
export async function hideDocument(work: DocumentWork, { id, revisions }: Target): Promise<void> {
  const document = await lockDocument(work, id)
  checkRevision(document, revisions)
  if (document.held_at !== null) throw libraryRefusals.refuse('documents.on_hold')
  if (document.retain_until !== null && document.retain_until >= (await readToday(work))) {
    throw libraryRefusals.refuse('documents.retained')
  }
  await touchDocument(work, id, { deleted_at: work.now.toISOString() })
  const { plant_id } = document
  const entry = { action: 'documents.deleted', resource: 'document', resource_id: id, plant_id }
  work.record(entry, tellHidden(document, true))
}

/** Takes a document out of the trash; one that is not in it stays as it is. */
export async function restoreDocument(work: DocumentWork, id: string): Promise<Document> {
  const document = await lockDocument(work, id, true)
  if (document.purged_at !== null) throw libraryRefusals.refuse('documents.purged')
  if (document.deleted_at === null) return document
  await touchDocument(work, id, { deleted_at: null })
  const { plant_id } = document
  const entry = { action: 'documents.restored', resource: 'document', resource_id: id, plant_id }
  work.record(entry, tellHidden(document, false))
  return getDocument(work, id)
}
