import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../telemetry/log.ts'

/** Whatever notice was lost, nobody waits longer than this. Through a PgBouncer in transaction mode none comes at all. */
const POLL_MS = 250
const AGAIN_MS = 1_000

/** Tells when events may have got their places, in whichever process. A hint: who hears it looks for itself. */
export type Hearing = {
  /** Returns what ends it. While nobody listens nothing is polled. */
  readonly listen: (heard: () => void) => () => void
  readonly stop: () => Promise<void>
}

/** One connection of the process, from the first listener on, past any pooler. */
export function openHearing(connectionString: string, log: Log): Hearing {
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const heard of listeners) heard()
  }
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let connecting: Promise<void> | undefined
  const keepConnected = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await hearOn(connectionString, tell, stopping.signal).catch((error: unknown) =>
        log.warn({ err: error }, 'notices of events are not heard; looking every 250 ms instead'),
      )
      await sleep(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  return {
    listen: (heard) => {
      listeners.add(heard)
      timer ??= setInterval(tell, POLL_MS)
      connecting ??= keepConnected()
      return () => {
        listeners.delete(heard)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    stop: async () => {
      stopping.abort()
      clearInterval(timer)
      await connecting
    },
  }
}

/** Listens until the connection ends or `signal` says so. */
async function hearOn(connectionString: string, heard: () => void, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    application_name: 'officina hearing',
  })
  const over = Promise.withResolvers<void>()
  client.on('error', over.reject)
  client.on('end', () => over.resolve())
  client.on('notification', heard)
  const onAbort = (): void => over.resolve()
  signal.addEventListener('abort', onAbort)
  try {
    await client.connect()
    await client.query('listen officina_events')
    // What was numbered while nobody listened.
    heard()
    if (!signal.aborted) await over.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    await client.end().catch(() => undefined)
  }
}
