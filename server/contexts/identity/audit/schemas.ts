import { Type, type Static } from 'typebox'
import { CursorQuery, Id, Line, Nullable, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'

const ActorKind = OneOf(['user', 'api_key', 'system', 'account'])
const Actor = Type.Object(
  {
    kind: ActorKind,
    id: Nullable(Id),
    name: Nullable(Type.String({ description: 'Null for who is no user or key of this company' })),
  },
  { title: 'AuditActor' },
)
const Fields = Nullable(Type.Record(Type.String(), Type.Unknown(), { description: 'The fields that changed' }))

/** One change, or one denied access with how often it was repeated within the hour. */
export const AuditEntry = Type.Object(
  {
    id: Id,
    at: Timestamp,
    actor: Actor,
    action: Type.String(),
    resource: Type.String(),
    resource_id: Nullable(Id),
    before: Fields,
    after: Fields,
    request_id: Nullable(Type.String()),
    outcome: OneOf(['done', 'denied']),
    ip: Nullable(Type.String()),
    repeats: Type.Integer(),
    erased: Type.Boolean({ description: 'A person was erased, and with them what this entry said of them' }),
  },
  { title: 'AuditEntry' },
)
export type AuditEntry = Static<typeof AuditEntry>

export const AuditQuery = Shape({
  ...CursorQuery,
  action: Type.Optional(Line(100, { examples: ['users.created'] })),
  resource: Type.Optional(Line(200, { examples: ['user'] })),
  resource_id: Type.Optional(Id),
  actor_id: Type.Optional(Id),
  outcome: Type.Optional(OneOf(['done', 'denied'])),
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
})
export type AuditQuery = Static<typeof AuditQuery>
