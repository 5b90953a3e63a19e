import { checkRevision } from '../../http/etag.ts'
import { getWebhook } from './read-webhooks.ts'
import { tellWebhookUpdated } from './webhook-events.ts'
import { checkReach, ownReach, type OwnReach, type Reach } from './webhook-reach.ts'
import {
  checkPlants,
  idsOf,
  lockWebhook,
  plainUrl,
  setWebhook,
  typesOf,
  type Changing,
  type WebhookDeps,
} from './webhook-row.ts'
import type { Webhook, WebhookChange } from './webhook-schemas.ts'

type Fields = { url: string; description: string | null; enabled: boolean } & Reach
const FRESH = { failures: 0, failing_since: null, resting_until: null }

function wantedOf(row: Fields, { outgoing }: WebhookDeps, change: WebhookChange): Partial<Fields> {
  const { url, plant_scope, event_types, description, enabled } = change
  const all: Partial<Fields> = {
    ...(url !== undefined && { url: outgoing.check(url).href }),
    ...(plant_scope !== undefined && { plant_ids: idsOf(plant_scope) }),
    ...(event_types !== undefined && { event_types: typesOf(event_types) }),
    ...(description !== undefined && { description }),
    ...(enabled !== undefined && { enabled }),
  }
  const isNew = ([field, value]: [string, unknown]): boolean =>
    JSON.stringify(value) !== JSON.stringify(row[field as keyof Fields])
  return Object.fromEntries(Object.entries(all).filter(isNew))
}

const pickTold = ({ url, event_types, plant_ids, enabled }: Partial<Fields>) => ({
  ...(event_types !== undefined && { event_types }),
  ...(plant_ids !== undefined && { plant_ids }),
  ...(enabled !== undefined && { enabled }),
  ...(url && { url: plainUrl(url) }),
})

async function checkWanted(
  work: Changing,
  deps: WebhookDeps,
  own: OwnReach,
  whole: Reach,
  changed: object,
): Promise<void> {
  checkReach(deps.eventKinds, own, whole)
  if ('plant_ids' in changed) await checkPlants(work, deps, whole.plant_ids)
}

/** Changes a webhook; what was changed holds for what is sent from now on, also for what waits. */
export async function updateWebhook(
  work: Changing,
  deps: WebhookDeps,
  id: string,
  { change, expected }: { change: WebhookChange; expected: readonly number[] | null },
): Promise<Webhook> {
  const row = await lockWebhook(work, id)
  checkRevision(row, expected)
  const own = await ownReach(work)
  checkReach(deps.eventKinds, own, row)
  const changed = wantedOf(row, deps, change)
  const names = Object.keys(changed) as (keyof Fields)[]
  if (names.length === 0) return getWebhook(work, id)
  await checkWanted(work, deps, own, { ...row, ...changed }, changed)
  const disabled_at = changed.enabled === false ? work.now.toISOString() : null
  await setWebhook(work, id, {
    ...changed,
    // A new address, or a new beginning: what failed before is forgotten.
    ...((changed.url !== undefined || changed.enabled === true) && FRESH),
    ...(changed.enabled !== undefined && { disabled_at, disabled_reason: null }),
  })
  const before = pickTold(Object.fromEntries(names.map((name) => [name, row[name]])))
  const entry = { action: 'webhooks.updated', resource: 'webhook', resource_id: id, before, after: pickTold(changed) }
  work.record(
    entry,
    tellWebhookUpdated(
      id,
      names.map((name) => (name === 'plant_ids' ? 'plant_scope' : name)),
    ),
  )
  return getWebhook(work, id)
}
