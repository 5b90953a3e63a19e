import { Type } from 'typebox'
import { Id, Shape } from '#platform/http/shapes.ts'
import { type Job, job, jobKind } from '#platform/jobs/job-kind.ts'
import { type Schedule, schedule, TENANT_ZONE } from '#platform/jobs/schedule.ts'
import type { DocumentDeps } from '../deps.ts'
import { fieldsOrder } from '../text/orders.ts'
import { eraseFields } from './erase-fields.ts'
import { findFields } from './find-fields.ts'
import { reconcileExamples } from './reconcile-examples.ts'

const FIRST = '00000000-0000-0000-0000-000000000000'
const limits = { seconds: 300, concurrency: 2, perTenant: 1, priority: -10 }
const eraseOrder = jobKind({ name: 'documents.erase_fields', input: Shape({}), limits })
const examplesOrder = jobKind({
  name: 'documents.reconcile_examples',
  input: Shape({ after: Type.Optional(Id) }),
  limits,
})

export const fieldsJobs = (deps: DocumentDeps): readonly Job[] => [
  job(fieldsOrder, { run: (work, { sha256 }) => findFields(work, deps, sha256) }),
  job(eraseOrder, { run: async (work) => ((await eraseFields(work)) ? { next: {} } : undefined) }),
  job(examplesOrder, {
    run: async (work, { after = FIRST }) => {
      const last = await reconcileExamples(work, after)
      return last === null ? undefined : { next: { after: last } }
    },
  }),
]

/** After the trash was emptied (02:20), in the company's night. */
const nightly = { zone: TENANT_ZONE, per: 'tenant', catchUp: 'one', input: () => ({}) } as const
export const fieldsSchedules: readonly Schedule[] = [
  schedule({ name: eraseOrder.name, cron: '50 2 * * *', kind: eraseOrder, ...nightly }),
  schedule({ name: examplesOrder.name, cron: '10 3 * * *', kind: examplesOrder, ...nightly }),
]
