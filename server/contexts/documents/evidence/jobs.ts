import { job, type Job } from '#platform/jobs/job-kind.ts'
import type { Schedule } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { packOrderKind } from './create-pack.ts'
import { writePack } from './write-pack.ts'

/** What a worker does for evidence packs. */
export const evidenceJobs = (deps: DocumentDeps): readonly Job[] => [
  job(packOrderKind, { reach: ({ pack_id }, running) => writePack(deps, pack_id, running) }),
]
export const evidenceSchedules: readonly Schedule[] = []
