import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/transport-node'
import pg from 'pg'
import type { Log } from '../../telemetry/log.ts'
import type { Hearing } from '../hear.ts'
import { placeSubscribers } from '../next-deliveries.ts'
import { openBroker, openStream, type BusSettings } from './open-broker.ts'
import { BUS, publishEvents, type Publishing } from './publish-events.ts'

export type Bus = {
  /** Rejects while the broker does not answer, or does not take events. */
  readonly check: () => Promise<void>
  readonly stop: () => Promise<void>
}
type BusDeps = Omit<Publishing, 'settings'> & {
  readonly hearing: Hearing
  readonly log: Log
  /** Past any pooler: it holds a lock of its session. */
  readonly connectionString: string
}

const AGAIN_MS = 1_000

/** Holds the lock on a connection of its own while `lead` runs; one process at a time leads. */
async function whileLeading(
  connectionString: string,
  stopping: AbortSignal,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({
    ...{ connectionString, keepAlive: true, connectionTimeoutMillis: 5_000, application_name: 'officina bus' },
  })
  const lost = new AbortController()
  client.on('error', () => lost.abort())
  client.on('end', () => lost.abort())
  const signal = AbortSignal.any([stopping, lost.signal])
  try {
    await client.connect()
    while (!signal.aborted) {
      const { rows } = await client.query("select pg_try_advisory_lock(hashtext('officina.bus')) as got")
      if (rows[0].got === true) {
        await lead(signal)
        return
      }
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * The bus to other systems: every process is connected, one of them publishes. Nobody waits for it: a broker that is away leaves the
 * place of the bus where it is, and what happened meanwhile follows in order when it is back.
 */
export async function runBus(deps: BusDeps, settings: BusSettings): Promise<Bus> {
  const { custody, hearing, log, connectionString } = deps
  await placeSubscribers(custody, [{ name: BUS, from: 'now' }])
  const stopping = new AbortController()
  const { signal } = stopping
  const broker = openBroker(settings, log)
  let failing = false
  let news = Promise.withResolvers<void>()
  const forget = hearing.listen(() => news.resolve())
  const heard = async (): Promise<void> => {
    await news.promise
    news = Promise.withResolvers<void>()
  }
  const publishOn = async (connection: NatsConnection, leading: AbortSignal): Promise<void> => {
    const client = await openStream(connection, settings)
    failing = false
    await publishEvents(client, { ...deps, settings }, { heard, signal: leading })
  }
  const lead = async (leading: AbortSignal): Promise<void> => {
    while (!leading.aborted) {
      const connection = broker.connection()
      if (connection !== null && !connection.isClosed())
        await publishOn(connection, leading).catch((error: unknown) => {
          failing = true
          if (!leading.aborted) log.warn({ err: error }, 'events were not published to NATS; trying again')
        })
      await sleep(AGAIN_MS, undefined, { signal: leading }).catch(() => undefined)
    }
  }
  const keepLeading = async (): Promise<void> => {
    while (!signal.aborted) {
      await whileLeading(connectionString, signal, lead).catch((error: unknown) =>
        log.warn({ err: error }, 'nobody is known to publish to NATS; trying again'),
      )
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  const working = keepLeading()
  return {
    check: async () => {
      const connection = broker.connection()
      if (connection === null || failing) throw new Error('NATS does not take events')
      await connection.rtt()
    },
    stop: async () => {
      stopping.abort()
      // Whoever waits for news sees that it is over.
      news.resolve()
      forget()
      await broker.stop()
      await working
    },
  }
}
