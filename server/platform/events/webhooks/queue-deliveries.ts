import { sql } from 'kysely'
import { newId } from '../../new-id.ts'
import type { EdgeWork } from '../../database/work.ts'
import { Id, Shape } from '../../http/shapes.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { jobKind } from '../../jobs/job-kind.ts'
import { subscriber, type TakenEvent } from '../subscriber.ts'

/**
 * One attempt to deliver. Three of a company at once, so no receiver has more of it, and a worker of eight slots keeps one for the
 * others while all three wait. Attempts of a job are for what is ours, a database that is away; the receiver's are counted apart.
 */
export const deliveryOrder = jobKind({
  name: 'webhooks.deliver',
  input: Shape({ delivery_id: Id }),
  limits: { seconds: 45, attempts: 50, wait: 2, longestWait: 600, concurrency: 48, perTenant: 3 },
})

type Told = Pick<TakenEvent, 'type' | 'subject' | 'plant_id'> & { readonly sequence: number | null }

/** The webhooks of the company that want an event; one that is disabled wants none. */
async function webhooksFor({ db, tenantId }: EdgeWork, { type, plant_id }: Told): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from control.webhooks
     where tenant_id = ${tenantId} and enabled and deleted_at is null
       and (event_types is null or ${type} = any (event_types))
       and (${plant_id}::uuid is null or plant_ids is null or ${plant_id}::uuid = any (plant_ids))`.execute(db)
  return rows.map(({ id }) => id)
}

/**
 * A delivery and the job of its first attempt, in one transaction. Of an event there is one delivery for each webhook: once more is
 * the same one from the beginning where `again` says so, and nothing otherwise. One that is still under way is left as it is.
 */
export async function queueDelivery(work: EdgeWork, webhookId: string, event: Told, again = false): Promise<string> {
  const { db, tenantId } = work
  const id = newId()
  const { rows } = await sql<{ id: string }>`
    insert into control.webhook_deliveries as d
           (tenant_id, id, webhook_id, sequence, type, subject, plant_id, next_attempt_at)
    values (${tenantId}, ${id}, ${webhookId}, ${event.sequence}, ${event.type}, ${event.subject}, ${event.plant_id},
            ${work.now.toISOString()})
    on conflict (tenant_id, webhook_id, sequence) do update
       set state = 'pending', attempts = 0, next_attempt_at = excluded.next_attempt_at, finished_at = null
     where ${again} and d.state <> 'pending'
    returning id`.execute(db)
  const [queued] = rows
  if (queued === undefined) return id
  const job_id = await enqueue(work, deliveryOrder, { delivery_id: queued.id })
  await db
    .updateTable('control.webhook_deliveries')
    .set({ job_id })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', queued.id)
    .execute()
  return queued.id
}

/** Every event becomes a delivery for each webhook that wants it, in the transaction in which the follower steps on. */
export const webhookSubscriber = subscriber({
  ...{ name: 'webhooks.enqueue', types: 'all', from: 'now', strict: false },
  // Most companies have none.
  whose: sql`exists (select from control.webhooks w where w.tenant_id = p.tenant_id and w.enabled and w.deleted_at is null)`,
  handle: async (work, event) => {
    for (const id of await webhooksFor(work, event)) await queueDelivery(work, id, event)
  },
})
