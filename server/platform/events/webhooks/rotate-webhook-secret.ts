import { decryptField, encryptField } from '../../secrets/field-encryption.ts'
import { getWebhook } from './read-webhooks.ts'
import { tellWebhookUpdated } from './webhook-events.ts'
import { checkReach, ownReach } from './webhook-reach.ts'
import { lockWebhook, setWebhook, webhookSecretContext, type Changing, type WebhookDeps } from './webhook-row.ts'
import type { WebhookWithSecret } from './webhook-schemas.ts'
import { newWebhookSecret, ROTATION_MS } from './webhook-signature.ts'

/** A new secret, told this once. The one before signs beside it for 24 hours; one before that is good no more. */
export async function rotateWebhookSecret(
  work: Changing,
  { eventKinds, ring }: WebhookDeps,
  id: string,
): Promise<WebhookWithSecret> {
  const { tenantId, now } = work
  const row = await lockWebhook(work, id)
  checkReach(eventKinds, await ownReach(work), row)
  const secret = newWebhookSecret()
  const context = (column: 'secret' | 'previous_secret'): string => webhookSecretContext(tenantId, column, id)
  const before = decryptField(ring, row.secret!, context('secret'))
  await setWebhook(work, id, {
    secret: encryptField(ring, secret, context('secret')),
    previous_secret: encryptField(ring, before, context('previous_secret')),
    previous_until: new Date(now.getTime() + ROTATION_MS).toISOString(),
  })
  const entry = { action: 'webhooks.secret_rotated', resource: 'webhook', resource_id: id }
  work.record(entry, tellWebhookUpdated(id, ['secret']))
  return { ...(await getWebhook(work, id)), secret }
}
