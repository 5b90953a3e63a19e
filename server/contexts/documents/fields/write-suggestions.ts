import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { Suggestion } from './suggestion.ts'
import type { FieldWork } from './tables.ts'

/** Makes the open suggestions of a document these. What was decided stays decided, and is not asked again. */
export async function writeSuggestions(
  { db, tenantId, now }: FieldWork,
  documentId: string,
  suggested: readonly Suggestion[],
): Promise<void> {
  const rows = JSON.stringify(suggested.map((one) => ({ ...one, id: newId() })))
  await sql`
    with made as materialized (
      select * from jsonb_to_recordset(${rows}::jsonb) as r(id uuid, kind text, value text, plant_id uuid, confidence real, by text, evidence jsonb)
    ), gone as (
      delete from document_suggestions s where s.tenant_id = ${tenantId} and s.document_id = ${documentId} and s.state = 'open'
         and not exists (select from made m where m.kind = s.kind and m.value is not distinct from s.value and m.plant_id is not distinct from s.plant_id)
    )
    insert into document_suggestions as s (tenant_id, id, document_id, kind, value, plant_id, confidence, by, evidence, made_at)
    select ${tenantId}, id, ${documentId}, kind, value, plant_id, confidence, by, evidence, ${now} from made
        on conflict (tenant_id, document_id, kind, value, plant_id) do update
       set confidence = excluded.confidence, by = excluded.by, evidence = excluded.evidence
     where s.state = 'open'`.execute(db)
}
