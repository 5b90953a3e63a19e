import { Type, type Static } from 'typebox'
import { eventKind } from '#platform/events/event-kind.ts'
import { Shape, Timestamp } from '#platform/http/shapes.ts'

/** How far the trail of a company is: the number of its last link, and that link, which holds all before it. */
export const AuditHead = Type.Object(
  {
    number: Type.Integer({ minimum: 0, description: 'Entries in the chain' }),
    link: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()], {
      description: 'Null for an empty trail',
    }),
    at: Timestamp,
  },
  { title: 'AuditHead' },
)
export type AuditHead = Static<typeof AuditHead>

/** The head of a company's trail, signed: who keeps it can tell later whether anything before it was changed. */
export const auditSealed = eventKind({
  type: 'AuditSealed',
  topic: 'audit',
  permission: 'audit.read',
  data: Shape({
    number: Type.Integer({ minimum: 1 }),
    link: Type.String({ description: 'SHA-256, in hexadecimal' }),
    at: Timestamp,
    jws: Type.String({
      description: 'Compact JWS over tenant_id, number, link and at; keys at /.well-known/audit-jwks.json',
    }),
  }),
})
