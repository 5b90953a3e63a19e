import { sql } from 'kysely'
import { getDocument } from '../library/get-document.ts'
import { explanationOf } from './explanation.ts'
import { fieldsRefusals } from './refusals.ts'
import type { DocumentFields, Field, Suggestion } from './schemas.ts'
import type { FieldWork } from './tables.ts'

const stamp = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${column}`
const FIELD =
  // security-ok: texts of this file alone
  sql.raw(`id, kind, role, value, shown, page, start, length, passage, round(confidence::numeric, 3)::float8 as confidence,
  by, rule, state, found_value, found_role, judged_by, ${stamp('judged_at')}`)
const SUGGESTION =
  // security-ok: texts of this file alone
  sql.raw(`id, kind, value, plant_id, round(confidence::numeric, 3)::float8 as confidence, by, evidence, state,
  decided_by, ${stamp('decided_at')}`)

type Bare = Omit<Suggestion, 'explanation_it' | 'explanation_en'>
const explained = (one: Bare): Suggestion => ({ ...one, ...explanationOf(one) })

/** What was found in a document's current version, and what is suggested of it: no plant that the caller does not see. */
export async function readFields(work: FieldWork, id: string): Promise<DocumentFields> {
  const { sha256, version } = await getDocument(work, id)
  const { db, tenantId } = work
  const { rows: fields } = await sql<Field>`
    select ${FIELD} from file_fields where tenant_id = ${tenantId} and sha256 = ${sha256} order by page nulls last, start nulls last, id`.execute(
    db,
  )
  const { rows: suggestions } = await sql<Bare>`
    select ${SUGGESTION} from document_suggestions where tenant_id = ${tenantId} and document_id = ${id}
     order by state <> 'open', kind, confidence desc, id`.execute(db)
  return { document_id: id, version, sha256, fields, suggestions: suggestions.map(explained) }
}

/** One field of the document's current content. */
export async function readField({ db, tenantId }: FieldWork, sha256: string, fieldId: string): Promise<Field> {
  const { rows } = await sql<Field>`
    select ${FIELD} from file_fields where tenant_id = ${tenantId} and sha256 = ${sha256} and id = ${fieldId}`.execute(
    db,
  )
  if (rows[0] === undefined) throw fieldsRefusals.refuse('document_fields.not_found')
  return rows[0]
}

/** One suggestion of a document that is locked, with what the document had before it. */
export async function readSuggestion(
  { db, tenantId }: FieldWork,
  documentId: string,
  id: string,
): Promise<Suggestion & { previous: string | null }> {
  const { rows } = await sql<Bare & { previous: string | null }>`
    select ${SUGGESTION}, previous from document_suggestions
     where tenant_id = ${tenantId} and document_id = ${documentId} and id = ${id}`.execute(db)
  if (rows[0] === undefined) throw fieldsRefusals.refuse('document_suggestions.not_found')
  return { ...explained(rows[0]), previous: rows[0].previous }
}
