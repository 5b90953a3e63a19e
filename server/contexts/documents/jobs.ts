import type { Job } from '#platform/jobs/job-kind.ts'
import type { Schedule } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from './deps.ts'
import { libraryJobs, librarySchedules } from './library/jobs.ts'
import { scanJobs, scanSchedules } from './scan/jobs.ts'
import { textJobs, textSchedules } from './text/jobs.ts'
import { fieldsJobs, fieldsSchedules } from './fields/jobs.ts'
import { searchJobs, searchSchedules } from './search/jobs.ts'
import { templatesJobs, templatesSchedules } from './templates/jobs.ts'
import { evidenceJobs, evidenceSchedules } from './evidence/jobs.ts'

/** What a worker does for documents. */
export const documentJobs = (deps: DocumentDeps): readonly Job[] => [
  ...libraryJobs(deps),
  ...scanJobs(deps),
  ...textJobs(deps),
  ...fieldsJobs(deps),
  ...searchJobs(deps),
  ...templatesJobs(deps),
  ...evidenceJobs(deps),
]

/** What the clock asks of it. */
export const documentSchedules: readonly Schedule[] = [
  ...librarySchedules,
  ...scanSchedules,
  ...textSchedules,
  ...fieldsSchedules,
  ...searchSchedules,
  ...templatesSchedules,
  ...evidenceSchedules,
]
