import { MqttClient, type IClientOptions, type IPublishPacket, type Packet } from 'mqtt'
import { Refusal } from '../refusal.ts'
import { FIRST_MS, spread, STEADY_MS, waitAfter } from './back-off.ts'
import { LONGEST_PACKET, openSocket, type SocketOptions } from './open-socket.ts'

export type BrokerMessage = { topic: string; payload: Buffer; retained: boolean; receivedMs: number }
export type BrokerOptions = SocketOptions & {
  clientId: string
  username: string | null
  password: string | null
  version: 4 | 5
  filters: readonly string[]
  /** Writes what came. Resolves when it is committed: only then is it acknowledged. */
  take: (messages: readonly BrokerMessage[]) => Promise<void>
  /** A message that cannot be taken, whatever else is tried. */
  abandoned: (message: BrokerMessage, error: unknown) => void
  /** `resumed` comes with a connection: whether the broker kept the session, and what came meanwhile with it. */
  told: (news: { connected?: boolean; resumed?: boolean; error?: string }) => void
}
export type BrokerConnection = {
  readonly publish: (topic: string, payload: Buffer) => void
  /** Waits for what is being written; the rest stays with the broker. */
  readonly close: () => Promise<void>
}

/** Messages that are taken at once, and that wait at most: more stay in the broker, whose connection is not read meanwhile. */
const BATCH = 500
const MOST_WAITING = 2_000
const GATHER_MS = 5
/** How long a connection may take to say goodbye. */
const CLOSE_MS = 2_000

type Waiting = { message: BrokerMessage; messageId: number | null; session: number }

type Taking = {
  /** `read` is called when there is room for the next. */
  readonly arrived: (one: Waiting, read: () => void) => void
  /** The connection is gone: what was not begun comes again from the broker. */
  readonly forget: () => void
  readonly close: () => Promise<void>
}

/** Takes what arrives in batches, and acknowledges each when it is taken. */
function openTaking(options: BrokerOptions, acknowledge: (one: Waiting & { messageId: number }) => void): Taking {
  const queue: Waiting[] = []
  const held: (() => void)[] = []
  const over = new AbortController()
  let working: Promise<void> | null = null
  let wake: (() => void) | null = null
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => (clearTimeout(timer), resolve())
    })
  /** False where it ended before it was taken. */
  const taken = async (messages: readonly BrokerMessage[]): Promise<boolean> => {
    for (let wait = FIRST_MS; !over.signal.aborted; wait = waitAfter(wait)) {
      try {
        await options.take(messages)
        return true
      } catch (error) {
        if (error instanceof Refusal && error.kind === 'unavailable') {
          options.told({ error: error.message })
          await pause(wait)
        } else if (messages.length === 1) {
          options.abandoned(messages[0]!, error)
          return true
        } else {
          // One of them is to blame: the others shall not wait for it.
          const half = Math.ceil(messages.length / 2)
          return (await taken(messages.slice(0, half))) && taken(messages.slice(half))
        }
      }
    }
    return false
  }
  const drain = async (): Promise<void> => {
    await pause(GATHER_MS)
    while (queue.length > 0 && !over.signal.aborted) {
      const batch = queue.splice(0, BATCH)
      for (const read of held.splice(0)) read()
      if (!(await taken(batch.map(({ message }) => message)))) break
      for (const one of batch) if (one.messageId !== null) acknowledge({ ...one, messageId: one.messageId })
    }
    working = null
  }
  return {
    arrived: (one, read) => {
      queue.push(one)
      working ??= drain()
      if (queue.length < MOST_WAITING) read()
      else held.push(read)
    },
    forget: () => void queue.splice(0, queue.length, ...queue.filter(({ messageId }) => messageId === null)),
    close: async () => {
      over.abort()
      wake?.()
      await working
      for (const read of held.splice(0)) read()
    },
  }
}

function settingsOf({ version, clientId, username, password }: BrokerOptions): IClientOptions {
  return {
    ...{ protocolVersion: version, clientId, clean: false },
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...{ keepalive: 30, connectTimeout: 20_000, reconnectPeriod: FIRST_MS, reconnectOnConnackError: true },
    ...{ resubscribe: false, queueQoSZero: false },
    // A day: whoever is away longer begins anew.
    ...(version === 5 && {
      properties: { sessionExpiryInterval: 86_400, receiveMaximum: BATCH, maximumPacketSize: LONGEST_PACKET },
    }),
  }
}

