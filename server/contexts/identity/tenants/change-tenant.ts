import { sql } from 'kysely'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { tenancyRefusals } from '#platform/tenancy/create-tenant.ts'
import { changedFields } from '../changed-fields.ts'
import { tellTenantChanged, tellTenantDeleted, type TenantAction } from '../events.ts'
import { identityRefusals } from '../refusals.ts'
import { getTenant } from './read-tenants.ts'
import { recordInTenant, type PlatformActor } from './record-in-tenant.ts'
import type { Tenant, TenantChange } from './schemas.ts'

/** Who changes a company, from which one of their own (null at the command line), and which revisions they expect. */
export type Changing = { by: PlatformActor; from: string | null; expected: readonly number[] | null }

const LEAVING = 'Cancelled'

async function lock({ db }: Custody<AllTables>, id: string) {
  const row = await db
    .selectFrom('control.tenants')
    .select(['id', 'schema_name', 'revision'])
    .select(['slug', 'name', 'status', 'tier', 'max_users', 'max_plants', 'plan_expiry'])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw tenancyRefusals.refuse('tenants.not_found')
  return row
}

/** Changes plan, limits, status or names of a company; what was changed acts with its next request. */
export async function changeTenant(
  custody: Custody<AllTables>,
  id: string,
  { change, action = 'tenants.updated', ...changing }: Changing & { change: TenantChange; action?: TenantAction },
): Promise<Tenant> {
  const row = await lock(custody, id)
  checkRevision(row, changing.expected)
  if (change.status === LEAVING && changing.from === id) throw identityRefusals.refuse('tenants.own')
  const changed = changedFields(row, change)
  if (changed === null) return getTenant(custody, id)
  await update(custody, id, changed.after)
  const event = tellTenantChanged(id, action, changed.after)
  await recordInTenant(custody, row, changing.by, { action, ...changed, event })
  return getTenant(custody, id)
}

async function update({ db, now }: Custody<AllTables>, id: string, after: object): Promise<void> {
  try {
    await db
      .updateTable('control.tenants')
      .set({ ...after, revision: sql`revision + 1`, updated_at: now.toISOString() })
      .where('id', '=', id)
      .execute()
  } catch (error) {
    if (violated(error) === 'tenants_slug_key') throw tenancyRefusals.refuse('tenants.slug_taken')
    throw error
  }
}

/** Stops writing, ingest, workflows and messages of a company; it can sign in, read and export. */
export const suspendTenant = (custody: Custody<AllTables>, id: string, changing: Changing): Promise<Tenant> =>
  changeTenant(custody, id, { ...changing, change: { status: 'Suspended' }, action: 'tenants.suspended' })

export const reactivateTenant = (custody: Custody<AllTables>, id: string, changing: Changing): Promise<Tenant> =>
  changeTenant(custody, id, { ...changing, change: { status: 'Active' }, action: 'tenants.reactivated' })

/** The company leaves: from now on it can only export. */
export const cancelTenant = (custody: Custody<AllTables>, id: string, changing: Changing): Promise<Tenant> =>
  changeTenant(custody, id, { ...changing, change: { status: LEAVING }, action: 'tenants.cancelled' })

/** Hides a company: nobody signs in, its keys end, its short name stays taken. Its data stay where they are. */
export async function deleteTenant(custody: Custody<AllTables>, id: string, changing: Changing): Promise<void> {
  const row = await lock(custody, id)
  checkRevision(row, changing.expected)
  if (changing.from === id) throw identityRefusals.refuse('tenants.own')
  const now = custody.now.toISOString()
  await update(custody, id, { deleted_at: now })
  await custody.db
    .updateTable('control.sessions')
    .set({ ended_at: now, end_reason: 'tenant_deleted' })
    .where('tenant_id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
  const { slug, name, status } = row
  const event = tellTenantDeleted(id)
  await recordInTenant(custody, row, changing.by, { action: 'tenants.deleted', before: { slug, name, status }, event })
}
