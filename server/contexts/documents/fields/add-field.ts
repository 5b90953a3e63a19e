import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { getDocument } from '../library/get-document.ts'
import { fieldsOrder } from '../text/orders.ts'
import { checkTold } from './change-field.ts'
import { tellJudged } from './events.ts'
import type { FieldKind } from './finding.ts'
import { draftsOf, passageOf, type PageText } from './page-fields.ts'
import { readField } from './read-fields.ts'
import { readPages } from './read-pages.ts'
import { recordCues } from './record-example.ts'
import { fieldsRefusals } from './refusals.ts'
import { before, cuesOf } from './roles.ts'
import type { Field, NewField } from './schemas.ts'
import type { FieldWork } from './tables.ts'

/** Of one content, told by people. */
const MOST_ADDED = 100

type Placed = { shown: string; start: number | null; length: number | null; passage: string | null; cues: string[] }

/** Where the value stands on the page that was named: as the rules read it there, or letter by letter. */
function placeOf({ text, ...rest }: PageText, language: string | null, kind: FieldKind, value: string): Placed {
  const read = draftsOf({ ...rest, text }, language).find((one) => one.kind === kind && one.value === value)
  const start = read?.start ?? text.indexOf(value)
  if (start < 0) return { shown: value, start: null, length: null, passage: null, cues: [] }
  const shown = read?.shown ?? value
  const cues = read?.cues ?? (kind === 'date' || kind === 'amount' ? cuesOf(before(text, start, 0)) : [])
  return { shown, start, length: shown.length, passage: passageOf(text, start, shown.length), cues }
}

async function pageOf(
  work: FieldWork,
  sha256: string,
  page: number | undefined,
  kind: FieldKind,
  value: string,
): Promise<Placed> {
  const nowhere = { shown: value, start: null, length: null, passage: null, cues: [] }
  if (page === undefined) return nowhere
  const { language, pages } = await readPages(work, sha256)
  const told = pages.find((one) => one.page === page)
  if (told !== undefined) return placeOf(told, language, kind, value)
  const { rows } =
    await sql`select from file_pages where tenant_id = ${work.tenantId} and sha256 = ${sha256} and page = ${page}`.execute(
      work.db,
    )
  if (rows.length === 0) throw fieldsRefusals.refuse('document_fields.no_such_page')
  return nowhere
}

/** A field that was overlooked, told by a person. One that stands where another of its kind was found takes its place. */
export async function addField(work: FieldWork, id: string, told: NewField): Promise<Field> {
  const document = await getDocument(work, id)
  const { sha256, plant_id } = document
  const { db, tenantId, now, actor } = work
  const { kind, role = null, page = null } = told
  const value = checkTold(kind, told.value, role)
  await sql`select from files where tenant_id = ${tenantId} and sha256 = ${sha256} for no key update`.execute(db)
  const { rows: counted } = await sql<{ count: number }>`
    select count(*)::integer as count from file_fields where tenant_id = ${tenantId} and sha256 = ${sha256} and state = 'added'`.execute(
    db,
  )
  if (counted[0]!.count >= MOST_ADDED) throw fieldsRefusals.refuse('document_fields.too_many')
  const { shown, start, length, passage, cues } = await pageOf(work, sha256, told.page, kind, value)
  // Where it stands a value of this kind was judged already: the new one is told without a place.
  const { rows } = await sql<{ id: string }>`
    insert into file_fields as f (tenant_id, id, sha256, kind, role, value, shown, page, start, length, passage, confidence, by, state,
           cues, taught_cues, taught_role, made_at, judged_at, judged_by)
    values (${tenantId}, ${newId()}, ${sha256}, ${kind}, ${role}, ${value}, ${shown}, ${page}, ${start}, ${length}, ${passage}, 1, 'person', 'added',
           ${cues}, ${cues}, ${role}, ${now}, ${now}, ${actor.id})
        on conflict (tenant_id, sha256, kind, page, start) where start is not null do update
       set role = excluded.role, value = excluded.value, shown = excluded.shown, length = excluded.length, passage = excluded.passage,
           confidence = 1, by = 'person', state = 'added', cues = excluded.cues, taught_cues = excluded.taught_cues,
           taught_role = excluded.taught_role, judged_at = excluded.judged_at, judged_by = excluded.judged_by
     where f.state = 'found'
    returning f.id`.execute(db)
  return rows[0] === undefined
    ? addField(work, id, { kind, role, value: told.value })
    : finished(work, document, { id: rows[0].id, kind, value, role, cues, plant_id })
}

type Added = {
  id: string
  kind: FieldKind
  value: string
  role: Field['role']
  cues: string[]
  plant_id: string | null
}
async function finished(
  work: FieldWork,
  document: { id: string; sha256: string; plant_id: string | null },
  added: Added,
): Promise<Field> {
  const { id: field_id, kind, value, role, cues, plant_id } = added
  await recordCues(work, { kind, cues, role }, 1)
  await enqueue(work, fieldsOrder, { sha256: document.sha256 })
  const entry = { action: 'document_fields.added', resource: 'document', resource_id: document.id, plant_id }
  work.record(
    { ...entry, after: { field_id, kind, value, role } },
    tellJudged(document, { id: field_id, kind, state: 'added' }),
  )
  return readField(work, document.sha256, field_id)
}
