import type { Kysely } from 'kysely'
import { newId } from '../new-id.ts'
import type { Owned } from '#tables'
import type { EdgeCustody } from '../database/custody.ts'
import type { EdgeWork } from '../database/work.ts'
import type { JobKind } from './job-kind.ts'
import { wakeWorkers } from './wake.ts'

export type JobTables = Owned<'control.jobs'>

export type EnqueueOptions = {
  /** While a job of this tenant and kind with this key is unfinished, no second one is made. */
  key?: string
  /** Not before. */
  runAt?: Date
  /** Instead of the kind's own. */
  priority?: number
}

type Order = EnqueueOptions & { tenantId: string | null; enqueuedBy: string | null; now: Date }

/** One row; null where its key is taken. It must not ask what it inserted: while somebody signs in it is not to be seen. */
export async function insertJob<Input>(
  db: Kysely<JobTables>,
  { name, limits, misfit }: JobKind<Input>,
  input: Input,
  { tenantId, enqueuedBy, now, key, runAt = now, priority = limits.priority }: Order,
): Promise<string | null> {
  const wrong = misfit(input)
  if (wrong !== null) throw new Error(`A job ${name} cannot be enqueued: ${wrong}`)
  const id = newId()
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('control.jobs')
    .values({
      ...{ id, tenant_id: tenantId, kind: name, payload: JSON.stringify(input), priority, key: key ?? null },
      ...{ state: runAt > now ? 'delayed' : 'waiting', run_at: runAt.toISOString(), enqueued_by: enqueuedBy },
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 0n ? null : id
}

const NO_TENANT = '00000000-0000-0000-0000-000000000000'

/**
 * Asks for a job in the transaction of the change: it is there when that is committed, and not otherwise. Answers with its id,
 * or null where one with the same key is unfinished. While somebody signs in there is no tenant: the job is then the
 * installation's own.
 */
export async function enqueue<Input>(
  work: EdgeWork,
  kind: JobKind<Input>,
  input: Input,
  options: EnqueueOptions = {},
): Promise<string | null> {
  const tenantId = work.tenantId === NO_TENANT ? null : work.tenantId
  const order = { ...options, tenantId, enqueuedBy: work.actor.id, now: work.now }
  const id = await insertJob(work.db, kind, input, order)
  work.afterCommit(wakeWorkers)
  return id
}

/** The same for a tenant or for the installation itself, in a transaction of custody. */
export const enqueueFor = <Input>(
  { db, now }: EdgeCustody,
  tenantId: string | null,
  kind: JobKind<Input>,
  input: Input,
  options: EnqueueOptions = {},
): Promise<string | null> => insertJob(db, kind, input, { ...options, tenantId, enqueuedBy: null, now })