function subscribe(client: MqttClient, { filters, version, told }: BrokerOptions, subscribed: () => void): void {
  client.subscribe([...filters], { qos: 1, ...(version === 5 && { rh: 1 }) }, (error, granted) => {
    const none = granted?.filter(({ qos }) => qos > 2).map(({ topic }) => topic) ?? []
    if (error) told({ connected: true, error: `Subscribing failed: ${error.message}` })
    else if (none.length > 0) told({ connected: true, error: `The broker refused: ${none.join(', ')}` })
    else subscribed()
  })
}

/**
 * A subscription that loses nothing: the session outlives the connection, and a message of quality of service 1 is acknowledged
 * when it was taken. MQTT.js would acknowledge each before it reads the next, one commit a message; here they are taken together,
 * so the packet is shown to it as one that needs no acknowledgement, and that is sent from here.
 */
export function connectToBroker(options: BrokerOptions): BrokerConnection {
  let [session, wait] = [0, FIRST_MS]
  let steady: NodeJS.Timeout | undefined
  let socket: ReturnType<typeof openSocket> | undefined
  const open = (): ReturnType<typeof openSocket> => {
    socket = openSocket(options)
    // MQTT.js keeps most of what happens to a socket to itself.
    socket.on('error', (error) => options.told({ connected: false, error: error.message || String(error) }))
    return socket
  }
  const client = new MqttClient(open, settingsOf(options))
  const taking = openTaking(options, ({ messageId, session: of }) => {
    // An acknowledgement belongs to the connection on which the message came.
    if (of !== session) return
    // Not in its types, and guarded by a test with a real broker.
    const sender = client as unknown as { _sendPacket: (packet: { cmd: 'puback'; messageId: number }) => void }
    // oxlint-disable-next-line no-underscore-dangle
    sender._sendPacket({ cmd: 'puback', messageId })
  })
  /** What MQTT.js waits after the connection that is open, or was tried, ends. */
  const waiting = (ms: number): void => {
    wait = ms
    // security-ok: so that not all come back at once
    client.options.reconnectPeriod = spread(ms, Math.random())
  }
  client.on('connect', ({ sessionPresent }) => {
    session += 1
    // One that is let in and thrown out at once is no better off than one that is refused.
    steady = setTimeout(waiting, STEADY_MS, FIRST_MS)
    subscribe(client, options, () => options.told({ connected: true, resumed: sessionPresent }))
  })
  client.on('error', (error) => {
    options.told({ connected: false, error: error.message || String(error) })
    // MQTT.js would read on behind bytes that are no packet.
    socket?.destroy()
  })
  client.on('close', () => {
    session += 1
    clearTimeout(steady)
    waiting(waitAfter(wait))
    taking.forget()
    options.told({ connected: false })
  })
  const owed = new WeakMap<object, number>()
  client.on('packetreceive', (packet: Packet) => {
    if (packet.cmd !== 'publish' || packet.qos !== 1 || packet.messageId === undefined) return
    owed.set(packet, packet.messageId)
    packet.qos = 0
  })
  client.handleMessage = (packet: IPublishPacket, done: (error?: Error) => void): void => {
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload)
    const message = { topic: packet.topic, payload, retained: packet.retain, receivedMs: Date.now() }
    taking.arrived({ message, messageId: owed.get(packet) ?? null, session }, () => done())
  }
  return {
    publish: (topic, payload) => void client.publish(topic, payload, { qos: 0 }),
    close: async () => {
      clearTimeout(steady)
      await taking.close()
      // A broker that is gone never takes what is on its way to it.
      const timer = setTimeout(() => socket?.destroy(), CLOSE_MS)
      const gone = new Promise<void>((resolve) => void client.once('close', resolve))
      const ended = client.endAsync(!client.connected).catch(() => undefined)
      await Promise.race([ended, gone])
      clearTimeout(timer)
    },
  }
}
