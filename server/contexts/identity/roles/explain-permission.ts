import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { PlantsExist } from '../administration.ts'
import { isPermission } from '../permissions.ts'
import { identityRefusals } from '../refusals.ts'
import { explanationOf, type Explanation, type Facts } from './explanation.ts'

type Tables = Owned<'control.users' | 'control.accounts' | 'control.api_keys' | 'control.tenants'>
const platform: ReadonlySet<string> = new Set(['platform.tenants.read', 'platform.tenants.write'])

/**
 * Why the caller may or may not do something, by the same rules that the scope applies. Session and user are good where
 * this runs at all: otherwise the answer is 401, which says as much as a stranger may know.
 */
export async function explainPermission(
  work: Work<Tables>,
  { permission, plantId }: { permission: string; plantId: string | null },
  plantsExist: PlantsExist,
): Promise<Explanation> {
  if (!isPermission(permission) && !platform.has(permission)) {
    const details = [{ field: 'permission', message: 'is no permission' }]
    throw identityRefusals.refuse('auth.invalid', { details })
  }
  const { role, permissions, is_superuser } = await rightsOf(work)
  const facts: Facts = {
    permission,
    kind: work.actor.kind === 'api_key' ? 'api_key' : 'user',
    role,
    has_permission: permissions.includes(permission) || (is_superuser && platform.has(permission)),
    tenant: await tenantState(work),
    plant_seen: plantId === null ? null : await plantsExist(work, [plantId]),
  }
  return explanationOf(facts)
}

function rightsOf({ actor, db, tenantId }: Work<Tables>) {
  if (actor.kind === 'api_key') {
    return db
      .selectFrom('control.api_keys')
      .select(['permissions', sql<null>`null`.as('role'), sql<boolean>`false`.as('is_superuser')])
      .where('tenant_id', '=', tenantId)
      .where('id', '=', actor.id ?? tenantId)
      .executeTakeFirstOrThrow()
  }
  return db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .select([sql<string[]>`control.permissions_of(u.tenant_id, u.role)`.as('permissions'), 'u.role', 'a.is_superuser'])
    .where('u.tenant_id', '=', tenantId)
    .where('u.id', '=', actor.id ?? tenantId)
    .executeTakeFirstOrThrow()
}

const tenantState = ({ db, tenantId }: Work<Tables>) =>
  db
    .selectFrom('control.tenants')
    .select(['status', sql<boolean>`coalesce(plan_expiry < current_date, false)`.as('expired')])
    .where('id', '=', tenantId)
    .executeTakeFirstOrThrow()
