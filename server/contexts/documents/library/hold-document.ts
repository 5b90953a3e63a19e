import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { tellHeld } from './events.ts'
import { lockDocument } from './get-document.ts'
import { libraryRefusals } from './refusals.ts'
import { touchDocument } from './update-document.ts'

async function lockLeft(work: DocumentWork, id: string): Promise<Document> {
  const document = await lockDocument(work, id, true)
  if (document.purged_at !== null) throw libraryRefusals.refuse('documents.purged')
  return document
}

/** Sets a legal hold, on what is in the trash too: nothing removes it any more. Of one that is set already the reason changes. */
export async function holdDocument(work: DocumentWork, id: string, reason: string): Promise<Document> {
  const document = await lockLeft(work, id)
  if (document.hold_reason === reason) return document
  const held = { hold_reason: reason, held_at: document.held_at ?? work.now.toISOString() }
  await touchDocument(work, id, { ...held, held_by: document.held_by ?? work.actor.id })
  const { plant_id, hold_reason } = document
  const before = hold_reason === null ? null : { hold_reason }
  const entry = { action: 'documents.held', resource: 'document', resource_id: id, plant_id, before }
  work.record({ ...entry, after: { hold_reason: reason } }, tellHeld(document, true))
  return lockDocument(work, id, true)
}

/** Ends a legal hold. */
export async function releaseDocument(work: DocumentWork, id: string): Promise<Document> {
  const document = await lockLeft(work, id)
  const { plant_id, hold_reason } = document
  if (hold_reason === null) throw libraryRefusals.refuse('documents.not_on_hold')
  await touchDocument(work, id, { hold_reason: null, held_at: null, held_by: null })
  const entry = { action: 'documents.released', resource: 'document', resource_id: id, plant_id }
  work.record({ ...entry, before: { hold_reason } }, tellHeld(document, false))
  return lockDocument(work, id, true)
}
