import { libraryRefusals } from '../library/refusals.ts'
import type { TextWork } from '../tables.ts'

const { refuse } = libraryRefusals

/** Why a content may not be opened, by the finding of the scanner. */
const CLOSED: Record<string, Parameters<typeof refuse>[0]> = {
  waiting: 'documents.scanning',
  infected: 'documents.quarantined',
  failed: 'documents.scan_failed',
}

/**
 * The content of a document, of its current version or of another, where it may be opened. Refused: `documents.not_found`,
 * `documents.no_such_version`, `documents.scanning`, `documents.quarantined`, `documents.scan_failed`, `documents.purged`.
 */
export async function findReadable(
  { db, tenantId }: Pick<TextWork, 'db' | 'tenantId'>,
  { id, version }: { id: string; version?: number | undefined },
): Promise<{ sha256: string; version: number }> {
  const document = await db
    .selectFrom('documents')
    .select('version')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (document === undefined) throw refuse('documents.not_found')
  const file = await db
    .selectFrom('document_versions as v')
    .innerJoin('files as f', (join) => join.onRef('f.tenant_id', '=', 'v.tenant_id').onRef('f.sha256', '=', 'v.sha256'))
    .select(['v.version', 'f.sha256', 'f.scan', 'f.purged_at'])
    .where('v.tenant_id', '=', tenantId)
    .where('v.document_id', '=', id)
    .where('v.version', '=', version ?? document.version)
    .executeTakeFirst()
  if (file === undefined) throw refuse('documents.no_such_version')
  if (file.purged_at !== null) throw refuse('documents.purged')
  const closed = CLOSED[file.scan]
  if (closed !== undefined) throw refuse(closed)
  return { sha256: file.sha256, version: file.version }
}
