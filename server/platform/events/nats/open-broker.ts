import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream'
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { readFile } from 'node:fs/promises'
import type { Config } from '#config'
import type { Log } from '../../telemetry/log.ts'

/** Where the bus is, and how we enter. */
export type BusSettings = Pick<Config, 'NATS_STREAM' | 'NATS_SUBJECT_PREFIX' | 'NATS_CREDENTIALS' | 'NATS_CA'> & {
  readonly NATS_URL: string
}

const AGAIN_MS = 2_000
const STREAM_NOT_FOUND = 10_059

async function optionsOf({ NATS_URL, NATS_CREDENTIALS, NATS_CA }: BusSettings): Promise<NodeConnectionOptions> {
  const urls = NATS_URL.split(',').map((one) => new URL(one.trim()))
  const { username, password } = urls[0]!
  const tls = NATS_CA !== undefined || urls.some(({ protocol }) => protocol === 'tls:')
  return {
    servers: urls.map(({ host }) => host),
    name: 'officina',
    ...(username !== '' && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(NATS_CREDENTIALS !== undefined && { authenticator: credsAuthenticator(await readFile(NATS_CREDENTIALS)) }),
    ...(tls && { tls: NATS_CA === undefined ? {} : { caFile: NATS_CA } }),
    ...{ maxReconnectAttempts: -1, reconnectTimeWait: 1_000, timeout: 5_000, pingInterval: 10_000, maxPingOut: 2 },
  }
}

/** One try, for who looks whether there is a broker. */
export const connectOnce = async (settings: BusSettings): Promise<NatsConnection> =>
  connect({ ...(await optionsOf(settings)), reconnect: false })

/** A connection that comes back by itself. */
export type Broker = {
  /** Null while there has never been one. */
  readonly connection: () => NatsConnection | null
  readonly stop: () => Promise<void>
}

/** Connects, and keeps trying where nobody answers: a broker that is away keeps nothing from starting. */
export function openBroker(settings: BusSettings, log: Log): Broker {
  const stopping = new AbortController()
  let connection: NatsConnection | null = null
  const keepConnected = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        connection = await connect(await optionsOf(settings))
        log.info({ server: connection.getServer() }, 'connected to NATS')
        // It reconnects by itself; that it closed all the same means that its credentials are no longer taken.
        await connection.closed()
      } catch (error) {
        log.warn({ err: error }, 'NATS does not answer; trying again')
      }
      await sleep(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const connecting = keepConnected()
  return {
    connection: () => connection,
    stop: async () => {
      stopping.abort()
      await connection?.close()
      await connecting
    },
  }
}

/** The stream, made where there is none: on disk, for as long as its operator wants; one that stands is left as it is. */
export async function openStream(
  connection: NatsConnection,
  { NATS_STREAM: name, NATS_SUBJECT_PREFIX: prefix }: BusSettings,
  make = true,
): Promise<JetStreamClient> {
  const client = jetstream(connection, { timeout: 5_000 })
  const { streams } = await client.jetstreamManager()
  await streams.info(name).catch(async (error: unknown) => {
    if (!make || !(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error
    await streams.add({ name, subjects: [`${prefix}.>`] })
  })
  return client
}
