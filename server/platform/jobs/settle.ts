import { sql } from 'kysely'
import type { Custody } from '../database/custody.ts'
import type { Delivery } from './delivery.ts'
import type { JobTables } from './enqueue.ts'
import type { Failure } from './job-failure.ts'

/** What became of one delivery, as its worker tells. */
export type Outcome =
  /** Marked in the transaction of its effect, or taken from this worker: only the delivery is left to drop. */
  | { as: 'done' }
  | { as: 'completed' }
  | { as: 'failed'; failure: Failure; misfit?: boolean }
  /** Not begun anew and not counted: the worker goes down. */
  | { as: 'released' }
export type Settlement = { kind: string; delivery: string; outcome: Outcome }

type Tables = Custody<JobTables>

/** Those that are still this delivery's: one that was cancelled or given to another worker is left as it is. */
const heldBy = ({ db }: Tables, deliveries: readonly string[]) =>
  db.updateTable('control.jobs').where('delivery', 'in', deliveries).where('state', '=', 'admitted')

const ended = { delivery: null, finished_at: sql<string>`now()` }

async function settleFailure(work: Tables, delivery: string, { reason, retryInMs }: Failure): Promise<void> {
  const change =
    retryInMs === null
      ? { state: 'failed', ...ended }
      : { state: 'delayed', delivery: null, run_at: sql<string>`now() + ${retryInMs} * interval '1 millisecond'` }
  await heldBy(work, [delivery])
    .set({ ...change, last_error: reason, attempts: sql`attempts + 1` })
    .execute()
}

/** Writes what became of them and drops the deliveries; safe to repeat. */
export async function settle(custody: Custody, delivery: Delivery, settled: readonly Settlement[]): Promise<void> {
  if (settled.length === 0) return
  const work = custody as Tables
  const of = (as: Outcome['as']): string[] =>
    settled.filter(({ outcome }) => outcome.as === as).map((one) => one.delivery)
  const [completed, released] = [of('completed'), of('released')]
  if (completed.length > 0) {
    const done = { state: 'completed', ...ended, last_error: null, attempts: sql<number>`attempts + 1` }
    await heldBy(work, completed).set(done).execute()
  }
  if (released.length > 0) await heldBy(work, released).set({ state: 'waiting', delivery: null }).execute()
  for (const { delivery: id, outcome } of settled)
    if (outcome.as === 'failed') await settleFailure(work, id, outcome.failure)
  for (const [kind, all] of Map.groupBy(settled, (one) => one.kind)) {
    await delivery.drop(
      custody,
      kind,
      all.map((one) => one.delivery),
    )
  }
}
