import { sql } from 'kysely'
import { enqueue } from '#platform/jobs/enqueue.ts'
import type { Step } from '#platform/jobs/job-kind.ts'
import { scanOrder } from './orders.ts'
import type { ScanWork } from './tables.ts'

/** Contents per transaction. */
const BATCH = 200
/** What came within these days is looked at with the signatures of each new day: most of what is new is named by then. */
export const RESCAN_DAYS = 7

/**
 * Orders, of what comes after `after`: what is quarantined or failed, what waits though its job ended, what was served unseen, what came
 * lately, and what was removed for good and may have left bytes in quarantine. Without a scanner only what waits and the last. They go behind everything that somebody waits for.
 */
export async function runRescans(
  work: ScanWork,
  { after }: { after: string },
  { scanner }: { scanner: boolean },
): Promise<Step<{ after: string }>> {
  const since = new Date(work.now.getTime() - RESCAN_DAYS * 86_400_000).toISOString()
  const { rows } = await sql<{ sha256: string }>`
    select sha256 from files
     where tenant_id = ${work.tenantId} and sha256 > ${after}
       and case when purged_at is not null then scan = 'infected' and purged_at > ${since}
                else scan = 'waiting' or ${scanner} and (scan <> 'clean' or stored_at > ${since}) end
     order by sha256 limit ${BATCH}`.execute(work.db)
  for (const { sha256 } of rows) await enqueue(work, scanOrder, { sha256 }, { key: sha256, priority: -10 })
  const last = rows.at(-1)
  return last === undefined || rows.length < BATCH ? undefined : { next: { after: last.sha256 } }
}
