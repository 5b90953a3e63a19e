import { sql } from 'kysely'
import { recordExample, takeTurn } from './record-example.ts'
import type { FieldWork } from './tables.ts'

const BATCH = 200

/**
 * With a content goes what was found in it; with a document what was suggested of it and what it taught of
 * categories; a word that no example holds any more is forgotten. Some at a time: answers with
 * whether there is more.
 */
export async function eraseFields(work: FieldWork): Promise<boolean> {
  const { db, tenantId } = work
  await sql`
    delete from file_fields f using files c
     where f.tenant_id = ${tenantId} and c.tenant_id = ${tenantId} and c.sha256 = f.sha256 and c.purged_at is not null`.execute(
    db,
  )
  await takeTurn(work)
  const { rows } = await sql<{ id: string }>`
    select d.id from documents d
     where d.tenant_id = ${tenantId} and d.purged_at is not null
       and (exists (select from document_suggestions s where s.tenant_id = ${tenantId} and s.document_id = d.id)
            or exists (select from category_examples e where e.tenant_id = ${tenantId} and e.document_id = d.id))
     order by d.id limit ${BATCH}`.execute(db)
  const ids = rows.map(({ id }) => id)
  await sql`delete from document_suggestions where tenant_id = ${tenantId} and document_id = any (${ids}::uuid[])`.execute(
    db,
  )
  for (const id of ids) await recordExample(work, id)
  await sql`delete from category_words where tenant_id = ${tenantId} and examples = 0`.execute(db)
  await sql`delete from field_cues where tenant_id = ${tenantId} and times = 0`.execute(db)
  return ids.length === BATCH
}
