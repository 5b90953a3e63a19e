import { Type } from 'typebox'
import { Shape } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

/** Enqueued when a content was cut, key: the sha256. Asks the model for the vectors that its passages lack. */
export const vectorsOrder = jobKind({
  name: 'documents.make_vectors',
  input: Shape({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  limits: { seconds: 1_800, attempts: 8, wait: 30, concurrency: 4, perTenant: 2, priority: -6 },
})

/** Brings a company's passages and vectors to what is configured now: one step, in a transaction of its own. */
export const refreshOrder = jobKind({
  name: 'documents.refresh_search',
  input: Shape({}),
  limits: { seconds: 120, concurrency: 2, perTenant: 1, priority: -8 },
})
