import { newId } from '#platform/new-id.ts'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { tellRoleCreated } from '../events.ts'
import { identityRefusals } from '../refusals.ts'
import { lockTenant } from '../tenants/lock-tenant.ts'
import { checkName, checkPermissions } from './check-role.ts'
import { getRole, MOST_ROLES } from './read-roles.ts'
import type { NewRole, Role } from './schemas.ts'

type Tables = Owned<'control.roles' | 'control.users' | 'control.tenants' | 'control.api_keys'>

/** Defines a role of the company's own, from permissions that whoever defines it has. */
export async function createRole(
  work: Work<Tables>,
  { name, description = null, permissions }: NewRole,
): Promise<Role> {
  await lockTenant(work)
  await checkName(work, name, null)
  await checkPermissions(work, permissions)
  const { db, tenantId, actor } = work
  const { count } = await db
    .selectFrom('control.roles')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  if (count >= MOST_ROLES) throw identityRefusals.refuse('roles.limit_reached')
  const id = newId()
  const by = { created_by: actor.id, updated_by: actor.id }
  await db
    .insertInto('control.roles')
    .values({ tenant_id: tenantId, id, name, description, permissions, ...by })
    .execute()
  const after = { name, description, permissions }
  work.record({ action: 'roles.created', resource: 'role', resource_id: id, after }, tellRoleCreated(id, name))
  return getRole(work, id)
}
