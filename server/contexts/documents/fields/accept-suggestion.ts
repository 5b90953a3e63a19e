import { sql } from 'kysely'
import type { DocumentDeps } from '../deps.ts'
import type { Document } from '../schemas.ts'
import { newId } from '#platform/new-id.ts'
import { tellLinked, tellUpdated } from '../library/events.ts'
import { lockDocument } from '../library/get-document.ts'
import { checkTarget, insertLink } from '../library/link-document.ts'
import { touchDocument } from '../library/update-document.ts'
import { tellDecided } from './events.ts'
import { readSuggestion } from './read-fields.ts'
import { recordExample, takeTurn } from './record-example.ts'
import type { NewSuggestion, Suggestion } from './schemas.ts'
import type { FieldWork } from './tables.ts'

/** The column of the document that a suggestion is about; a link has none. */
export const COLUMNS = { category: 'category', expiry_date: 'expiry_date', plant: 'plant_id' } as const

/** Makes it true of the document, and says what the document had before. */
async function apply(
  work: FieldWork,
  { linkTargets }: DocumentDeps,
  document: Document,
  suggestion: Suggestion,
): Promise<string | null> {
  const { id, plant_id } = document
  const target = { kind: 'plant', target_id: suggestion.plant_id ?? '' } as const
  if (suggestion.plant_id !== null) await checkTarget(work, linkTargets, target)
  const entry = { resource: 'document', resource_id: id, plant_id }
  if (suggestion.kind === 'link') {
    if (await insertLink(work, id, target)) {
      await touchDocument(work, id)
      work.record({ ...entry, action: 'documents.linked', after: { ...target } }, tellLinked(document, target, true))
    }
    return null
  }
  const column = COLUMNS[suggestion.kind]
  const [before, after] = [document[column], suggestion.value ?? suggestion.plant_id]
  if (before === after) return before
  await touchDocument(work, id, { [column]: after })
  work.record(
    { ...entry, action: 'documents.updated', before: { [column]: before }, after: { [column]: after } },
    tellUpdated({ id, plant_id }, { [column]: after }),
  )
  return before
}

/** Confirms a suggestion: what it says becomes true of the document, another of its kind no longer is, and it is learned from. */
export async function acceptSuggestion(
  work: FieldWork,
  deps: DocumentDeps,
  id: string,
  suggestionId: string,
): Promise<Suggestion> {
  await takeTurn(work)
  const document = await lockDocument(work, id)
  const suggestion = await readSuggestion(work, id, suggestionId)
  if (suggestion.state === 'confirmed') return suggestion
  const { db, tenantId, now, actor } = work
  const { kind } = suggestion
  const previous = await apply(work, deps, document, suggestion)
  if (kind !== 'link') {
    await sql`update document_suggestions set state = 'superseded'
               where tenant_id = ${tenantId} and document_id = ${id} and kind = ${kind} and state in ('open', 'confirmed')`.execute(
      db,
    )
  }
  await sql`
    update document_suggestions set state = 'confirmed', previous = ${previous}, decided_at = ${now}, decided_by = ${actor.id}
     where tenant_id = ${tenantId} and document_id = ${id} and id = ${suggestionId}`.execute(db)
  const after = { suggestion_id: suggestionId, kind, value: suggestion.value, suggested_plant_id: suggestion.plant_id }
  const entry = {
    action: 'document_suggestions.confirmed',
    resource: 'document',
    resource_id: id,
    plant_id: document.plant_id,
  }
  work.record({ ...entry, after }, tellDecided(document, { id: suggestionId, kind, state: 'confirmed' }))
  if (kind === 'category') await recordExample(work, id)
  return readSuggestion(work, id, suggestionId)
}

/** What a person says of a document instead of what was suggested, or where nothing was: made and confirmed at once. */
export async function sayInstead(
  work: FieldWork,
  deps: DocumentDeps,
  id: string,
  said: NewSuggestion,
): Promise<Suggestion> {
  await takeTurn(work)
  await lockDocument(work, id)
  const { rows } = await sql<{ id: string }>`
    insert into document_suggestions as s (tenant_id, id, document_id, kind, value, confidence, by, made_at)
    values (${work.tenantId}, ${newId()}, ${id}, ${said.kind}, ${said.value}, 1, 'person', ${work.now})
        on conflict (tenant_id, document_id, kind, value, plant_id) do update set value = excluded.value
    returning s.id`.execute(work.db)
  return acceptSuggestion(work, deps, id, rows[0]!.id)
}
