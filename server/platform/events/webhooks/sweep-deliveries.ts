import { sql } from 'kysely'
import type { EdgeCustody } from '../../database/custody.ts'
import { Shape } from '../../http/shapes.ts'
import { job, jobKind, type Job } from '../../jobs/job-kind.ts'
import { schedule, type Schedule } from '../../jobs/schedule.ts'

/** For how long the log is kept of what has ended. */
const KEEP_DAYS = 30
const AT_ONCE = 5_000

/** Removes what ended long ago; answers with whether there is more. What still waits stays, however old. */
export async function sweepDeliveries({ db }: EdgeCustody): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from control.webhook_deliveries where (tenant_id, id) in
    (select tenant_id, id from control.webhook_deliveries
      where finished_at < now() - ${KEEP_DAYS} * interval '1 day' order by finished_at limit ${AT_ONCE})`.execute(db)
  return numAffectedRows === BigInt(AT_ONCE)
}

const sweeping = jobKind({ name: 'webhooks.sweep', input: Shape({}), limits: { seconds: 60, concurrency: 1 } })

/** Forgets the log once a night. */
export const sweepJobs: readonly Job[] = [
  job(sweeping, { administer: async (custody) => ((await sweepDeliveries(custody)) ? { next: {} } : undefined) }),
]
export const webhookSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'webhooks.sweep', cron: '50 3 * * *', zone: 'Etc/UTC', per: 'installation', catchUp: 'one' },
    ...{ kind: sweeping, input: () => ({}) },
  }),
]
