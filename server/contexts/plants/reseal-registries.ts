import { decryptField, encryptField, needsReencryption, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { taxCodeContext } from './get-registry.ts'
import type { PlantWork } from './tables.ts'

/**
 * Seals a company's tax codes with the newest master secret; answers how many were sealed with an older one. Nothing that
 * anybody sees changes, so revisions and the audit trail stay as they are.
 */
export async function resealRegistries({ db, tenantId }: PlantWork, ring: KeyRing): Promise<number> {
  const rows = await db
    .selectFrom('plant_registries')
    .select(['plant_id', 'tax_code'])
    .where('tenant_id', '=', tenantId)
    .where('tax_code', 'is not', null)
    .forUpdate()
    .execute()
  const old = rows.filter(({ tax_code }) => tax_code !== null && needsReencryption(ring, tax_code))
  for (const { plant_id, tax_code } of old) {
    const context = taxCodeContext(tenantId, plant_id)
    await db
      .updateTable('plant_registries')
      .set({ tax_code: encryptField(ring, decryptField(ring, tax_code!, context), context) })
      .where('tenant_id', '=', tenantId)
      .where('plant_id', '=', plant_id)
      .execute()
  }
  return old.length
}
