import { Id, Shape } from '#platform/http/shapes.ts'
import { jobKind } from '#platform/jobs/job-kind.ts'

/** One at a time for a line, however much of its past is told. */
export const restatementOrder = jobKind({
  name: 'oee.restate',
  input: Shape({ line_id: Id }),
  limits: { seconds: 120, concurrency: 4, priority: -5 },
})
