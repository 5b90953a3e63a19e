import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { changedFields } from '../changed-fields.ts'
import { tellTenantChanged } from '../events.ts'
import { identityRefusals } from '../refusals.ts'
import { configurationProblems, type Configuration } from './configuration.ts'
import type { OwnTenant, OwnTenantChange } from './schemas.ts'

type Tables = Owned<'control.tenants' | 'control.users'>
type CountPlants = (work: EdgeWork) => Promise<number>

/** One's own company, with what it uses of its limits. */
export async function getOwnTenant(work: Work<Tables>, countPlants: CountPlants): Promise<OwnTenant> {
  const { db, tenantId } = work
  const [{ users, ...tenant }, plants] = await Promise.all([
    db
      .selectFrom('control.tenants as t')
      .select(['id', 'slug', 'name', 'status', 'tier', 'isolation', 'plan_expiry', 'max_users', 'max_plants'])
      .select(['configuration', 'revision', 'created_at', 'updated_at', 'created_by', 'updated_by'])
      .select(usersOf)
      .where('t.id', '=', tenantId)
      .executeTakeFirstOrThrow(),
    countPlants(work),
  ])
  return { ...tenant, usage: { users, plants } } as OwnTenant
}

/** How many users count against the limit of a tenant `t`. */
export const usersOf =
  sql<number>`(select count(*) from control.users u where u.tenant_id = t.id and u.deleted_at is null)`.as('users')

type Asked = { change: OwnTenantChange; expected: readonly number[] | null; countPlants: CountPlants }

/** Changes name and settings; of the settings those that are sent. Limits and status are not one's own to change. */
export async function updateOwnTenant(
  work: Work<Tables>,
  { change, expected, countPlants }: Asked,
): Promise<OwnTenant> {
  const { db, tenantId, now, actor } = work
  const row = await db
    .selectFrom('control.tenants')
    .select(['name', 'configuration', 'revision'])
    .where('id', '=', tenantId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  checkRevision(row, expected)
  const details = configurationProblems(change.configuration ?? {})
  if (details.length > 0) throw identityRefusals.refuse('tenant.invalid', { details })
  const tenant = { name: row.name, configuration: row.configuration as Configuration }
  const configuration = change.configuration && { ...tenant.configuration, ...change.configuration }
  const changed = changedFields(tenant, { name: change.name, configuration })
  if (changed !== null) {
    const { name, configuration: settings } = changed.after
    await db
      .updateTable('control.tenants')
      .set({
        ...(name !== undefined && { name }),
        ...(settings !== undefined && { configuration: JSON.stringify(settings) }),
        ...{ revision: sql`revision + 1`, updated_at: now.toISOString(), updated_by: actor.id },
      })
      .where('id', '=', tenantId)
      .execute()
    const entry = { action: 'tenant.updated', resource: 'tenant', resource_id: tenantId, ...changed }
    work.record(entry, tellTenantChanged(tenantId, 'tenants.updated', changed.after))
  }
  return getOwnTenant(work, countPlants)
}
