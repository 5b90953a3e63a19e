import { type Static, Type } from 'typebox'
import { Id, Nullable, OneOf, Paragraphs, Shape, Stamps, Timestamp } from '../../http/shapes.ts'
import type { EventKind } from '../event-kind.ts'
import { DisabledReason } from './webhook-events.ts'

const PlantScope = Type.Union([Type.Literal('all'), Type.Array(Id, { maxItems: 1000, uniqueItems: true })], {
  description: 'All plants, or these; events of no plant are told in both cases',
  examples: ['all'],
})
const Url = Type.String({
  maxLength: 2000,
  description: 'https://, to a public address; no redirect is followed',
  examples: ['https://hooks.example.com/officina'],
})
const Description = Paragraphs(500, { examples: ['To the warehouse system'] })
const EventTypes = Type.Union([Type.Literal('all'), Type.Array(Type.String(), { minItems: 1 })], {
  description: 'All, also those of later releases, or these',
})

const WebhookState = OneOf(['active', 'failing', 'disabled', 'suspended'], {
  description:
    'failing: the last attempt failed; suspended: the company is, and what waits goes out when it works again',
})
const fields = {
  id: Id,
  url: Type.String(),
  description: Nullable(Type.String()),
  event_types: EventTypes,
  plant_scope: PlantScope,
  enabled: Type.Boolean(),
  state: WebhookState,
  disabled_reason: Nullable(DisabledReason),
  disabled_at: Nullable(Timestamp),
  failing_since: Nullable(Timestamp),
  previous_secret_until: Nullable({ ...Timestamp, description: 'Until then the secret before signs too' }),
}

/** A webhook, without its secret. */
export const Webhook = Type.Object({ ...fields, ...Stamps }, { title: 'Webhook' })
export type Webhook = Static<typeof Webhook>

export const WebhookWithSecret = Type.Object(
  { secret: Type.String({ description: 'Shown this once' }), ...fields, ...Stamps },
  { title: 'WebhookWithSecret' },
)
export type WebhookWithSecret = Static<typeof WebhookWithSecret>

/** Whoever changes a webhook names kinds that there are: those of this installation. */
export function webhookBodies(kinds: readonly EventKind[]) {
  const Kind = OneOf(kinds.map(({ type }) => type))
  const Types = Type.Union(
    [Type.Literal('all'), Type.Array(Kind, { minItems: 1, maxItems: kinds.length, uniqueItems: true })],
    {
      description: 'All, also those of later releases, or these',
      examples: [['PlantCreated']],
    },
  )
  return {
    NewWebhook: Shape(
      {
        url: Url,
        event_types: Types,
        description: Type.Optional(Nullable(Description)),
        plant_scope: Type.Optional({ ...PlantScope, description: 'Without it: the plants that you see' }),
        enabled: Type.Optional(Type.Boolean()),
      },
      { title: 'NewWebhook' },
    ),
    WebhookChange: Shape(
      {
        url: Type.Optional(Url),
        event_types: Type.Optional(Types),
        description: Type.Optional(Nullable(Description)),
        plant_scope: Type.Optional(PlantScope),
        enabled: Type.Optional(Type.Boolean()),
      },
      { title: 'WebhookChange' },
    ),
  }
}

/** What those bodies hold. */
export type NewWebhook = {
  url: string
  event_types: 'all' | string[]
  description?: string | null
  plant_scope?: 'all' | string[]
  enabled?: boolean
}
export type WebhookChange = Partial<NewWebhook>

const DeliveryState = OneOf(['pending', 'delivered', 'failed', 'cancelled'], {
  description: 'failed: all attempts did; cancelled: the webhook was disabled or removed before it was sent',
})

/** One event for one webhook. */
export const WebhookDelivery = Type.Object(
  {
    id: Id,
    webhook_id: Id,
    message_id: Type.String({
      description: 'What `webhook-id` holds: the event’s own id, the same with every attempt',
    }),
    sequence: Nullable(Type.Integer({ description: 'Of the event; null for a test' })),
    type: Type.String(),
    subject: Type.String(),
    state: DeliveryState,
    attempts: Type.Integer(),
    next_attempt_at: Nullable(Timestamp),
    last_attempt_at: Nullable(Timestamp),
    response_status: Nullable(Type.Integer()),
    response_excerpt: Nullable(Type.String({ description: 'The first 1,000 characters of the last answer' })),
    duration_ms: Nullable(Type.Integer({ description: 'Of the last attempt' })),
    error: Nullable(Type.String({ description: 'Why the last attempt failed: a refusal’s code and message' })),
    created_at: Timestamp,
    finished_at: Nullable(Timestamp),
  },
  { title: 'WebhookDelivery' },
)
export type WebhookDelivery = Static<typeof WebhookDelivery>

export const DeliveryQuery = Shape({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Id),
  state: Type.Optional(DeliveryState),
  type: Type.Optional(Type.String({ maxLength: 100 })),
})
export type DeliveryQuery = Static<typeof DeliveryQuery>

export const ReplayOrder = Shape(
  { from_sequence: Type.Integer({ minimum: 1, maximum: 999_999_999_999_999, examples: [42] }) },
  { title: 'WebhookReplayOrder' },
)
export const Replay = Type.Object(
  { from_sequence: Type.Integer(), until_sequence: Type.Integer({ description: 'The last event that there was' }) },
  { title: 'WebhookReplay' },
)
export type Replay = Static<typeof Replay>
