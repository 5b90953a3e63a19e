import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { isDefaultRole, permissionsOf } from '../roles.ts'

/** The permissions of a role by its name, a default one or the tenant's own; null where there is none. */
export async function permissionsOfRole(
  { db, tenantId }: Work<Owned<'control.roles'>>,
  name: string,
): Promise<readonly string[] | null> {
  if (isDefaultRole(name)) return permissionsOf(name)
  const role = await db
    .selectFrom('control.roles')
    .select('permissions')
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst()
  return role?.permissions ?? null
}
