import { Shape } from '#platform/http/shapes.ts'
import { type Job, job, jobKind } from '#platform/jobs/job-kind.ts'
import { type Schedule, schedule, TENANT_ZONE } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { fieldsOrder } from '../text/orders.ts'
import { eraseFields } from './erase-fields.ts'
import { findFields } from './find-fields.ts'

const eraseOrder = jobKind({
  name: 'documents.erase_fields',
  input: Shape({}),
  limits: { seconds: 300, concurrency: 2, perTenant: 1, priority: -10 },
})

export const fieldsJobs = (deps: DocumentDeps): readonly Job[] => [
  job(fieldsOrder, { run: (work, { sha256 }) => findFields(work, deps, sha256) }),
  job(eraseOrder, { run: async (work) => ((await eraseFields(work)) ? { next: {} } : undefined) }),
]

export const fieldsSchedules: readonly Schedule[] = [
  // After the trash was emptied (02:20), in the company's night.
  schedule({
    ...{ name: eraseOrder.name, cron: '50 2 * * *', zone: TENANT_ZONE, per: 'tenant', catchUp: 'one' },
    ...{ kind: eraseOrder, input: () => ({}) },
  }),
]
