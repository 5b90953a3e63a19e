import { allPermissions, permissionTable } from './permissions.ts'
import type { Permission } from './permissions.ts'

/** The roles every tenant has from the start; their names are the wire's. */
export const defaultRoles = ['Admin', 'Asset Manager', 'Plant Owner', 'Operator', 'Viewer'] as const

/** The name of a default role. */
export type DefaultRole = (typeof defaultRoles)[number]

const LETTERS: Record<Exclude<DefaultRole, 'Admin'>, string> = {
  'Asset Manager': 'M',
  'Plant Owner': 'P',
  Operator: 'O',
  Viewer: 'V',
}

/** Whether a text names a default role: such a name is taken, no tenant may define it anew. */
export const isDefaultRole = (text: string): text is DefaultRole => defaultRoles.some((role) => role === text)

/** The permissions of a default role. */
export const permissionsOf = (role: DefaultRole): readonly Permission[] => {
  if (role === 'Admin') return allPermissions
  const letter = LETTERS[role]
  return permissionTable.filter(([, roles]) => roles.includes(letter)).map(([name]) => name)
}

/**
 * The permissions that one would give away without having them. Whoever defines a role, makes an API key or gives a user
 * a role can only pass on what is their own; empty means that they may.
 */
export const beyondOwn = (own: readonly string[], given: readonly string[]): string[] => {
  const mine = new Set(own)
  return given.filter((permission) => !mine.has(permission))
}
