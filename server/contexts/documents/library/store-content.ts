import { type BlobStore, contentKey, type Spooled } from '#platform/blob/blob-store.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { scanOrder } from '../scan/orders.ts'
import type { DocumentWork } from '../tables.ts'
import { libraryRefusals } from './refusals.ts'

/** A content whose bytes are stored. */
export type Content = { readonly sha256: string; readonly size: number; readonly media_type: string }

/**
 * Says of a content that was purged that it comes anew, before its bytes are stored; of any other nothing. While the store has not let go of the
 * old bytes it refuses `documents.being_removed`: what is stored now would be removed with them.
 */
export async function awaitContent({ db, tenantId, now }: DocumentWork, sha256: string): Promise<void> {
  const known = await db
    .selectFrom('files')
    .select(['purged_at', 'removed_at'])
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .forUpdate()
    .executeTakeFirst()
  if (known === undefined || known.purged_at === null) return
  if (known.removed_at === null) throw libraryRefusals.refuse('documents.being_removed', { retryAfterS: 2 })
  await db
    .updateTable('files')
    .set({
      purged_at: null,
      removed_at: null,
      scan: 'waiting',
      scan_detail: null,
      scanned_at: null,
      stored_at: now.toISOString(),
    })
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .execute()
}

/** Puts the bytes where they lie for good. Called behind `awaitContent`, outside of any Work. */
export const putContent = (
  { blobs }: { blobs: BlobStore },
  tenantId: string,
  file: Spooled,
  signal?: AbortSignal,
): Promise<void> => blobs.put(contentKey(tenantId, file.sha256), file, signal)

/**
 * Makes a stored content known to the company and orders its scan, in the Work of the version that has it. Where it was purged since
 * `awaitContent`, its bytes are going: `documents.being_removed`, and nothing is written.
 */
export async function insertContent(work: DocumentWork, { sha256, size, media_type }: Content): Promise<void> {
  const { db, tenantId, now } = work
  const { purged_at } = await db
    .insertInto('files')
    .values({ tenant_id: tenantId, sha256, size, media_type, stored_at: now.toISOString() })
    // Not «do nothing»: this holds the row, so that a purge looks for who needs it behind us.
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'sha256']).doUpdateSet((update) => ({ stored_at: update.ref('files.stored_at') })),
    )
    .returning('purged_at')
    .executeTakeFirstOrThrow()
  if (purged_at !== null) throw libraryRefusals.refuse('documents.being_removed', { retryAfterS: 2 })
  await enqueue(work, scanOrder, { sha256 }, { key: sha256 })
}
