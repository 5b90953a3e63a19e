import { sql } from 'kysely'
import type { Work } from '../../database/work.ts'
import type { EventKind } from '../event-kind.ts'
import { permissionsOf } from '../read-events.ts'
import { getWebhook } from './read-webhooks.ts'
import { webhookRefusals } from './webhook-refusals.ts'
import type { DeliveryQuery, WebhookDelivery } from './webhook-schemas.ts'

export const TEST_TYPE = 'WebhookTest'

/** As GET /events: plants by the policy, kinds by permission; a test is seen by whoever sees the webhook. */
const seenBy = (work: Work, kinds: readonly EventKind[]) => sql`
  (d.sequence is null or d.type = any (array(
    select k.type from unnest(${kinds.map(({ type }) => type)}::text[], ${kinds.map(({ permission }) => permission)}::text[])
      k(type, permission) where k.permission = any (coalesce(${permissionsOf(work)}, '{}')))))`

const FIELDS = sql`d.id, d.webhook_id, d.sequence, d.type, d.subject, d.state, d.attempts, d.next_attempt_at, d.last_attempt_at,
  d.response_status, d.response_excerpt, d.duration_ms, d.error, d.created_at, d.finished_at,
  d.tenant_id || case when d.sequence is null then ':test:' || d.id else ':' || d.sequence end as message_id`

/** The log of a webhook, newest first; the cursor is the last one's id. */
export async function listDeliveries(
  work: Work,
  kinds: readonly EventKind[],
  webhookId: string,
  { limit, cursor, state, type }: DeliveryQuery,
): Promise<{ items: WebhookDelivery[]; next_cursor: string | null }> {
  await getWebhook(work, webhookId)
  const { rows } = await sql<WebhookDelivery>`
    select ${FIELDS} from control.webhook_deliveries d
     where d.tenant_id = ${work.tenantId} and d.webhook_id = ${webhookId} and ${seenBy(work, kinds)}
       and (${cursor ?? null}::uuid is null or d.id < ${cursor ?? null})
       and (${state ?? null}::text is null or d.state = ${state ?? null})
       and (${type ?? null}::text is null or d.type = ${type ?? null})
     order by d.id desc limit ${limit + 1}`.execute(work.db)
  const items = rows.slice(0, limit)
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}

/** One of the log. */
export async function getDelivery(
  work: Work,
  kinds: readonly EventKind[],
  webhookId: string,
  id: string,
): Promise<WebhookDelivery> {
  await getWebhook(work, webhookId)
  const { rows } = await sql<WebhookDelivery>`
    select ${FIELDS} from control.webhook_deliveries d
     where d.tenant_id = ${work.tenantId} and d.webhook_id = ${webhookId} and d.id = ${id} and ${seenBy(work, kinds)}`.execute(
    work.db,
  )
  if (rows[0] === undefined) throw webhookRefusals.refuse('webhooks.delivery_not_found')
  return rows[0]
}
