import { Type, type TSchema } from 'typebox'
import { Id, Timestamp } from '../http/shapes.ts'
import type { EventKind } from './event-kind.ts'

/** An event as it stands in the store, under its sequence. */
export type StoredEvent = {
  sequence: number
  type: string
  subject: string
  time: string
  data: Record<string, unknown>
}

/** CloudEvents 1.0, whose own spelling of names this is; `tenantid` and `sequence` are extensions. */
export type CloudEvent = StoredEvent & {
  specversion: '1.0'
  id: string
  source: string
  datacontenttype: 'application/json'
  tenantid: string
}

/** The tenant is the source, not the address of a server: both stay the same where a tenant moves to another installation. */
export const cloudEvent = (tenantId: string, { sequence, type, subject, time, data }: StoredEvent): CloudEvent => ({
  specversion: '1.0',
  id: `${tenantId}:${sequence}`,
  source: `urn:uuid:${tenantId}`,
  type,
  subject,
  time,
  datacontenttype: 'application/json',
  tenantid: tenantId,
  sequence,
  data,
})

const Envelope = {
  specversion: Type.Literal('1.0'),
  id: Type.String({ description: '`<tenant>:<sequence>`, unique everywhere' }),
  source: Type.String({ description: '`urn:uuid:<tenant>`' }),
}

/** The component of one kind; its name ends in Event, so that it is not taken for a resource. */
const eventSchema = ({ type, topic, permission, data }: EventKind): TSchema =>
  Type.Object(
    {
      ...Envelope,
      type: Type.Literal(type),
      subject: Type.String({ description: 'The resource, as its path below /api/v1' }),
      time: Timestamp,
      datacontenttype: Type.Literal('application/json'),
      tenantid: Id,
      sequence: Type.Integer({ minimum: 1, description: 'The position in the tenant: 1, 2, 3 … without gaps' }),
      data,
    },
    {
      title: `${type}Event`,
      additionalProperties: false,
      description: `On \`${topic}\`; seen with \`${permission}\``,
    },
  )

/** Any event of these kinds, told apart by its type. */
export const anyEvent = (kinds: readonly EventKind[]): TSchema =>
  Type.Unsafe<CloudEvent>({
    type: 'object',
    title: 'Event',
    anyOf: kinds.map(eventSchema),
    discriminator: { propertyName: 'type' },
  })
