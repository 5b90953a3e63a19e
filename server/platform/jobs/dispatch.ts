import { sql } from 'kysely'
import type { EdgeCustody } from '../database/custody.ts'
import type { Admitted, Delivery } from './delivery.ts'
import { failureOf } from './job-failure.ts'
import type { Job } from './job-kind.ts'
import { jobRefusals } from './job-refusals.ts'
import { settle, type Settlement } from './settle.ts'

/** Who holds it dispatches: the word «jobs» in ASCII. */
const DISPATCHER = 0x6a6f6273
/** Delayed jobs that become due in one transaction. */
const DUE_AT_ONCE = 1_000

/** The database's clock, one for all workers; null where another worker dispatches just now. */
export async function becomeDispatcher({ db }: EdgeCustody): Promise<Date | null> {
  const { rows } = await sql<{ got: boolean; now: string }>`
    select pg_try_advisory_xact_lock(${DISPATCHER}) as got, clock_timestamp() as now`.execute(db)
  return rows[0]?.got ? new Date(rows[0].now) : null
}

/** What is due becomes waiting, and what waits is admitted in turn. Only for the dispatcher. */
export async function admit(
  custody: EdgeCustody,
  delivery: Delivery,
  jobs: ReadonlyMap<string, Job>,
  now: Date,
): Promise<number> {
  const { db } = custody
  await sql`update control.jobs set state = 'waiting' where id in
    (select id from control.jobs where state = 'delayed' and run_at <= ${now.toISOString()}
      order by run_at limit ${DUE_AT_ONCE} for update skip locked)`.execute(db)
  const kinds = [...jobs.values()].map(({ kind }) => kind)
  const { rows } = await sql<Admitted>`
    select * from control.admit_jobs(${kinds.map(({ name }) => name)},
      ${kinds.map(({ limits }) => limits.concurrency)}, ${kinds.map(({ limits }) => limits.perTenant)})`.execute(db)
  for (const [name, admitted] of Map.groupBy(rows, (row) => row.kind)) {
    await delivery.hand(custody, jobs.get(name)!.kind, admitted)
  }
  return rows.length
}

type Stray = { kind: string; delivery: string; attempts: number; failed: boolean }

/** Jobs whose worker is gone: an attempt that failed. Those whose delivery is nowhere wait again. Only for the dispatcher. */
export async function collectStrays(
  custody: EdgeCustody,
  delivery: Delivery,
  jobs: ReadonlyMap<string, Job>,
): Promise<number> {
  const { rows } = await sql<Stray>`
    select j.kind, j.delivery, j.attempts, b.id is not null as failed
      from control.jobs j left join jobs.job b on b.name = j.kind and b.id = j.delivery
     where j.state = 'admitted' and j.kind = any (${[...jobs.keys()]})
       and (b.id is null or b.state not in ('created', 'retry', 'active'))`.execute(custody.db)
  const settled = rows.map(({ kind, delivery: id, attempts, failed }): Settlement => {
    if (!failed) return { kind, delivery: id, outcome: { as: 'released' } }
    const lost = jobRefusals.refuse('jobs.worker_lost')
    // security-ok: chance spreads what is tried again
    const failure = failureOf(lost, attempts + 1, jobs.get(kind)!.kind.limits, Math.random())
    return { kind, delivery: id, outcome: { as: 'failed', failure } }
  })
  await settle(custody, delivery, settled)
  return settled.length
}
