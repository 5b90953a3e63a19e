import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '../../database/work.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { decryptField, type KeyRing } from '../../secrets/field-encryption.ts'
import { cloudEvent } from '../cloud-event.ts'
import { deliveryOrder } from './queue-deliveries.ts'
import { PATIENCE } from './retry-schedule.ts'
import { webhookSecretContext } from './webhook-row.ts'

/** Which delivery, by which job, and by what chance (0 to 1) it may be put off. */
export type Asked = { deliveryId: string; jobId: string; chance: number }
/** What one attempt needs. */
export type Attempt = { url: string; secrets: readonly string[]; messageId: string; body: string }

export type SendingWork = Work<Owned<'control.webhooks' | 'control.webhook_deliveries' | 'control.jobs'>>

type Row = {
  webhook_id: string
  sequence: number | null
  type: string
  subject: string
  url: string
  enabled: boolean
  deleted: boolean
  secret: string | null
  previous_secret: string | null
  resting: string | null
  failures: number
  time: string
  data: Record<string, unknown> | null
}

/** How long a receiver that failed again and again is left to one delivery alone: longer than an attempt may take. */
const ALONE_S = 30

async function readRow({ db, tenantId }: SendingWork, { deliveryId, jobId }: Asked): Promise<Row | undefined> {
  const { rows } = await sql<Row>`
    select d.webhook_id, d.sequence, d.type, d.subject, w.url, w.enabled, w.deleted_at is not null as deleted, w.secret,
           case when w.previous_until > now() then w.previous_secret end as previous_secret,
           case when w.resting_until > now() then w.resting_until end as resting, w.failures,
           coalesce(e.time, d.created_at) as time, e.data
      from control.webhook_deliveries d join control.webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id
      left join control.event_positions p on p.tenant_id = d.tenant_id and p.sequence = d.sequence
      left join control.events e on e.tenant_id = d.tenant_id and e.id = p.event_id
     where d.tenant_id = ${tenantId} and d.id = ${deliveryId} and d.job_id = ${jobId} and d.state = 'pending'
       for update of w`.execute(db)
  return rows[0]
}

const bodyOf = (tenantId: string, deliveryId: string, { sequence, type, subject, time, data, webhook_id }: Row) =>
  sequence === null
    ? {
        ...cloudEvent(tenantId, { sequence: 0, type, subject, time, data: { webhook_id } }),
        id: testId(tenantId, deliveryId),
      }
    : cloudEvent(tenantId, { sequence, type, subject, time, data: data! })

/** A test is no event, so its id is its own. */
export const testId = (tenantId: string, deliveryId: string): string => `${tenantId}:test:${deliveryId}`

/** Null where there is nothing to send, or not now: it was done, replaced, cancelled, or the receiver is left alone for a while. */
export async function takeUpDelivery(work: SendingWork, ring: KeyRing, asked: Asked): Promise<Attempt | null> {
  const { db, tenantId, now } = work
  const row = await readRow(work, asked)
  if (row === undefined) return null
  const { webhook_id, sequence, secret, previous_secret } = row
  const isTest = sequence === null
  const set = (change: Record<string, unknown>) =>
    db
      .updateTable('control.webhook_deliveries')
      .set(change)
      .where('tenant_id', '=', tenantId)
      .where('id', '=', asked.deliveryId)
      .execute()
  if (secret === null || row.deleted || (!row.enabled && !isTest)) {
    await set({ state: 'cancelled', finished_at: now.toISOString(), next_attempt_at: null })
    return null
  }
  if (row.resting !== null && !isTest) {
    // Not all at once when it is over; the first of them tells whether the receiver is back.
    const runAt = new Date(Date.parse(row.resting) + asked.chance * 2_000)
    const job_id = await enqueue(work, deliveryOrder, { delivery_id: asked.deliveryId }, { runAt })
    await set({ job_id, next_attempt_at: runAt.toISOString() })
    return null
  }
  if (row.failures >= PATIENCE && !isTest) {
    await db
      .updateTable('control.webhooks')
      .set({ resting_until: new Date(now.getTime() + ALONE_S * 1000).toISOString() })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', webhook_id)
      .execute()
  }
  const open = (column: 'secret' | 'previous_secret', sealed: string): string =>
    decryptField(ring, sealed, webhookSecretContext(tenantId, column, webhook_id))
  const before = previous_secret === null ? [] : [open('previous_secret', previous_secret)]
  const event = bodyOf(tenantId, asked.deliveryId, row)
  const secrets = [open('secret', secret), ...before]
  return { url: row.url, secrets, messageId: event.id, body: JSON.stringify(event) }
}
