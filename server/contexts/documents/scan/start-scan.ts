import { enqueue } from '#platform/jobs/enqueue.ts'
import { getDocument } from '../library/get-document.ts'
import { libraryRefusals } from '../library/refusals.ts'
import type { Document } from '../schemas.ts'
import type { DocumentWork } from '../tables.ts'
import { scanOrder } from './orders.ts'
import { scanRefusals } from './refusals.ts'

/** A document with more versions than this has its earliest looked at by the nightly round. */
const MOST = 1_000

/**
 * Has all contents of a document looked at anew. What failed waits again; what is quarantined or can be opened stays so until something
 * else was found.
 */
export async function startScan(work: DocumentWork, id: string, { scanner }: { scanner: boolean }): Promise<Document> {
  const { db, tenantId } = work
  const document = await getDocument(work, id)
  if (document.purged_at !== null) throw libraryRefusals.refuse('documents.purged')
  if (!scanner) throw scanRefusals.refuse('scans.no_scanner')
  const contents = await db
    .selectFrom('document_versions')
    .select('sha256')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('document_id', '=', id)
    .orderBy('sha256')
    .limit(MOST)
    .execute()
  const all = contents.map(({ sha256 }) => sha256)
  await db
    .updateTable('files')
    .set({ scan: 'waiting' })
    .where('tenant_id', '=', tenantId)
    .where('sha256', 'in', all)
    .where('scan', '=', 'failed')
    .where('purged_at', 'is', null)
    .execute()
  for (const sha256 of all) await enqueue(work, scanOrder, { sha256 }, { key: sha256 })
  work.record({
    action: 'documents.scan_requested',
    resource: 'document',
    resource_id: id,
    plant_id: document.plant_id,
  })
  return getDocument(work, id)
}
