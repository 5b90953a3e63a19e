import { sql } from 'kysely'
import { enqueue } from '../../jobs/enqueue.ts'
import { deliveryOrder } from './queue-deliveries.ts'
import { askedFor, isDead, restAfter, waitAfter } from './retry-schedule.ts'
import type { Asked, SendingWork } from './take-up-delivery.ts'
import { tellWebhookDisabled, type DisabledReason } from './webhook-events.ts'

/** What came of one attempt; `status` null: no answer. */
export type Outcome = {
  at: Date
  duration_ms: number
  status: number | null
  excerpt: string | null
  /** Null: delivered. */
  error: string | null
  retryAfter: string | undefined
}

type Row = {
  webhook_id: string
  sequence: number | null
  attempts: number
  url: string
  enabled: boolean
  failures: number
  failing_since: string | null
}

async function lockBoth({ db, tenantId }: SendingWork, { deliveryId, jobId }: Asked): Promise<Row | undefined> {
  const { rows } = await sql<Row>`
    select d.webhook_id, d.sequence, d.attempts, w.url, w.enabled and w.deleted_at is null as enabled, w.failures, w.failing_since
      from control.webhook_deliveries d join control.webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id
     where d.tenant_id = ${tenantId} and d.id = ${deliveryId} and d.job_id = ${jobId} and d.state = 'pending'
       for update of d, w`.execute(db)
  return rows[0]
}

const changeWebhook = ({ db, tenantId }: SendingWork, id: string, set: Record<string, unknown>) =>
  db.updateTable('control.webhooks').set(set).where('tenant_id', '=', tenantId).where('id', '=', id).execute()

/** Ends a webhook by the machine's own decision; its Admins are told by the event. */
async function disable(work: SendingWork, { webhook_id: id, url }: Row, reason: DisabledReason): Promise<void> {
  const disabled_at = work.now.toISOString()
  const stamp = { updated_at: disabled_at, updated_by: null, revision: sql`revision + 1` }
  await changeWebhook(work, id, { enabled: false, disabled_at, disabled_reason: reason, ...stamp })
  const entry = { action: 'webhooks.disabled', resource: 'webhook', resource_id: id, after: { reason } }
  work.record(entry, tellWebhookDisabled(id, url, reason))
}

/** What a failure says of the receiver itself. Answers whether the webhook goes on. */
async function countFailure(work: SendingWork, row: Row, status: number | null, askedS: number): Promise<boolean> {
  const { now } = work
  const failures = row.failures + 1
  const since = row.failing_since === null ? now : new Date(row.failing_since)
  const restS = restAfter(failures, askedS)
  const resting_until = restS === 0 ? null : new Date(now.getTime() + restS * 1000).toISOString()
  await changeWebhook(work, row.webhook_id, { failures, failing_since: since.toISOString(), resting_until })
  const reason = status === 410 ? 'gone' : isDead(failures, since, now) ? 'failing' : null
  if (reason === null || !row.enabled) return row.enabled
  await disable(work, row, reason)
  return false
}

/** Writes what became of an attempt, with the job of the next one; nothing where somebody replaced the job meanwhile. */
export async function settleDelivery(work: SendingWork, asked: Asked, outcome: Outcome): Promise<void> {
  const { db, tenantId, now } = work
  const row = await lockBoth(work, asked)
  if (row === undefined) return
  const { at, duration_ms, status, excerpt, error, retryAfter } = outcome
  const attempts = row.attempts + 1
  const isTest = row.sequence === null
  const told = {
    attempts,
    last_attempt_at: at.toISOString(),
    response_status: status,
    response_excerpt: excerpt,
    duration_ms,
    error,
  }
  const set = (change: Record<string, unknown>) =>
    db
      .updateTable('control.webhook_deliveries')
      .set({ ...told, ...change })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', asked.deliveryId)
      .execute()
  const end = (state: 'delivered' | 'failed') => set({ state, finished_at: now.toISOString(), next_attempt_at: null })
  if (error === null) {
    if (row.failures > 0 && !isTest)
      await changeWebhook(work, row.webhook_id, { failures: 0, failing_since: null, resting_until: null })
    await end('delivered')
    return
  }
  // A test is tried once, and says nothing of how the webhook does.
  const askedS = askedFor(status ?? 0, retryAfter, now)
  const goesOn = !isTest && (await countFailure(work, row, status, askedS))
  const waitS = goesOn ? waitAfter(attempts, askedS, asked.chance) : null
  if (waitS === null) {
    await end('failed')
    return
  }
  const runAt = new Date(now.getTime() + waitS * 1000)
  const job_id = await enqueue(work, deliveryOrder, { delivery_id: asked.deliveryId }, { runAt })
  await set({ job_id, next_attempt_at: runAt.toISOString() })
}
