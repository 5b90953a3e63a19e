import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { tellRoleDeleted } from '../events.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkPermissions, lockRole } from './check-role.ts'

type Tables = Owned<'control.roles' | 'control.users' | 'control.tenants' | 'control.api_keys'>

/** Removes a role that no user has; the audit trail keeps what it was. */
export async function deleteRole(work: Work<Tables>, id: string, expected: readonly number[] | null): Promise<void> {
  await lockTenant(work)
  const role = await lockRole(work, id)
  checkRevision(role, expected)
  await checkPermissions(work, role.permissions)
  const { db, tenantId } = work
  const users = await db
    .selectFrom('control.users')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('role', '=', role.name)
    .where('deleted_at', 'is', null)
    .limit(1)
    .execute()
  if (users.length > 0) throw identityRefusals.refuse('roles.in_use')
  await db.deleteFrom('control.roles').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
  const { name, description, permissions } = role
  const before = { name, description, permissions }
  work.record({ action: 'roles.deleted', resource: 'role', resource_id: id, before }, tellRoleDeleted(id, name))
}
