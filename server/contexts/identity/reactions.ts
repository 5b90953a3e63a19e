import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { subscriber, type Subscriber } from '#platform/events/subscriber.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { letterOrder } from './letters/letter-order.ts'

/** Who may do something about it. */
const admins = ({ db, tenantId }: Work<Owned<'control.users'>>): Promise<{ account_id: string }[]> =>
  db
    .selectFrom('control.users')
    .select('account_id')
    .where('tenant_id', '=', tenantId)
    .where('role', '=', 'Admin')
    .where('status', '=', 'Active')
    .where('deleted_at', 'is', null)
    .execute()

/** The machine disabled a webhook: its company's Admins get a letter. */
const webhookLetters = subscriber({
  ...{ name: 'identity.webhook_letters', types: ['WebhookDisabled'], from: 'now', strict: false },
  handle: async (work, { time, data }) => {
    const { host, reason } = data as { host: string; reason: 'gone' | 'failing' }
    for (const { account_id } of await admins(work))
      await enqueue(work, letterOrder, { letter: 'webhook_disabled', account_id, at: time, host, reason })
  },
})

/** What this context does about others' events. */
export const identitySubscribers: readonly Subscriber[] = [webhookLetters]
