import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { plantsBeyond } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { beyondOwn } from '../roles.ts'
import { comparable, isBuiltInId, isBuiltInName } from './built-in-roles.ts'
import { ownRights } from './own-rights.ts'

const { refuse } = identityRefusals

/** Refuses a name that a default role or another of the company's roles has. The tenant's row must be held. */
export async function checkName(
  { db, tenantId }: Work<Owned<'control.roles'>>,
  name: string,
  except: string | null,
): Promise<void> {
  const rows = await db.selectFrom('control.roles').select(['id', 'name']).where('tenant_id', '=', tenantId).execute()
  const taken = rows.some((row) => row.id !== except && comparable(row.name) === comparable(name))
  if (taken || isBuiltInName(name)) throw refuse('roles.name_taken')
}

/** Refuses permissions that whoever acts does not have. */
export async function checkPermissions(
  work: Work<Owned<'control.users' | 'control.api_keys'>>,
  permissions: readonly string[],
): Promise<void> {
  const beyond = beyondOwn((await ownRights(work)).permissions, permissions)
  if (beyond.length === 0) return
  const details = beyond
    .slice(0, 20)
    .map((permission) => ({ field: 'permissions', message: `${permission} is not yours` }))
  throw refuse('roles.beyond_own', { details })
}

/**
 * Refuses new permissions for a role that somebody of other plants has, to who sees only some: what is given with it acts
 * there too. The tenant's row must be held.
 */
export async function checkHolders(
  work: Work<Owned<'control.users' | 'control.api_keys'>>,
  roleName: string,
): Promise<void> {
  const own = await ownRights(work)
  if (own.plant_ids === null) return
  const holders = await work.db
    .selectFrom('control.users')
    .select('plant_ids')
    .where('tenant_id', '=', work.tenantId)
    .where('role', '=', roleName)
    .where('deleted_at', 'is', null)
    .execute()
  if (holders.some(({ plant_ids }) => plantsBeyond(own.plant_ids, plant_ids))) throw refuse('roles.beyond_own')
}

/** A role of the company's own, held until the transaction ends. */
export async function lockRole({ db, tenantId }: Work<Owned<'control.roles'>>, id: string) {
  if (isBuiltInId(id)) throw refuse('roles.built_in')
  const role = await db
    .selectFrom('control.roles')
    .select(['id', 'name', 'description', 'permissions', 'revision'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (role === undefined) throw refuse('roles.not_found')
  return role
}
