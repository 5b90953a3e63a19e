import { Type, type Static } from 'typebox'
import { Day, Email, Id, Line, Nullable, OneOf, Shape, Stamps } from '#platform/http/shapes.ts'
import { Configuration } from './configuration.ts'

export const TenantStatus = OneOf(['Active', 'Suspended', 'Trial', 'Cancelled'])
export const Tier = OneOf(['free', 'standard', 'professional', 'enterprise'])
const Slug = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{1,62}$',
  description: 'Short name for people; can change',
  examples: ['acme-solar'],
})
const Limit = Type.Integer({ minimum: 1, maximum: 1_000_000 })

const fields = {
  id: Id,
  slug: Type.String(),
  name: Type.String(),
  status: TenantStatus,
  tier: Tier,
  isolation: OneOf(['shared', 'schema']),
  plan_expiry: Nullable(Day),
  max_users: Type.Integer(),
  max_plants: Type.Integer(),
  configuration: Configuration,
}

/** A company as who runs the service sees it. */
export const Tenant = Type.Object(
  { ...fields, usage: Type.Object({ users: Type.Integer() }), ...Stamps },
  { title: 'Tenant' },
)
export type Tenant = Static<typeof Tenant>

/** One’s own company. */
export const OwnTenant = Type.Object(
  { ...fields, usage: Type.Object({ users: Type.Integer(), plants: Type.Integer() }), ...Stamps },
  { title: 'OwnTenant' },
)
export type OwnTenant = Static<typeof OwnTenant>

export const OwnTenantChange = Shape(
  {
    name: Type.Optional(Line(200, { examples: ['Solare Lombardia S.r.l.'] })),
    configuration: Type.Optional(Configuration),
  },
  { title: 'OwnTenantChange' },
)
export type OwnTenantChange = Static<typeof OwnTenantChange>

const plan = {
  status: Type.Optional(TenantStatus),
  tier: Type.Optional(Tier),
  max_users: Type.Optional(Limit),
  max_plants: Type.Optional(Limit),
  plan_expiry: Type.Optional(Nullable(Day)),
}

export const NewTenant = Shape(
  {
    slug: Slug,
    name: Line(200, { examples: ['ACME Solar S.r.l.'] }),
    ...plan,
    isolation: Type.Optional(OneOf(['shared', 'schema'])),
    configuration: Type.Optional(Configuration),
    admin: Shape(
      { email: Email, name: Line(100), surname: Line(100) },
      { description: 'The first Admin, invited by mail' },
    ),
  },
  { title: 'NewTenant' },
)
export type NewTenant = Static<typeof NewTenant>

export const TenantChange = Shape(
  { slug: Type.Optional(Slug), name: Type.Optional(Line(200)), ...plan },
  { title: 'TenantChange' },
)
export type TenantChange = Static<typeof TenantChange>
