import { newId } from '../new-id.ts'
import type { AllTables } from '#tables'
import { refusals } from '../refusal.ts'
import { violated } from '../database/database-refusals.ts'
import type { Custody, CustodyDoor } from '../database/custody.ts'
import { migrateSchema, readMigrations } from '../database/migrate.ts'

/** The schema of a company: the one of all, or one of its own, named by its id, which never changes. */
export const schemaOf = (id: string, isolation: Isolation): string =>
  isolation === 'shared' ? 'shared' : `t_${id.replaceAll('-', '')}`

export const tenancyRefusals = refusals({
  'tenants.slug_taken': ['conflict', 'Another company has this short name.'],
  'tenants.not_found': ['not_found', 'There is no such company.'],
})

/** Where the rows of a company live: among those of others, or in a schema of its own. */
export type Isolation = 'shared' | 'schema'

export type NewTenant = {
  id?: string
  slug: string
  name: string
  isolation: Isolation
  status?: 'Active' | 'Suspended' | 'Trial' | 'Cancelled'
  tier?: string
  max_users?: number
  max_plants?: number
  plan_expiry?: string | null
  configuration?: Record<string, unknown>
}
export type TenantPlace = { id: string; schema_name: string; schema_version: number }

/**
 * Makes the room first and the tenant in it with `then`, in one transaction: a schema without a tenant is harmless and
 * is used again by the next try with that id, a tenant without a schema is not possible.
 */
export async function createTenant<T>(
  door: CustodyDoor,
  tenant: NewTenant,
  then: (custody: Custody<AllTables>, place: TenantPlace) => Promise<T>,
): Promise<T> {
  const id = tenant.id ?? newId()
  const migrations = await readMigrations()
  const schema_name = schemaOf(id, tenant.isolation)
  if (tenant.isolation === 'schema') await door.session((client) => migrateSchema(client, migrations, schema_name))
  const { isolation, slug, name, ...rest } = tenant
  const configuration = JSON.stringify(rest.configuration ?? {})
  const place: TenantPlace = { id, schema_name, schema_version: migrations.tenant.length }
  try {
    return await door.run(async (custody: Custody<AllTables>) => {
      const row = { ...rest, ...place, slug, name, isolation, configuration }
      await custody.db.insertInto('control.tenants').values(row).execute()
      return then(custody, place)
    })
  } catch (error) {
    if (violated(error) === 'tenants_slug_key') throw tenancyRefusals.refuse('tenants.slug_taken')
    throw error
  }
}
