/** A worker of a test's own on the database of this run, and what a test asks of jobs. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AllTables } from '#tables'
import { testApp } from '../../test/harness.ts'
import type { Custody } from '../database/custody.ts'
import type { EdgeWork } from '../database/work.ts'
import type { Job } from './job-kind.ts'
import type { Schedule } from './schedule.ts'
import { startWorker, type Worker } from './worker.ts'

/** A kind that no other test has: workers of other tests leave it alone. */
export const kindName = (): string =>
  `test.${Array.from({ length: 16 }, () => String.fromCharCode(97 + randomInt(26))).join('')}`

type Options = { slots?: number; schedules?: Schedule[] }

/** Works until `use` has ended. */
export async function withWorker<T>(
  jobs: Job[],
  use: (worker: Worker) => Promise<T>,
  options: Options = {},
): Promise<T> {
  const { installation, log } = (await testApp()).deps
  const { slots = 8, schedules = [] } = options
  const worker = await startWorker({ ...installation, log }, { jobs, schedules, slots })
  try {
    return await use(worker)
  } finally {
    await worker.stop(0)
  }
}

export const custodyRun = async <T>(use: (custody: Custody<AllTables>) => Promise<T>): Promise<T> =>
  (await testApp()).deps.installation.custody.run(use)

export const rowsOf = (kind: string) =>
  custodyRun(({ db }) => db.selectFrom('control.jobs').selectAll().where('kind', '=', kind).orderBy('id').execute())

/** Waits until it is true; a promise that is kept late fails. */
export async function until(what: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !(await what()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain`)
  }
}

/** Waits until no job of this kind is unfinished. */
export const settled = (kind: string, ms?: number): Promise<void> =>
  until(async () => (await rowsOf(kind)).every(({ finished_at }) => finished_at !== null), ms)

/** Forgets what other tests left to be done of these kinds: for a test that says how long something takes. */
export const forgetWaiting = (jobs: readonly Job[]): Promise<unknown> =>
  custodyRun(({ db }) => {
    const kinds = jobs.map(({ kind }) => kind.name)
    const waiting = db.deleteFrom('control.jobs').where('kind', 'in', kinds)
    return waiting.where('state', 'in', ['waiting', 'delayed']).execute()
  })

/** Does what is due of these kinds now, in whatever state other tests left it; what has to be tried again waits. */
export async function doDue(jobs: Job[]): Promise<void> {
  const kinds = jobs.map(({ kind }) => kind.name)
  const isDone = (): Promise<boolean> =>
    custodyRun(async ({ db }) => {
      const due = db.selectFrom('control.jobs').select('id').where('kind', 'in', kinds)
      return (await due.where('state', 'in', ['waiting', 'admitted']).limit(1).execute()).length === 0
    })
  if (!(await isDone())) await withWorker(jobs, () => until(isDone))
}

/** A trace of the effect, in the transaction of the Work. */
export const leaveTrace = (work: EdgeWork, id: string): void =>
  work.record({ action: 'test.effect', resource: 'job', resource_id: id })

/** Whose effects stand in the trail of a tenant, with repetitions. */
export const traces = (tenantId: string, schema: string): Promise<string[]> =>
  custodyRun(async ({ db }) => {
    const rows = await db
      .withSchema(schema)
      .selectFrom('audit')
      .select('resource_id')
      .where('tenant_id', '=', tenantId)
      .where('action', '=', 'test.effect')
      .execute()
    return rows.map((row) => String(row.resource_id))
  })
