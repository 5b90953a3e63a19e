import { Type, type Static } from 'typebox'
import { Id, Line, Nullable, Paragraphs, Shape, Timestamp } from '#platform/http/shapes.ts'
import { allPermissions, type Permission } from '../permissions.ts'

export const PermissionName = Type.Enum([...allPermissions], {
  type: 'string',
  title: 'Permission',
  description: 'What a role or an API key may do; GET /permissions says what each means',
})

/** A role: one of the five that every company has, or one of its own. */
export const Role = Type.Object(
  {
    id: Id,
    name: Type.String(),
    description: Nullable(Type.String()),
    permissions: Type.Array(Type.String()),
    built_in: Type.Boolean({ description: 'A default role, which nobody can change' }),
    users: Type.Integer({ description: 'How many users have it' }),
    revision: Type.Integer(),
    created_at: Nullable(Timestamp),
    updated_at: Nullable(Timestamp),
    created_by: Nullable(Id),
    updated_by: Nullable(Id),
  },
  { title: 'Role' },
)
export type Role = Static<typeof Role>

const Permissions = Type.Array(PermissionName, { uniqueItems: true, maxItems: allPermissions.length })

export const NewRole = Shape(
  {
    name: Line(100, { examples: ['Shift leader'] }),
    description: Type.Optional(Nullable(Paragraphs(500))),
    permissions: { ...Permissions, examples: [['plants.read', 'batches.read', 'batches.write']] } as typeof Permissions,
  },
  { title: 'NewRole' },
)
export type NewRole = { name: string; description?: string | null; permissions: Permission[] }

export const RoleChange = Shape(
  {
    name: Type.Optional(Line(100, { examples: ['Shift leader'] })),
    description: Type.Optional(Nullable(Paragraphs(500))),
    permissions: Type.Optional(Permissions),
  },
  { title: 'RoleChange' },
)
export type RoleChange = { name?: string; description?: string | null; permissions?: Permission[] }
