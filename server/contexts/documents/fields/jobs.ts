import { job, type Job } from '#platform/jobs/job-kind.ts'
import type { Schedule } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { fieldsOrder } from '../text/orders.ts'
import { findFields } from './find-fields.ts'

export const fieldsJobs = (deps: DocumentDeps): readonly Job[] => [
  job(fieldsOrder, { run: (work, { sha256 }) => findFields(work, deps, sha256) }),
]
export const fieldsSchedules: readonly Schedule[] = []
