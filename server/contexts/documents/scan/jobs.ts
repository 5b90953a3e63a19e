import { job, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import { rescanOrder, scanOrder } from './orders.ts'
import { runRescans } from './run-rescans.ts'
import { runScan, type ScanDeps } from './run-scan.ts'

export const scanJobs = (deps: ScanDeps): readonly Job[] => [
  job(scanOrder, { reach: (order, running) => runScan(deps, order, running) }),
  job(rescanOrder, {
    run: (work, from) => runRescans(work, from, { scanner: deps.config.CLAMD_URL !== undefined }),
  }),
]

/** In the small hours, when the signatures of the day are there. */
export const scanSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'documents.rescan', cron: '40 4 * * *', zone: 'tenant', per: 'tenant', catchUp: 'skip' },
    ...{ kind: rescanOrder, input: () => ({ after: '' }) },
  }),
]
