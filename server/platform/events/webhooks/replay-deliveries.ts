import { sql } from 'kysely'
import { Type } from 'typebox'
import type { EdgeWork } from '../../database/work.ts'
import { Id, Shape } from '../../http/shapes.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { job, jobKind, type Job } from '../../jobs/job-kind.ts'
import type { EventKind } from '../event-kind.ts'
import { getDelivery, TEST_TYPE } from './list-deliveries.ts'
import { deliveryOrder, queueDelivery } from './queue-deliveries.ts'
import { getWebhook } from './read-webhooks.ts'
import { webhookRefusals } from './webhook-refusals.ts'
import type { Replay, Webhook, WebhookDelivery } from './webhook-schemas.ts'

const replayOrder = jobKind({
  name: 'webhooks.replay',
  input: Shape({ webhook_id: Id, after: Type.Integer(), until: Type.Integer() }),
  limits: { seconds: 60, attempts: 20, concurrency: 4, perTenant: 1 },
})

const AT_ONCE = 100
/** Positions looked through in one step, however few of them the webhook wants. */
const LOOK = 2_000

async function enabled(work: EdgeWork, id: string): Promise<Webhook> {
  const webhook = await getWebhook(work, id)
  if (!webhook.enabled) throw webhookRefusals.refuse('webhooks.disabled')
  return webhook
}

/** Sends one of the log once more, from the first attempt on, under the same `webhook-id`. */
export async function replayDelivery(
  work: EdgeWork,
  kinds: readonly EventKind[],
  webhookId: string,
  id: string,
): Promise<WebhookDelivery> {
  await getDelivery(work, kinds, webhookId, id)
  await enabled(work, webhookId)
  const job_id = await enqueue(work, deliveryOrder, { delivery_id: id })
  const now = work.now.toISOString()
  await work.db
    .updateTable('control.webhook_deliveries')
    .set({ state: 'pending', attempts: 0, job_id, next_attempt_at: now, finished_at: null })
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', id)
    .execute()
  work.record({ action: 'webhooks.delivery_replayed', resource: 'webhook', resource_id: webhookId })
  return getDelivery(work, kinds, webhookId, id)
}

/** Sends a test, once, also where the webhook is disabled: what became of it is in the log. */
export async function testWebhook(work: EdgeWork, kinds: readonly EventKind[], id: string): Promise<WebhookDelivery> {
  await getWebhook(work, id)
  const test = { sequence: null, type: TEST_TYPE, subject: `webhooks/${id}`, plant_id: null }
  const queued = await queueDelivery(work, id, test)
  work.record({ action: 'webhooks.tested', resource: 'webhook', resource_id: id })
  return getDelivery(work, kinds, id, queued)
}

/** Has all events from a sequence on sent once more that the webhook wants, up to the last one that there is now. */
export async function replayWebhook(work: EdgeWork, id: string, from: number): Promise<Replay> {
  await enabled(work, id)
  const { rows } = await sql<{ head: number }>`
    select coalesce((select p.sequence from control.event_positions p
                      where p.tenant_id = ${work.tenantId} and p.sequence is not null
                      order by p.sequence desc limit 1), 0) as head`.execute(work.db)
  const until = rows[0]!.head
  const order = { webhook_id: id, after: from - 1, until }
  if ((await enqueue(work, replayOrder, order, { key: id })) === null)
    throw webhookRefusals.refuse('webhooks.replaying')
  const after = { from_sequence: from, until_sequence: until }
  work.record({ action: 'webhooks.replayed', resource: 'webhook', resource_id: id, after })
  return after
}

type Row = { sequence: number; type: string; subject: string; plant_id: string | null }

/** The next events of a replay; answers after which one to go on, or null. */
async function replaySome(work: EdgeWork, id: string, after: number, until: number): Promise<number | null> {
  const { db, tenantId } = work
  const { rows } = await sql<Row>`
    select p.sequence, e.type, e.subject, e.plant_id
      from control.webhooks w
      join control.event_positions p on p.tenant_id = w.tenant_id and p.sequence > ${after}
       and p.sequence <= least(${until}::bigint, ${after}::bigint + ${LOOK})
      join control.events e on e.tenant_id = p.tenant_id and e.id = p.event_id
     where w.tenant_id = ${tenantId} and w.id = ${id} and w.enabled and w.deleted_at is null
       and (w.event_types is null or e.type = any (w.event_types))
       and (e.plant_id is null or w.plant_ids is null or e.plant_id = any (w.plant_ids))
     order by p.sequence limit ${AT_ONCE}`.execute(db)
  for (const event of rows) await queueDelivery(work, id, event, true)
  const seen = rows.length === AT_ONCE ? rows.at(-1)!.sequence : after + LOOK
  return seen < until ? seen : null
}

export const replayJobs: readonly Job[] = [
  job(replayOrder, {
    run: async (work, { webhook_id, after, until }) => {
      const next = await replaySome(work, webhook_id, after, until)
      return next === null ? undefined : { next: { webhook_id, after: next, until } }
    },
  }),
]
