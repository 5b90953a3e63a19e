import type { Static } from 'typebox'
import type { LinkTargets } from '../deps.ts'
import type { Document, NewLink } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { tellLinked } from './events.ts'
import { getDocument, lockDocument } from './get-document.ts'
import { libraryRefusals } from './refusals.ts'
import { touchDocument } from './update-document.ts'

type Link = Static<typeof NewLink>

/** Refuses what is not there, is not to be seen, or is of a kind that nothing is linked to yet. */
export async function checkTarget(work: DocumentWork, targets: LinkTargets, { kind, target_id }: Link): Promise<void> {
  const exists = await targets[kind]?.(work, target_id.toLowerCase())
  if (exists !== true) throw libraryRefusals.refuse('documents.no_such_target')
}

/** Writes a link; false where it is there already. */
export async function insertLink({ db, tenantId, now, actor }: DocumentWork, id: string, link: Link): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('document_links')
    .values({ tenant_id: tenantId, document_id: id, ...link, created_at: now.toISOString(), created_by: actor.id })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Links a document to something; a link that is there already stays as it is. */
export async function linkDocument(
  work: DocumentWork,
  id: string,
  link: Link,
  targets: LinkTargets,
): Promise<Document> {
  const { plant_id } = await lockDocument(work, id)
  await checkTarget(work, targets, link)
  if (!(await insertLink(work, id, link))) return getDocument(work, id)
  await touchDocument(work, id)
  const entry = { action: 'documents.linked', resource: 'document', resource_id: id, plant_id, after: { ...link } }
  work.record(entry, tellLinked({ id, plant_id }, link, true))
  return getDocument(work, id)
}

/** Takes a link away; also one whose target is gone. */
export async function unlinkDocument(work: DocumentWork, id: string, link: Link): Promise<void> {
  const { plant_id } = await lockDocument(work, id)
  const { numDeletedRows } = await work.db
    .deleteFrom('document_links')
    .where('tenant_id', '=', work.tenantId)
    .where('document_id', '=', id)
    .where('kind', '=', link.kind)
    .where('target_id', '=', link.target_id)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw libraryRefusals.refuse('documents.not_linked')
  await touchDocument(work, id)
  const entry = { action: 'documents.unlinked', resource: 'document', resource_id: id, plant_id, before: { ...link } }
  work.record(entry, tellLinked({ id, plant_id }, link, false))
}
