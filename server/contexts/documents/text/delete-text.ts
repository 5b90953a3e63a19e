import type { TextWork } from '../tables.ts'

/** With the bytes of a content goes what was read out of them. */
export async function deleteText(work: Pick<TextWork, 'db' | 'tenantId'>, sha256: string): Promise<void> {
  const { db, tenantId } = work
  await db.deleteFrom('file_pages').where('tenant_id', '=', tenantId).where('sha256', '=', sha256).execute()
  await db
    .updateTable('file_texts')
    .set((build) => ({
      ...{ state: 'waiting', detail: null, pages: null, pages_done: 0, language: null, seconds: 0 },
      ...{ started_at: null, ended_at: null, reading: build('reading', '+', 1) },
    }))
    .where('tenant_id', '=', tenantId)
    .where('sha256', '=', sha256)
    .execute()
}
