import { sql } from 'kysely'
import type { EdgeCustody } from '../database/custody.ts'
import { Shape } from '../http/shapes.ts'
import { job, jobKind, type Job } from './job-kind.ts'
import { schedule, type Schedule } from './schedule.ts'

/** What is done is kept a week for who asks; what is dead or was cancelled three months, for who mends it. */
const KEEP_DAYS = { completed: 7, failed: 90, cancelled: 90 } as const
/** Rows of one step, each a transaction. */
const AT_ONCE = 5_000

/** Removes what ended long ago; answers with whether there is more. */
export async function sweepJobs({ db }: EdgeCustody): Promise<boolean> {
  let more = false
  for (const [state, days] of Object.entries(KEEP_DAYS)) {
    const { numAffectedRows } = await sql`delete from control.jobs where id in
      (select id from control.jobs where state = ${state} and finished_at < now() - ${days} * interval '1 day'
        order by finished_at limit ${AT_ONCE})`.execute(db)
    more ||= numAffectedRows === BigInt(AT_ONCE)
  }
  return more
}

const sweeping = jobKind({ name: 'jobs.sweep', input: Shape({}), limits: { seconds: 60, concurrency: 1 } })

export const ownJobs: readonly Job[] = [
  job(sweeping, { administer: async (custody) => ((await sweepJobs(custody)) ? { next: {} } : undefined) }),
]
export const ownSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'jobs.sweep', cron: '40 3 * * *', zone: 'Etc/UTC', per: 'installation', catchUp: 'one' },
    ...{ kind: sweeping, input: () => ({}) },
  }),
]
