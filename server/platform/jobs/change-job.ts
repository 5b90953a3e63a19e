import { sql, type Kysely } from 'kysely'
import type { EdgeCustody } from '../database/custody.ts'
import { violated } from '../database/database-refusals.ts'
import type { Work } from '../database/work.ts'
import type { JobTables } from './enqueue.ts'
import { jobRefusals } from './job-refusals.ts'
import type { JobAnswer } from './job-schemas.ts'
import { getJob } from './list-jobs.ts'
import { wakeWorkers } from './wake.ts'

const ENDED = new Set(['completed', 'failed', 'cancelled'])
type Db = Kysely<JobTables>

/** `null` is the state of what is not there. */
function refuseRetry(state: string | null): never {
  if (state === null) throw jobRefusals.refuse('jobs.not_found')
  throw jobRefusals.refuse(state === 'completed' ? 'jobs.done' : 'jobs.unfinished')
}
function refuseCancel(state: string | null): never {
  throw jobRefusals.refuse(state === null ? 'jobs.not_found' : 'jobs.ended')
}

const ofTenant = (db: Db, id: string, tenantId: string | undefined) => {
  const row = db.updateTable('control.jobs').where('id', '=', id)
  return tenantId === undefined ? row : row.where('tenant_id', '=', tenantId)
}

async function stateOf(db: Db, id: string, tenantId: string | undefined): Promise<string | null> {
  let row = db.selectFrom('control.jobs').select('state').where('id', '=', id)
  if (tenantId !== undefined) row = row.where('tenant_id', '=', tenantId)
  return (await row.executeTakeFirst())?.state ?? null
}

/** What is dead or was cancelled is tried anew, with all its attempts. */
async function retry(db: Db, id: string, tenantId?: string): Promise<void> {
  const again = { state: 'waiting', run_at: sql<string>`now()`, attempts: 0, finished_at: null }
  const { numUpdatedRows } = await ofTenant(db, id, tenantId)
    .where('state', 'in', ['failed', 'cancelled'])
    .set(again)
    .executeTakeFirst()
    .catch((error: unknown) => {
      throw violated(error) === 'jobs_by_key' ? jobRefusals.refuse('jobs.key_taken') : error
    })
  if (numUpdatedRows === 0n) refuseRetry(await stateOf(db, id, tenantId))
}

/** It ends at once, also for a worker that is at it: what that one would write is not committed any more. */
async function cancel(db: Db, id: string, tenantId?: string): Promise<void> {
  const ended = { state: 'cancelled', finished_at: sql<string>`now()`, delivery: null }
  const { numUpdatedRows } = await ofTenant(db, id, tenantId)
    .where('state', 'not in', [...ENDED])
    .set(ended)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) refuseCancel(await stateOf(db, id, tenantId))
}

/** Tries a job of the tenant anew that is dead or was cancelled. */
export async function retryJob(work: Work<JobTables>, id: string): Promise<JobAnswer> {
  await retry(work.db, id, work.tenantId)
  work.record({ action: 'jobs.retried', resource: 'job', resource_id: id })
  work.afterCommit(wakeWorkers)
  return getJob(work, id)
}

/** Ends a job of the tenant that is not done. A call to the outside that is under way may still have its effect there. */
export async function cancelJob(work: Work<JobTables>, id: string): Promise<JobAnswer> {
  await cancel(work.db, id, work.tenantId)
  work.record({ action: 'jobs.cancelled', resource: 'job', resource_id: id })
  return getJob(work, id)
}

/** The same for whoever runs the installation, over any tenant's jobs. */
export const retryAnyJob = ({ db }: EdgeCustody, id: string): Promise<void> => retry(db as Db, id)
export const cancelAnyJob = ({ db }: EdgeCustody, id: string): Promise<void> => cancel(db as Db, id)

/** All dead ones of a kind or of every kind; one whose key is taken meanwhile stays dead. Answers with how many. */
export async function retryDead({ db }: EdgeCustody, kind?: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update control.jobs j set state = 'waiting', run_at = now(), attempts = 0, finished_at = null
     where id in (select distinct on (tenant_id, kind, coalesce(key, id::text)) d.id from control.jobs d
                   where d.state = 'failed' and (${kind ?? null}::text is null or d.kind = ${kind ?? null})
                     and not exists (select from control.jobs o where o.tenant_id is not distinct from d.tenant_id
                                        and o.kind = d.kind and o.key = d.key and o.state in ('delayed', 'waiting', 'admitted')))`.execute(
    db,
  )
  return Number(numAffectedRows ?? 0n)
}
