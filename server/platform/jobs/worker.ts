import { setTimeout as sleep } from 'node:timers/promises'
import { HEARTBEAT_MS, openDelivery } from './delivery.ts'
import { jobsByName, type Job } from './job-kind.ts'
import type { JobDeps } from './run-job.ts'
import type { Schedule } from './schedule.ts'
import { onWake } from './wake.ts'
import { drain, heartbeat, lookOnce, type Turns } from './worker-turn.ts'

/** What this installation can do, and when by itself. */
export type WorkerOptions = {
  jobs: readonly Job[]
  schedules: readonly Schedule[]
  /** Jobs at once in this process; of one kind at most half of them. */
  slots: number
}
export type Worker = {
  /** Takes nothing more; what runs has `graceMs` to end, and is given back for others then. */
  stop: (graceMs: number) => Promise<void>
}

/** How often to look where nothing gives a hint: half of it is what a job enqueued by another process waits on average. */
const IDLE_MS = 500
/** Jobs that end within it are settled together. */
const BREATH_MS = 10
const AFTER_ERROR_MS = 1_000

/** Starts to work. Any number of processes may; each does what it gets, and one of them at a time dispatches. */
export async function startWorker(deps: JobDeps, { jobs, schedules, slots }: WorkerOptions): Promise<Worker> {
  const byName = jobsByName(jobs)
  const kinds = jobs.map(({ kind }) => kind)
  const delivery = await openDelivery(deps.custody, kinds, deps.log)
  const stopping = new AbortController()
  let woken = Promise.withResolvers<void>()
  const wake = (): void => woken.resolve()
  const turns: Turns = {
    ...{ deps, delivery, jobs: byName, schedules, slots, wake, running: new Map(), settled: [] },
    ...{ turn: 0, straysAt: 0, schedulesAt: 0 },
  }
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers<void>()
      try {
        await lookOnce(turns)
        await Promise.race([pause(IDLE_MS), woken.promise.then(() => pause(BREATH_MS))])
      } catch (error) {
        deps.log.warn({ err: error }, 'looking for jobs failed; it is tried again')
        await pause(AFTER_ERROR_MS)
      }
    }
  }
  const forget = onWake(wake)
  const working = work()
  const beat = (): Promise<void> =>
    heartbeat(turns).catch((error: unknown) => deps.log.warn({ err: error }, 'a heartbeat of jobs failed'))
  const beating = setInterval(() => void beat(), HEARTBEAT_MS)
  return {
    stop: async (graceMs) => {
      stopping.abort()
      forget()
      await working
      await drain(turns, graceMs)
      clearInterval(beating)
      await delivery.stop()
    },
  }
}
