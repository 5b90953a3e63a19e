import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { Configuration } from './configuration.ts'

/**
 * Holds the tenant's row until the transaction ends, so that what counts its people (the limit, the last Admin, a role in
 * use) is counted by one change at a time. Always taken before rows of users and roles.
 */
export async function lockTenant({ db, tenantId }: Work<Owned<'control.tenants'>>) {
  const tenant = await db
    .selectFrom('control.tenants')
    .select(['name', 'max_users', 'configuration'])
    .where('id', '=', tenantId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  return { ...tenant, configuration: tenant.configuration as Configuration }
}
export type LockedTenant = Awaited<ReturnType<typeof lockTenant>>
