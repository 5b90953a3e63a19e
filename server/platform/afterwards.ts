import { setImmediate } from 'node:timers/promises'
import type { Log } from './telemetry/log.ts'

/**
 * What a request starts and its answer does not wait for: notes of failed sign-ins, which must not tell by the time they take
 * that there is an account. It may be lost when the process is killed, so nothing that was promised belongs here: that is a job.
 * Failures are logged and reach nobody.
 */
export type Afterwards = {
  run: (what: string, work: (signal: AbortSignal) => Promise<unknown>) => void
  /** Resolves when nothing is under way. */
  settled: () => Promise<void>
}

const TIME_LIMIT_MS = 30_000
/** Beyond this something outside stands still, and keeping more would only fill the memory. */
const MOST_UNDER_WAY = 1_000

export function openAfterwards(log: Log): Afterwards {
  const underWay = new Set<Promise<void>>()
  return {
    run: (what, work) => {
      if (underWay.size >= MOST_UNDER_WAY) {
        log.error({ what }, 'too much is under way: this was left out')
        return
      }
      const running = (async () => {
        try {
          // The answer goes out first.
          await setImmediate()
          await work(AbortSignal.timeout(TIME_LIMIT_MS))
        } catch (error) {
          log.error({ err: error, what }, 'what was to be done afterwards failed')
        }
      })()
      underWay.add(running)
      void running.then(() => underWay.delete(running))
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
