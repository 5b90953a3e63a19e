import type { Database } from '../../database/work.ts'
import { systemScope } from '../../database/system-scope.ts'
import type { Outgoing } from '../../http/outgoing/outgoing.ts'
import { reasonOf } from '../../jobs/job-failure.ts'
import { job, type Job } from '../../jobs/job-kind.ts'
import type { KeyRing } from '../../secrets/field-encryption.ts'
import { deliveryOrder } from './queue-deliveries.ts'
import { settleDelivery, type Outcome } from './settle-delivery.ts'
import { takeUpDelivery, type Attempt } from './take-up-delivery.ts'
import { webhookRefusals } from './webhook-refusals.ts'
import { webhookHeaders } from './webhook-signature.ts'

export type SendingDeps = {
  readonly installation: { readonly database: Database }
  readonly outgoing: Outgoing
  readonly ring: KeyRing
  readonly config: { readonly version: string }
}

const EXCERPT = 1_000

/** What is kept of an answer: text, without what PostgreSQL and terminals do not take. */
const excerptOf = (body: Buffer): string =>
  body
    .toString('utf8')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '�')
    .slice(0, EXCERPT)
    .toWellFormed()

/** One request and what came of it; rejects only where the worker itself ends it. */
async function attempt(
  { outgoing, config }: SendingDeps,
  { url, secrets, messageId, body }: Attempt,
  signal: AbortSignal,
): Promise<Outcome> {
  const at = new Date()
  const start = performance.now()
  const took = () => ({ at, duration_ms: Math.round(performance.now() - start) })
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Officina-Webhooks/${config.version}`,
    ...webhookHeaders(secrets, { id: messageId, at, body }),
  }
  try {
    const answer = await outgoing.send({ method: 'POST', url, headers, body, signal })
    const { status } = answer
    const excerpt = excerptOf(answer.body)
    if (status >= 200 && status < 300) return { ...took(), status, excerpt, error: null, retryAfter: undefined }
    const error = reasonOf(webhookRefusals.refuse('webhooks.answered'))
    return { ...took(), status, excerpt, error, retryAfter: answer.headers['retry-after'] }
  } catch (error) {
    signal.throwIfAborted()
    return { ...took(), status: null, excerpt: null, error: reasonOf(error), retryAfter: undefined }
  }
}

/**
 * One attempt: what to send is read in one Work, sent without any, and what became of it is written in another, with the job of the next
 * attempt. Where the process ends in between, the job is begun anew and the receiver may get it twice, with the same `webhook-id`.
 */
export const deliveryJobs = (deps: SendingDeps): readonly Job[] => [
  job(deliveryOrder, {
    reach: async ({ delivery_id }, { id, tenantId, signal }) => {
      const { database } = deps.installation
      const scope = systemScope(tenantId!, `webhooks.deliver ${id}`)
      // security-ok: chance spreads what is tried again
      const chance = Math.random()
      const asked = { deliveryId: delivery_id, jobId: id, chance }
      const taken = await database.write(scope, (work) => takeUpDelivery(work, deps.ring, asked))
      if (taken === null) return
      const outcome = await attempt(deps, taken, signal)
      await database.write(scope, (work) => settleDelivery(work, asked, outcome))
    },
  }),
]
