import { sql } from 'kysely'
import { recordExample } from './record-example.ts'
import type { FieldWork } from './tables.ts'

const BATCH = 200

/**
 * Makes documents whose category was changed where nobody learns at once (by a change of the document itself) the examples of what they now
 * are. Some at a time, in the order of their ids: answers with the last one, or null where there are no more.
 */
export async function reconcileExamples(work: FieldWork, after: string): Promise<string | null> {
  const { db, tenantId } = work
  const { rows } = await sql<{ id: string }>`
    select d.id from documents d left join category_examples e on e.tenant_id = ${tenantId} and e.document_id = d.id
     where d.tenant_id = ${tenantId} and d.id > ${after} and d.purged_at is null and d.source = 'uploaded'
       and e.category is distinct from d.category and (d.category is not null or e.category <> '')
     order by d.id limit ${BATCH}`.execute(db)
  for (const { id } of rows) await recordExample(work, id)
  return rows.length === BATCH ? rows.at(-1)!.id : null
}
