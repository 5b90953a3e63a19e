import { sql } from 'kysely'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EdgeCustody } from '../database/custody.ts'
import type { Delivery } from './delivery.ts'
import { admit, becomeDispatcher, collectStrays } from './dispatch.ts'
import type { Job } from './job-kind.ts'
import { Ended, runJob, type JobDeps, type Taken } from './run-job.ts'
import { keepSchedules, runSchedules } from './run-schedules.ts'
import type { Schedule } from './schedule.ts'
import { settle, type Settlement } from './settle.ts'

const STRAYS_EVERY_MS = 3_000
const SCHEDULES_EVERY_MS = 60_000

type Underway = { kind: string; control: AbortController; done: Promise<void> }

/** What a worker holds from one look to the next. */
export type Turns = {
  readonly deps: JobDeps
  readonly delivery: Delivery
  readonly jobs: ReadonlyMap<string, Job>
  readonly schedules: readonly Schedule[]
  readonly slots: number
  readonly wake: () => void
  /** By delivery. */
  readonly running: Map<string, Underway>
  settled: Settlement[]
  /** Rotates, so that no kind is always the first to be asked. */
  turn: number
  straysAt: number
  schedulesAt: number
}

/** What the one dispatcher does, some of it in intervals of its own. */
async function direct(turns: Turns, custody: EdgeCustody): Promise<void> {
  const now = await becomeDispatcher(custody)
  if (now === null) return
  const { delivery, jobs, schedules } = turns
  if (performance.now() >= turns.straysAt) {
    await collectStrays(custody, delivery, jobs)
    turns.straysAt = performance.now() + STRAYS_EVERY_MS
  }
  if (performance.now() >= turns.schedulesAt) {
    await keepSchedules(custody, schedules, now)
    turns.schedulesAt = performance.now() + SCHEDULES_EVERY_MS
  }
  await runSchedules(custody, schedules, now)
  await admit(custody, delivery, jobs, now)
}

/** Fetches what was admitted, as far as there is room for it. */
async function take({ delivery, jobs, slots, running, turn }: Turns, custody: EdgeCustody): Promise<Taken[]> {
  let room = slots - running.size
  if (room <= 0) return []
  const { rows } = await sql<{ kind: string }>`
    select kind from control.jobs where state = 'admitted' group by kind order by kind`.execute(custody.db)
  const kinds = rows.map((row) => row.kind).filter((kind) => jobs.has(kind))
  const share = Math.ceil(slots / 2)
  const found: Taken[] = []
  for (let i = 0; i < kinds.length && room > 0; i++) {
    const kind = kinds[(i + turn) % kinds.length]!
    const own = [...running.values()].filter((one) => one.kind === kind).length
    const most = Math.min(room, share - own)
    if (most <= 0) continue
    const got = await delivery.take(custody, kind, most)
    if (got.length === 0) continue
    const ours = await jobsOf(custody, got)
    found.push(...ours)
    room -= ours.length
    const cancelled = got.filter((id) => !ours.some((row) => row.delivery === id))
    if (cancelled.length > 0) await delivery.drop(custody, kind, cancelled)
  }
  return found
}

/** The jobs of these deliveries; one that was cancelled meanwhile is not among them. */
async function jobsOf({ db }: EdgeCustody, deliveries: string[]): Promise<Taken[]> {
  const { rows } = await sql<Taken>`
    select id, tenant_id, kind, payload, attempts, enqueued_by, delivery from control.jobs
     where state = 'admitted' and delivery = any (${deliveries}::uuid[])`.execute(db)
  return rows
}

/** One transaction: what ended is settled, what waits is admitted where nobody else is at it, what was admitted is taken. */
export async function lookOnce(turns: Turns): Promise<void> {
  const settling = turns.settled
  turns.settled = []
  try {
    const rows = await turns.deps.custody.run(async (custody) => {
      await settle(custody, turns.delivery, settling)
      await direct(turns, custody)
      return take(turns, custody)
    })
    turns.turn += 1
    for (const row of rows) launch(turns, row)
  } catch (error) {
    // It is not known whether it was committed; to write it again is harmless.
    turns.settled.unshift(...settling)
    throw error
  }
}

function launch(turns: Turns, row: Taken): void {
  const { kind, delivery } = row
  const control = new AbortController()
  const doing = async (): Promise<void> => {
    const outcome = await runJob(turns.deps, turns.jobs.get(kind)!, row, control.signal)
    turns.running.delete(delivery)
    turns.settled.push({ kind, delivery, outcome })
    turns.wake()
  }
  turns.running.set(delivery, { kind, control, done: doing() })
}

/** Says that these jobs' worker lives, and ends those that are its own no longer. */
export async function heartbeat({ deps, delivery, running }: Turns): Promise<void> {
  if (running.size === 0) return
  const asked = [...running]
  const held = await deps.custody.run(async (custody) => {
    for (const [kind, all] of Map.groupBy(asked, ([, one]) => one.kind)) {
      const ids = all.map(([id]) => id)
      await delivery.heartbeat(custody, kind, ids)
    }
    return jobsOf(
      custody,
      asked.map(([id]) => id),
    )
  })
  const ours = new Set(held.map((row) => row.delivery))
  for (const [id, { control }] of asked) if (!ours.has(id)) control.abort(new Ended({ as: 'done' }))
}

/** Waits for what runs, gives back what is not done in time, and settles all of it. */
export async function drain(turns: Turns, graceMs: number): Promise<void> {
  const { running, deps, delivery } = turns
  const ends = Promise.all([...running.values()].map(({ done }) => done))
  const clock = new AbortController()
  await Promise.race([ends, sleep(graceMs, undefined, { signal: clock.signal }).catch(() => undefined)])
  clock.abort()
  for (const { control } of running.values()) control.abort(new Ended({ as: 'released' }))
  await ends
  await deps.custody
    .run((custody) => settle(custody, delivery, turns.settled))
    .catch((error: unknown) => deps.log.warn({ err: error }, 'jobs under way were not given back; others take them'))
}
