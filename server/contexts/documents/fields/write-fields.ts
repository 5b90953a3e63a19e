import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { Finding } from './finding.ts'
import type { FieldWork } from './tables.ts'

/**
 * Makes the fields of a content those that were found now. What a person has judged or told stays as it is, also where the
 * rules no longer find it; what was found before keeps its id.
 */
export async function writeFields(
  { db, tenantId, now }: FieldWork,
  sha256: string,
  found: readonly Finding[],
): Promise<void> {
  const rows = JSON.stringify(found.map((one) => ({ ...one, id: newId() })))
  await sql`
    with found as materialized (
      select * from jsonb_to_recordset(${rows}::jsonb) as r(id uuid, kind text, role text, value text, shown text, page integer,
             start integer, length integer, passage text, confidence real, by text, rule text, cues jsonb)
    ), gone as (
      delete from file_fields f where f.tenant_id = ${tenantId} and f.sha256 = ${sha256} and f.state = 'found'
         and not exists (select from found n where n.kind = f.kind and n.page = f.page and n.start = f.start)
    )
    insert into file_fields as f (tenant_id, id, sha256, kind, role, value, shown, page, start, length, passage, confidence, by, rule,
           found_value, found_role, cues, made_at)
    select ${tenantId}, id, ${sha256}, kind, role, value, shown, page, start, length, passage, confidence, by, rule,
           value, role, array(select jsonb_array_elements_text(cues)), ${now} from found
        on conflict (tenant_id, sha256, kind, page, start) where start is not null do update
       set role = excluded.role, value = excluded.value, shown = excluded.shown, length = excluded.length, passage = excluded.passage,
           confidence = excluded.confidence, by = excluded.by, rule = excluded.rule, found_value = excluded.value,
           found_role = excluded.found_role, cues = excluded.cues
     where f.state = 'found'`.execute(db)
}
