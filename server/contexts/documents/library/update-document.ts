import type { Updateable } from 'kysely'
import type { Owned } from '#tables'
import type { DocumentWork } from '../tables.ts'

/** Changes columns of a document that is locked, and raises its revision. */
export async function touchDocument(
  { db, tenantId, now, actor }: DocumentWork,
  id: string,
  changes: Updateable<Owned<'documents'>['documents']> = {},
): Promise<void> {
  await db
    .updateTable('documents')
    .set((update) => ({
      ...changes,
      ...{ updated_at: now.toISOString(), updated_by: actor.id, revision: update('revision', '+', 1) },
    }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}
