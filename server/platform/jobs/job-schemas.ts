import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, OneOf, Shape, Timestamp } from '../http/shapes.ts'

export const JobState = OneOf(['delayed', 'waiting', 'admitted', 'completed', 'failed', 'cancelled'], {
  description: 'delayed: not due yet; admitted: handed to a worker; failed: dead, until somebody retries it',
})
const KindName = Line(100, { examples: ['obligations.reconcile'] })

/** A job as an administrator sees it: what it was asked with stays inside. */
export const JobAnswer = Type.Object(
  {
    id: Id,
    kind: KindName,
    state: JobState,
    priority: Type.Integer(),
    key: Nullable(Type.String({ description: 'Of one key there is one unfinished job' })),
    run_at: Timestamp,
    attempts: Type.Integer({ description: 'How many have ended' }),
    last_error: Nullable(Type.String({ description: 'A refusal’s code and message' })),
    enqueued_by: Nullable(Id),
    created_at: Timestamp,
    finished_at: Nullable(Timestamp),
  },
  { title: 'Job' },
)
export type JobAnswer = Static<typeof JobAnswer>

export const JobQuery = Shape({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Id),
  state: Type.Optional(JobState),
  kind: Type.Optional(KindName),
})
export type JobQuery = Static<typeof JobQuery>
