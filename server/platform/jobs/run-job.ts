import type { CustodyDoor } from '../database/custody.ts'
import { systemScope } from '../database/system-scope.ts'
import type { Database, EdgeWork } from '../database/work.ts'
import type { Log } from '../telemetry/log.ts'
import { failureOf } from './job-failure.ts'
import type { Job, RunningJob, Step } from './job-kind.ts'
import { jobRefusals } from './job-refusals.ts'
import type { Outcome } from './settle.ts'

export type JobDeps = { database: Database; custody: CustodyDoor; log: Log }
export type Taken = {
  id: string
  tenant_id: string | null
  kind: string
  payload: unknown
  attempts: number
  enqueued_by: string | null
  delivery: string
}

/** Why a job under way was ended from outside; what it was about to write is rolled back. */
export class Ended extends Error {
  readonly outcome: Outcome
  constructor(outcome: Outcome) {
    super('The job was ended from outside')
    this.name = 'Ended'
    this.outcome = outcome
  }
}

/** The job is no longer this delivery's: cancelled, or given to another worker, which has done it or will. */
const taken = (): Ended => new Ended({ as: 'done' })

/**
 * Rejects when the signal aborts, whatever the handler makes of it; where it did already, the handler is not even begun: what it
 * rejects with later, when its Work has ended, nobody would hear, and that ends a process.
 */
async function inTime<T>(signal: AbortSignal, begin: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const over = Promise.withResolvers<never>()
  const end = (): void => over.reject(signal.reason as Error)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([begin(), over.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

const held = ({ db }: Pick<EdgeWork, 'db'>, { id, tenant_id, delivery }: Taken) =>
  db
    .updateTable('control.jobs')
    .where('id', '=', id)
    .where('tenant_id', tenant_id === null ? 'is' : '=', tenant_id)
    .where('state', '=', 'admitted')
    .where('delivery', '=', delivery)

/** Completed, or waiting with its next input: in the transaction of the effect, which is undone where this is not allowed. */
async function mark(work: Pick<EdgeWork, 'db' | 'now'>, row: Taken, step: Step<unknown>): Promise<void> {
  const change = step
    ? { state: 'waiting', payload: JSON.stringify(step.next), attempts: 0 }
    : { state: 'completed', finished_at: work.now.toISOString(), attempts: row.attempts + 1 }
  const { numUpdatedRows } = await held(work, row)
    .set({ ...change, delivery: null, last_error: null })
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw taken()
}

/** First of all, so that the handler's first statement is not the first of its Work, whose `finish` would end it. */
async function claim({ db, tenantId }: EdgeWork, { id, delivery }: Taken): Promise<void> {
  const row = await db
    .selectFrom('control.jobs')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('delivery', '=', delivery)
    .executeTakeFirst()
  if (!row) throw taken()
}

async function perform(
  { database, custody }: JobDeps,
  { handler }: Job,
  row: Taken,
  job: RunningJob,
): Promise<Outcome> {
  if ('reach' in handler) {
    await inTime(job.signal, () => handler.reach(row.payload, job))
    return { as: 'completed' }
  }
  if ('administer' in handler) {
    await custody.run(async (work) =>
      mark(work, row, await inTime(job.signal, () => handler.administer(work, row.payload, job))),
    )
    return { as: 'done' }
  }
  if (job.tenantId === null) throw new Error(`The kind ${row.kind} is done in a tenant, and this job has none`)
  await database.write(systemScope(job.tenantId, `${row.kind} ${row.id}`), async (work) => {
    await claim(work, row)
    await mark(work, row, await inTime(job.signal, () => handler.run(work, row.payload, job)))
  })
  return { as: 'done' }
}

/** One attempt. Never throws: what went wrong is the outcome. `stop` ends it from outside, with an `Ended`. */
export async function runJob(deps: JobDeps, job: Job, row: Taken, stop: AbortSignal): Promise<Outcome> {
  const { name, limits, misfit } = job.kind
  const attempt = row.attempts + 1
  const wrong = misfit(row.payload)
  const details = wrong === null ? [] : [{ field: '', message: wrong }]
  const over = new AbortController()
  const clock = setTimeout(() => over.abort(jobRefusals.refuse('jobs.time_limit')), limits.seconds * 1000)
  try {
    if (wrong !== null) throw jobRefusals.refuse('jobs.misfit', { details })
    const signal = AbortSignal.any([stop, over.signal])
    return await perform(deps, job, row, {
      ...{ id: row.id, tenantId: row.tenant_id, attempt, enqueuedBy: row.enqueued_by, signal },
    })
  } catch (error) {
    if (error instanceof Ended) return error.outcome
    // security-ok: chance spreads what is tried again
    const failure = failureOf(error, attempt, limits, Math.random())
    const level = failure.retryInMs === null ? 'error' : 'warn'
    const said = { err: error as Error, job: row.id, kind: name, tenant_id: row.tenant_id, attempt }
    deps.log[level](said, failure.retryInMs === null ? 'a job failed for good' : 'a job failed and is tried again')
    return { as: 'failed', failure }
  } finally {
    clearTimeout(clock)
  }
}
