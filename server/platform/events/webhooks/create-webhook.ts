import { newId } from '../../new-id.ts'
import { encryptField } from '../../secrets/field-encryption.ts'
import { getWebhook } from './read-webhooks.ts'
import { tellWebhookCreated } from './webhook-events.ts'
import { checkReach, ownReach } from './webhook-reach.ts'
import { webhookRefusals } from './webhook-refusals.ts'
import {
  checkPlants,
  idsOf,
  plainUrl,
  typesOf,
  webhookSecretContext,
  type Changing,
  type WebhookDeps,
} from './webhook-row.ts'
import type { NewWebhook, WebhookWithSecret } from './webhook-schemas.ts'
import { newWebhookSecret } from './webhook-signature.ts'

const MOST = 50

/** Makes a webhook and tells its secret this once. Without a plant scope it tells of the plants that its maker sees. */
export async function createWebhook(work: Changing, deps: WebhookDeps, asked: NewWebhook): Promise<WebhookWithSecret> {
  const { db, tenantId, actor } = work
  const url = deps.outgoing.check(asked.url).href
  const own = await ownReach(work)
  const plant_ids = asked.plant_scope === undefined ? own.plant_ids && [...own.plant_ids] : idsOf(asked.plant_scope)
  const event_types = typesOf(asked.event_types)
  checkReach(deps.eventKinds, own, { event_types, plant_ids })
  await checkPlants(work, deps, plant_ids)
  await checkRoom(work)
  const [id, secret] = [newId(), newWebhookSecret()]
  const { description = null, enabled = true } = asked
  const fields = {
    url,
    description,
    event_types,
    plant_ids,
    enabled,
    disabled_at: enabled ? null : work.now.toISOString(),
  }
  const sealed = encryptField(deps.ring, secret, webhookSecretContext(tenantId, 'secret', id))
  const by = { created_by: actor.id, updated_by: actor.id }
  await db
    .insertInto('control.webhooks')
    .values({ tenant_id: tenantId, id, secret: sealed, ...fields, ...by })
    .execute()
  const after = { url: plainUrl(url), event_types, plant_ids, enabled }
  work.record({ action: 'webhooks.created', resource: 'webhook', resource_id: id, after }, tellWebhookCreated(id))
  return { ...(await getWebhook(work, id)), secret }
}

/** As many as whoever acts sees: each event asks for all of them. */
async function checkRoom({ db, tenantId }: Changing): Promise<void> {
  const { count } = await db
    .selectFrom('control.webhooks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count >= MOST) throw webhookRefusals.refuse('webhooks.too_many')
}
