import { sql } from 'kysely'
import type { Document } from '../schemas.ts'
import { tellLinked, tellUpdated } from '../library/events.ts'
import { lockDocument } from '../library/get-document.ts'
import { touchDocument } from '../library/update-document.ts'
import { COLUMNS } from './accept-suggestion.ts'
import { tellDecided } from './events.ts'
import { readSuggestion } from './read-fields.ts'
import { recordExample, takeTurn } from './record-example.ts'
import type { Suggestion } from './schemas.ts'
import type { FieldWork } from './tables.ts'

/** Takes back what a confirmation did, as far as nobody has changed it since. */
async function takeBack(
  work: FieldWork,
  document: Document,
  suggestion: Suggestion & { previous: string | null },
): Promise<void> {
  const { id, plant_id } = document
  const entry = { resource: 'document', resource_id: id, plant_id }
  if (suggestion.kind === 'link') {
    const target = { kind: 'plant', target_id: suggestion.plant_id! } as const
    const { numDeletedRows } = await work.db
      .deleteFrom('document_links')
      .where('tenant_id', '=', work.tenantId)
      .where('document_id', '=', id)
      .where('kind', '=', 'plant')
      .where('target_id', '=', target.target_id)
      .executeTakeFirst()
    if (numDeletedRows === 0n) return
    await touchDocument(work, id)
    work.record({ ...entry, action: 'documents.unlinked', before: { ...target } }, tellLinked(document, target, false))
    return
  }
  const column = COLUMNS[suggestion.kind]
  const [is, was] = [document[column], suggestion.previous]
  if (is !== (suggestion.value ?? suggestion.plant_id) || is === was) return
  await touchDocument(work, id, { [column]: was })
  work.record(
    { ...entry, action: 'documents.updated', before: { [column]: is }, after: { [column]: was } },
    tellUpdated({ id, plant_id }, { [column]: was }),
  )
}

/** Refuses a suggestion, also one that was confirmed: the document gets back what it had. It is not made again, and it is learned from. */
export async function rejectSuggestion(work: FieldWork, id: string, suggestionId: string): Promise<Suggestion> {
  await takeTurn(work)
  const document = await lockDocument(work, id)
  const suggestion = await readSuggestion(work, id, suggestionId)
  if (suggestion.state === 'rejected') return suggestion
  const { db, tenantId, now, actor } = work
  if (suggestion.state === 'confirmed') await takeBack(work, document, suggestion)
  await sql`
    update document_suggestions set state = 'rejected', previous = null, decided_at = ${now}, decided_by = ${actor.id}
     where tenant_id = ${tenantId} and document_id = ${id} and id = ${suggestionId}`.execute(db)
  const { kind, value, plant_id: suggested_plant_id } = suggestion
  const entry = {
    action: 'document_suggestions.rejected',
    resource: 'document',
    resource_id: id,
    plant_id: document.plant_id,
  }
  work.record(
    { ...entry, after: { suggestion_id: suggestionId, kind, value, suggested_plant_id } },
    tellDecided(document, { id: suggestionId, kind, state: 'rejected' }),
  )
  if (kind === 'category') await recordExample(work, id)
  return readSuggestion(work, id, suggestionId)
}
