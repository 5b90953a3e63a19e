import { checkRevision } from '../../http/etag.ts'
import { tellWebhookDeleted } from './webhook-events.ts'
import { lockWebhook, plainUrl, setWebhook, type Changing } from './webhook-row.ts'

/** Hides a webhook; nothing is sent any more, what waits is cancelled, and its secret is gone. */
export async function deleteWebhook(work: Changing, id: string, expected: readonly number[] | null): Promise<void> {
  const found = await lockWebhook(work, id)
  checkRevision(found, expected)
  const now = work.now.toISOString()
  // What follows the path may open something at the receiver's.
  const gone = { url: plainUrl(found.url), secret: null, previous_secret: null, previous_until: null, deleted_at: now }
  await setWebhook(work, id, { ...gone, enabled: false, disabled_at: found.disabled_at ?? now })
  const entry = { action: 'webhooks.deleted', resource: 'webhook', resource_id: id }
  work.record({ ...entry, before: { url: plainUrl(found.url) } }, tellWebhookDeleted(id))
}
