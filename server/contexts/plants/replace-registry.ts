import { isDeepStrictEqual } from 'node:util'
import { checkRevision } from '#platform/http/etag.ts'
import { encryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import { tellRegistry } from './events.ts'
import { answerRegistry, findRegistry, getRegistry, taxCodeContext } from './get-registry.ts'
import { plantRefusals } from './refusals.ts'
import { completeRegistry, findingsOf } from './registry.ts'
import { type Registry, type RegistryBody, RegistryFields } from './schemas.ts'
import type { AfterPlantChange, PlantWork } from './tables.ts'

type Replacement = { id: string; body: RegistryBody; revisions: readonly number[] | null; ring: KeyRing }

/** Replaces a plant's registry. What is certainly wrong is refused by field; what is only unusual is answered beside it. */
export async function replaceRegistry(
  work: PlantWork,
  { id, body, revisions, ring }: Replacement,
  after: AfterPlantChange,
): Promise<Registry> {
  const row = await findRegistry(work, id, true)
  const before = answerRegistry(row, work.tenantId, ring)
  checkRevision(before, revisions)
  const registry = completeRegistry(body)
  const { errors } = findingsOf(registry, row.country)
  if (errors.length > 0) throw plantRefusals.refuse('plants.invalid', { details: errors })
  const changes = difference(before, registry)
  if (changes === null && before.revision > 0) return before
  await write(work, id, registry, ring)
  const [was, is] = changes ?? [{}, {}]
  const action = before.revision === 0 ? 'registry.created' : 'registry.updated'
  const entry = { action, resource: 'plant_registry', resource_id: id, plant_id: id, before: was, after: is }
  work.record(entry, tellRegistry(id, is))
  await after(work, [id])
  return getRegistry(work, id, ring)
}

async function write(work: PlantWork, plant_id: string, registry: RegistryFields, ring: KeyRing): Promise<void> {
  const { tax_code } = registry
  const stored = {
    ...registry,
    tax_code: tax_code === null ? null : encryptField(ring, tax_code, taxCodeContext(work.tenantId, plant_id)),
    sections: JSON.stringify(registry.sections),
    meters: JSON.stringify(registry.meters),
    updated_at: work.now.toISOString(),
    updated_by: work.actor.id,
  }
  const made = { created_at: stored.updated_at, created_by: work.actor.id }
  await work.db
    .insertInto('plant_registries')
    .values({ tenant_id: work.tenantId, plant_id, ...stored, ...made })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'plant_id'])
        .doUpdateSet((update) => ({ ...stored, revision: update('plant_registries.revision', '+', 1) })),
    )
    .execute()
}

const FIELDS = Object.keys(RegistryFields.properties) as (keyof RegistryFields)[]

type Told = Record<string, unknown>

const told = (registry: RegistryFields) => (field: keyof RegistryFields) => [
  field,
  field === 'tax_code' && registry.tax_code !== null ? 'withheld' : registry[field],
]

/** The fields that differ, before and after, as the trail may hold them; null where none does. */
function difference(before: RegistryFields, after: RegistryFields): [Told, Told] | null {
  const changed = FIELDS.filter((field) => !isDeepStrictEqual(before[field], after[field]))
  if (changed.length === 0) return null
  return [Object.fromEntries(changed.map(told(before))), Object.fromEntries(changed.map(told(after)))]
}
