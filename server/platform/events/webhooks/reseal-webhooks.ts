import type { Owned } from '#tables'
import type { Work } from '../../database/work.ts'
import { decryptField, encryptField, needsReencryption, type KeyRing } from '../../secrets/field-encryption.ts'
import { webhookSecretContext } from './webhook-row.ts'

/** Seals a company's webhook secrets with the newest master secret; answers how many were sealed with an older one. */
export async function resealWebhooks(
  { db, tenantId }: Work<Owned<'control.webhooks'>>,
  ring: KeyRing,
): Promise<number> {
  const rows = await db
    .selectFrom('control.webhooks')
    .select(['id', 'secret', 'previous_secret'])
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .execute()
  let count = 0
  for (const { id, ...row } of rows) {
    for (const column of ['secret', 'previous_secret'] as const) {
      const sealed = row[column]
      if (sealed === null || !needsReencryption(ring, sealed)) continue
      const context = webhookSecretContext(tenantId, column, id)
      await db
        .updateTable('control.webhooks')
        .set({ [column]: encryptField(ring, decryptField(ring, sealed, context), context) })
        .where('tenant_id', '=', tenantId)
        .where('id', '=', id)
        .execute()
      count += 1
    }
  }
  return count
}
