import type { Log } from '../platform/telemetry/log.ts'
import { simulate } from './simulation/simulate.ts'

/** Readings of so many days, and so many a second from then on. */
const DAYS = 90
const RATE = 2
const PERSON = 'manager@pasta.example'

export type Play = { stop: () => Promise<void> }

/**
 * The food company's line runs while the server does, so that there is something to see: the same simulation as `officina simulate`,
 * over the public API. Where it cannot go on, the reason is logged and the server goes on without it.
 */
export function playDemonstration(url: string, password: string, log: Log): Play {
  const over = new AbortController()
  const told = (message: string): void => log.debug({ demonstration: message }, 'demonstration')
  const played = simulate(
    { url, credentials: { email: PERSON, password }, days: DAYS, rate: RATE, told },
    over.signal,
  ).catch((error: unknown) => {
    if (!over.signal.aborted) log.warn({ err: error }, 'the line of the demonstration stands still')
  })
  return {
    stop: () => {
      over.abort(new Error('The server ends'))
      return played
    },
  }
}
