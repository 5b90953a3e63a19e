import { Type, type Static } from 'typebox'
import { Id, Line, Nullable, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { allPermissions } from '../permissions.ts'
import { PlantScope } from '../plant-scope.ts'
import { PermissionName } from '../roles/schemas.ts'

const fields = {
  id: Id,
  name: Type.String(),
  hint: Type.String({ description: 'How the key begins, to know it again' }),
  permissions: Type.Array(Type.String()),
  plant_scope: PlantScope,
  expires_at: Nullable(Timestamp),
  revoked_at: Nullable(Timestamp),
  last_used_at: Nullable(Timestamp),
}

/** A key for a program, without the key itself. */
export const ApiKey = Type.Object({ ...fields, ...Stamps }, { title: 'ApiKey' })
export type ApiKey = Static<typeof ApiKey>

export const CreatedApiKey = Type.Object(
  { key: Type.String({ description: 'Shown this once; only its hash is kept' }), ...fields, ...Stamps },
  { title: 'CreatedApiKey' },
)
export type CreatedApiKey = Static<typeof CreatedApiKey>

const Permissions = Type.Array(PermissionName, { minItems: 1, uniqueItems: true, maxItems: allPermissions.length })

export const NewApiKey = Shape(
  {
    name: Line(100, { examples: ['SCADA gateway'] }),
    permissions: { ...Permissions, examples: [['readings.write']] } as typeof Permissions,
    plant_scope: Type.Optional(PlantScope),
    expires_at: Type.Optional(Nullable(Timestamp)),
  },
  { title: 'NewApiKey' },
)
export type NewApiKey = Static<typeof NewApiKey>

export const ApiKeyChange = Shape(
  {
    name: Type.Optional(Line(100)),
    permissions: Type.Optional(Permissions),
    plant_scope: Type.Optional(PlantScope),
    expires_at: Type.Optional(Nullable(Timestamp)),
  },
  { title: 'ApiKeyChange' },
)
export type ApiKeyChange = Static<typeof ApiKeyChange>
