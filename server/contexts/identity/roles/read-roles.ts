import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import { identityRefusals } from '../refusals.ts'
import { builtInRoles, comparable } from './built-in-roles.ts'
import type { Role } from './schemas.ts'

type Reading = Work<Owned<'control.roles' | 'control.users'>>
export type RoleQuery = { limit: number; offset: number; sort?: string; q?: string }

/** How many roles of its own a company can define; few enough to be sorted here beside the default ones. */
export const MOST_ROLES = 200

/** All roles of the company: the default ones first, then its own by name. */
export async function allRoles({ db, tenantId }: Reading): Promise<Role[]> {
  const [own, counts] = await Promise.all([
    db
      .selectFrom('control.roles')
      .select(['id', 'name', 'description', 'permissions', sql<boolean>`false`.as('built_in')])
      .select(['revision', 'created_at', 'updated_at', 'created_by', 'updated_by'])
      .where('tenant_id', '=', tenantId)
      .orderBy('name')
      .limit(MOST_ROLES)
      .execute(),
    db
      .selectFrom('control.users')
      .select(({ fn }) => ['role', fn.countAll<number>().as('users')])
      .where('tenant_id', '=', tenantId)
      .where('deleted_at', 'is', null)
      .groupBy('role')
      .execute(),
  ])
  const users = new Map(counts.map((row) => [row.role, row.users]))
  return [...builtInRoles, ...own].map((role) => ({ ...role, users: users.get(role.name) ?? 0 }))
}

export async function listRoles(work: Reading, query: RoleQuery): Promise<Page<Role>> {
  const wanted = comparable(query.q ?? '')
  const roles = (await allRoles(work)).filter((role) =>
    comparable(`${role.name} ${role.description ?? ''}`).includes(wanted),
  )
  const [term] = sortTerms(query.sort, '')
  if (term?.field === 'name') {
    const order = term.direction === 'asc' ? 1 : -1
    roles.sort((a, b) => order * a.name.localeCompare(b.name))
  }
  return page(roles.slice(query.offset, query.offset + query.limit), roles.length, query)
}

/** One role; `roles.not_found` for a stranger's id as for a random one. */
export async function getRole(work: Reading, id: string): Promise<Role> {
  const role = (await allRoles(work)).find((one) => one.id === id.toLowerCase())
  if (role === undefined) throw identityRefusals.refuse('roles.not_found')
  return role
}
