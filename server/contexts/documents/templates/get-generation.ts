import { libraryRefusals } from '../library/refusals.ts'
import type { TemplateWork } from '../tables.ts'
import type { Generation } from './schemas.ts'
import type { Filled } from './values.ts'

/** What a document in scope was made of; null where it was made of no template. */
export async function getGeneration(
  { db, tenantId }: TemplateWork,
  id: string,
): Promise<{ generation: Generation | null }> {
  const document = await db
    .selectFrom('documents')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (document === undefined) throw libraryRefusals.refuse('documents.not_found')
  const row = await db
    .selectFrom('document_generations')
    .select(['document_id', 'template', 'template_version', 'template_sha256', 'language', 'format', 'time_zone'])
    .select(['field_values', 'field_sources', 'created_at', 'created_by'])
    .where('tenant_id', '=', tenantId)
    .where('document_id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return { generation: null }
  const { field_values: values, field_sources: sources, language, format, ...rest } = row
  const of = { language: language as 'it', format: format as 'pdf', values, sources: sources as Filled[] }
  return { generation: { ...rest, ...of } }
}
