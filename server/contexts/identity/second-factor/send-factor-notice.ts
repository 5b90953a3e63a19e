import type { EdgeWork } from '#platform/database/work.ts'
import { enqueue } from '#platform/jobs/enqueue.ts'
import { letterOrder } from '../letters/letter-order.ts'

type Change = 'enabled' | 'disabled' | 'recovery_code_used'

/** The person reads by mail what became of the second factor: it may not have been they. */
export async function sendFactorNotice(work: EdgeWork, accountId: string, change: Change): Promise<void> {
  const seen = { at: work.now.toISOString(), address: work.ip ?? '' }
  await enqueue(work, letterOrder, { letter: 'second_factor_changed', account_id: accountId, change, ...seen })
}
