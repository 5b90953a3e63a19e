import type { Job } from '#platform/jobs/job-kind.ts'
import type { Schedule } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'

export const evidenceJobs = (_deps: DocumentDeps): readonly Job[] => []
export const evidenceSchedules: readonly Schedule[] = []
