import { defaultRoles, permissionsOf, type DefaultRole } from '../roles.ts'

/** Default roles are the same in every company; so are their ids, which are nobody else's. */
export const builtInRoleId = (role: DefaultRole): string =>
  `00000000-0000-7000-8000-00000000000${defaultRoles.indexOf(role) + 1}`

const unchanged = { revision: 1, created_at: null, updated_at: null, created_by: null, updated_by: null }

/** The default roles as the wire has them, without how many users have each. */
export const builtInRoles = defaultRoles.map((name) => ({
  ...{ id: builtInRoleId(name), name, description: null as string | null },
  ...{ permissions: [...permissionsOf(name)] as string[], built_in: true, ...unchanged },
}))

/** The name as names are compared: no role of a company's own may look like a default one. */
export const comparable = (name: string): string => name.normalize('NFKC').trim().toLowerCase()

const taken: ReadonlySet<string> = new Set(defaultRoles.map(comparable))
export const isBuiltInName = (name: string): boolean => taken.has(comparable(name))
export const isBuiltInId = (id: string): boolean => builtInRoles.some((role) => role.id === id.toLowerCase())
