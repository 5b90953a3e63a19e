import { checkRevision } from '#platform/http/etag.ts'
import type { LinkTargets } from '../deps.ts'
import type { Document, DocumentChange } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { documentName, searchTextOf } from './create-document.ts'
import { changesOf, shortensRetention } from './document-change.ts'
import { tellUpdated } from './events.ts'
import { getDocument, lockDocument } from './get-document.ts'
import { checkTarget } from './link-document.ts'
import { libraryRefusals } from './refusals.ts'
import { touchDocument } from './update-document.ts'

type Change = { id: string; change: DocumentChange; revisions: readonly number[] | null }

/** Changes what is said of a document; its content changes by a new version. A new expiry date is announced anew. */
export async function changeDocument(
  work: DocumentWork,
  { id, change, revisions }: Change,
  targets: LinkTargets,
): Promise<Document> {
  const before = await lockDocument(work, id)
  checkRevision(before, revisions)
  const wanted = {
    ...change,
    ...(change.name !== undefined && { name: documentName(change.name) }),
    ...(change.plant_id && { plant_id: change.plant_id.toLowerCase() }),
  }
  const changes = changesOf(before, wanted)
  if (changes === null) return before
  if (shortensRetention(before, wanted)) throw libraryRefusals.refuse('documents.retention_shortened')
  const { plant_id = before.plant_id } = wanted
  if (plant_id !== null && plant_id !== before.plant_id) {
    await checkTarget(work, targets, { kind: 'plant', target_id: plant_id })
  }
  const search_text = searchTextOf(wanted.name ?? before.name, wanted.tags ?? before.tags)
  await touchDocument(work, id, { ...changes.after, search_text })
  const entry = { action: 'documents.updated', resource: 'document', resource_id: id, plant_id, ...changes }
  work.record(entry, tellUpdated({ id, plant_id }, changes.after))
  return getDocument(work, id)
}
