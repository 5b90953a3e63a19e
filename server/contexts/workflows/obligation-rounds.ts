import { createHash } from 'node:crypto'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import { Id, Shape } from '#platform/http/shapes.ts'
import { plantIdsAfter } from '#contexts/plants'
import { OBLIGATION_CATALOGUE } from './obligation-catalogue.ts'
import { reconcilePlants } from './reconcile-obligations.ts'

/** Plants per transaction: their rows are locked that long, so a person's change waits for it. */
const BATCH = 100
const FIRST = '00000000-0000-0000-0000-000000000000'

/** One step over a tenant's plants; `after` is the last plant of the step before. */
export const obligationRound = jobKind({
  name: 'obligations.reconcile',
  input: Shape({ after: Id }),
  // What people wait for goes first.
  limits: { seconds: 60, concurrency: 4, priority: -10 },
})

/** Where a round over all plants begins. */
export const wholeRound = { after: FIRST }

/** Kinds of job of this context. */
export const workflowJobs: readonly Job[] = [
  job(obligationRound, {
    run: async (work, { after }) => {
      const ids = await plantIdsAfter(work, after, BATCH)
      await reconcilePlants(work, ids)
      const last = ids.at(-1)
      return last === undefined || ids.length < BATCH ? undefined : { next: { after: last } }
    },
  }),
]

const digest = createHash('sha256').update(JSON.stringify(OBLIGATION_CATALOGUE)).digest('base64url').slice(0, 16)

/**
 * A round over each tenant's plants when its day begins, because a new year opens a new window; and at once where a new
 * version brings a new catalogue.
 */
export const workflowSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'obligations.round', cron: '5 0 * * *', zone: 'tenant', per: 'tenant', catchUp: 'one' },
    ...{ kind: obligationRound, input: () => wholeRound, edition: digest },
  }),
]
