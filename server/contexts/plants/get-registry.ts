import { sql } from 'kysely'
import { decryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { plantRefusals } from './refusals.ts'
import { emptyRegistry, findingsOf } from './registry.ts'
import { type Registry, RegistryFields } from './schemas.ts'
import type { PlantWork } from './tables.ts'

// security-ok: the names of our own schema
export const registryColumns = sql.raw(
  [...Object.keys(RegistryFields.properties), 'revision', 'created_at', 'updated_at', 'created_by', 'updated_by']
    .map((name) => `r.${name}`)
    .join(', '),
)

/** Where the tax code of a plant's registry lives: authenticated with the ciphertext, so that it opens nowhere else. */
export const taxCodeContext = (tenantId: string, plantId: string): string =>
  `${tenantId}:plant_registries:tax_code:${plantId}`

type Stamped = Omit<Registry, 'plant_id' | 'warnings' | 'revision'> & { revision: number | null }
export type RegistryRow = Stamped & { plant_id: string; country: string }

/** The registry as it is answered, from its row beside the plant's id and country. */
export function answerRegistry(row: RegistryRow, tenantId: string, ring: KeyRing): Registry {
  const { country, revision, ...stored } = row
  if (revision === null) {
    const never = { revision: 0, created_at: null, updated_at: null, created_by: null, updated_by: null }
    return { plant_id: row.plant_id, ...emptyRegistry, ...never, warnings: [] }
  }
  const { tax_code: sealed } = stored
  const tax_code = sealed === null ? null : decryptField(ring, sealed, taxCodeContext(tenantId, row.plant_id))
  const registry = { ...stored, tax_code, revision }
  return { ...registry, warnings: findingsOf(registry, country).warnings }
}

/** The plant with its registry's row, whose columns are null where nothing was written yet. */
export async function findRegistry({ db, tenantId }: PlantWork, plantId: string, hold: boolean): Promise<RegistryRow> {
  const { rows } = await sql<RegistryRow>`
    select p.id as plant_id, p.country, ${registryColumns}
      from plants p left join plant_registries r on r.tenant_id = ${tenantId} and r.plant_id = p.id
     where p.tenant_id = ${tenantId} and p.id = ${plantId} and p.deleted_at is null
     ${hold ? sql`for update of p` : sql``}`.execute(db)
  if (rows[0] === undefined) throw plantRefusals.refuse('plants.not_found')
  return rows[0]
}

export async function getRegistry(work: PlantWork, plantId: string, ring: KeyRing): Promise<Registry> {
  return answerRegistry(await findRegistry(work, plantId, false), work.tenantId, ring)
}
