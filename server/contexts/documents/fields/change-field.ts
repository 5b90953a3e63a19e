import { sql } from 'kysely'
import { getDocument } from '../library/get-document.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { fieldsOrder } from '../text/orders.ts'
import { tellJudged } from './events.ts'
import { toldValue } from './field-value.ts'
import { readField } from './read-fields.ts'
import { recordCues, takeTurn } from './record-example.ts'
import { fieldsRefusals } from './refusals.ts'
import { hasRole } from './roles.ts'
import type { Field, FieldChange } from './schemas.ts'
import type { FieldWork } from './tables.ts'

type Taught = { cues: string[]; taught_cues: string[]; taught_role: string | null }

/** What a person says of a value, checked by the rules of its kind. */
export function checkTold(kind: Field['kind'], value: string, role: string | null): string {
  const told = toldValue(kind, value)
  if (told.value === null) {
    throw fieldsRefusals.refuse('document_fields.invalid_value', {
      details: [{ field: 'value', message: told.message }],
    })
  }
  if (role !== null && !hasRole(kind, role)) {
    throw fieldsRefusals.refuse('document_fields.invalid_role', {
      details: [{ field: 'role', message: 'is of another kind' }],
    })
  }
  return told.value
}

/** What becomes of a field by a judgement. Rejected and taken back it is again as it was found. */
function judged(field: Field, change: FieldChange): Pick<Field, 'value' | 'role' | 'state'> {
  const added = field.found_value === null
  if (change.rejected === true) return { value: field.value, role: field.role, state: 'rejected' }
  if (change.rejected === false && change.value === undefined && change.role === undefined) {
    return added
      ? { value: field.value, role: field.role, state: 'added' }
      : { value: field.found_value!, role: field.found_role as Field['role'], state: 'found' }
  }
  const role = change.role === undefined ? field.role : change.role
  const value = checkTold(field.kind, change.value ?? field.value, role)
  const same = value === field.found_value && role === field.found_role
  return { value, role, state: added ? 'added' : same ? 'confirmed' : 'corrected' }
}

/** What the field's judgement before taught is taken off, and what this one teaches is added. */
async function teach(work: FieldWork, field: Field, { role, state }: Pick<Field, 'role' | 'state'>): Promise<void> {
  if (field.kind !== 'date' && field.kind !== 'amount') return
  await takeTurn(work)
  const { db, tenantId } = work
  const { rows } = await sql<Taught>`
    select cues, taught_cues, taught_role from file_fields where tenant_id = ${tenantId} and id = ${field.id}`.execute(
    db,
  )
  const { cues, taught_cues, taught_role } = rows[0]!
  await recordCues(work, { kind: field.kind, cues: taught_cues, role: taught_role }, -1)
  const now = { kind: field.kind, cues: state === 'found' ? [] : cues, role: state === 'rejected' ? null : role }
  await recordCues(work, now, 1)
  await sql`update file_fields set taught_cues = ${now.cues}, taught_role = ${now.role}
             where tenant_id = ${tenantId} and id = ${field.id}`.execute(db)
}

/**
 * Confirms, corrects or refuses a field, or takes such a judgement back. It holds for the content, and so for every document that has it;
 * what follows for them is looked for again.
 */
export async function changeField(work: FieldWork, id: string, fieldId: string, change: FieldChange): Promise<Field> {
  const document = await getDocument(work, id)
  const { sha256, plant_id } = document
  const { db, tenantId, now, actor } = work
  await sql`select from file_fields where tenant_id = ${tenantId} and id = ${fieldId} for update`.execute(db)
  const field = await readField(work, sha256, fieldId)
  const after = judged(field, change)
  const by = after.state === 'corrected' ? 'person' : undefined
  await sql`
    update file_fields set value = ${after.value}, role = ${after.role}, state = ${after.state}, by = coalesce(${by ?? null}, by),
           judged_at = ${after.state === 'found' ? null : now}, judged_by = ${after.state === 'found' ? null : actor.id}
     where tenant_id = ${tenantId} and id = ${fieldId}`.execute(db)
  await teach(work, field, after)
  // Without a key: one that is under way may have read what was before.
  await enqueue(work, fieldsOrder, { sha256 })
  const { value, role, state } = field
  const entry = { action: 'document_fields.judged', resource: 'document', resource_id: id, plant_id }
  work.record(
    { ...entry, before: { field_id: fieldId, value, role, state }, after: { field_id: fieldId, ...after } },
    tellJudged(document, { id: fieldId, kind: field.kind, state: after.state }),
  )
  return readField(work, sha256, fieldId)
}
