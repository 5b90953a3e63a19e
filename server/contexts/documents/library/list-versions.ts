import { sql } from 'kysely'
import type { DocumentVersion } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { statusColumns } from './get-document.ts'
import { libraryRefusals } from './refusals.ts'

/** A document's history is as long as people make it; the newest thousand are shown. */
const MOST = 1_000

/** The versions of a document that is not hidden, the newest first. */
export async function listVersions({ db, tenantId }: DocumentWork, id: string): Promise<{ items: DocumentVersion[] }> {
  const { rows } = await sql<DocumentVersion>`
    select v.version, v.file_name, v.type, v.media_type, v.size, v.sha256, v.note, v.restored_from, v.created_at,
           v.created_by, f.purged_at, ${statusColumns}
      from document_versions v
      join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id and d.deleted_at is null
      join files f on f.tenant_id = v.tenant_id and f.sha256 = v.sha256
     where v.tenant_id = ${tenantId} and v.document_id = ${id} order by v.version desc limit ${MOST}`.execute(db)
  // A document has one version at least.
  if (rows.length === 0) throw libraryRefusals.refuse('documents.not_found')
  return { items: rows }
}
