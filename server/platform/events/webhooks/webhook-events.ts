import { Type } from 'typebox'
import { Id, OneOf, Shape } from '../../http/shapes.ts'
import { eventKind, eventOf, type EventKind, type NewEvent } from '../event-kind.ts'

const kind = <Data extends EventKind['data']>(type: string, data: Data) =>
  eventKind({ type, topic: 'webhooks', permission: 'webhooks.read', data })

/** Why the machine disabled a webhook: the receiver answered 410, or nothing succeeded for three days. */
export const DisabledReason = OneOf(['gone', 'failing'])
export type DisabledReason = 'gone' | 'failing'

const webhook = Shape({ webhook_id: Id })
const created = kind('WebhookCreated', webhook)
const updated = kind(
  'WebhookUpdated',
  Shape({ webhook_id: Id, changed: Type.Array(Type.String(), { description: 'The names of the fields' }) }),
)
const deleted = kind('WebhookDeleted', webhook)
const disabled = kind(
  'WebhookDisabled',
  Shape({ webhook_id: Id, host: Type.String({ description: 'Of its URL' }), reason: DisabledReason }),
)

/** What is announced of webhooks themselves. */
export const webhookEvents: readonly EventKind[] = [created, updated, deleted, disabled]

const of = (id: string) => ({ subject: `webhooks/${id}` })
export const tellWebhookCreated = (id: string): NewEvent => eventOf(created, of(id), { webhook_id: id })
export const tellWebhookDeleted = (id: string): NewEvent => eventOf(deleted, of(id), { webhook_id: id })
export const tellWebhookUpdated = (id: string, changed: readonly string[]): NewEvent =>
  eventOf(updated, of(id), { webhook_id: id, changed: [...changed] })
export const tellWebhookDisabled = (id: string, url: string, reason: DisabledReason): NewEvent =>
  eventOf(disabled, of(id), { webhook_id: id, host: new URL(url).host, reason })
