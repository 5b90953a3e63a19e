import { job, type Job } from '#platform/jobs/job-kind.ts'
import type { Schedule } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { readOrder } from './orders.ts'
import { readContent } from './read-content.ts'

/** Reading the text of contents. */
export const textJobs = (deps: DocumentDeps): readonly Job[] => [
  job(readOrder, { reach: ({ sha256 }, running) => readContent(deps, sha256, running) }),
]
export const textSchedules: readonly Schedule[] = []
