/** Clients that follow events through real sockets, and servers of their own for them. */
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventKinds, type App } from '../../app.ts'
import { appWith, testApp, type TestUser } from '../../test/harness.ts'
import type { Caller } from '../http/edge.ts'
import { ownServer } from '../http/http.fixture.ts'
import { openHearing } from './hear.ts'
import { LIVE_LIMITS, openLive, type LiveLimits } from './live.ts'
import { liveRoutes } from './live-routes.ts'
import { eventRefusals } from './refusals.ts'

const portOf = (http: App['http']): number => (http.server.address() as AddressInfo).port

/** The whole application, listening: one more process on the database, but for the memory that it shares. */
export async function listeningApp(): Promise<{ port: number; app: App } & AsyncDisposable> {
  const app = await appWith({})
  await app.http.listen({ host: '127.0.0.1', port: 0 })
  return { port: portOf(app.http), app, [Symbol.asyncDispose]: () => app.close() }
}

type Odd = { hearingUrl?: string; tokenMs?: number }
type LiveServer = {
  port: number
  /** Bytes that were sent and that no client's system has taken yet. */
  untaken: () => number
} & AsyncDisposable

/** Live routes alone, with limits that a test can wait for. */
export async function liveServer(changes: Partial<LiveLimits>, odd: Odd = {}): Promise<LiveServer> {
  const { deps } = await testApp()
  const { database, custody, urls } = deps.installation
  const hearing = openHearing(odd.hearingUrl ?? urls.owner, deps.log)
  const live = openLive(custody, hearing, deps.log, { ...LIVE_LIMITS, ...changes })
  const callerOf = async (token: string): Promise<Caller> => {
    const caller = await deps.callerOf(token)
    return odd.tokenMs === undefined ? caller : { ...caller, until: new Date(Date.now() + odd.tokenMs) }
  }
  const own = await ownServer({
    refusals: eventRefusals.table,
    routes: (http, edges) => {
      const given = { database, live, log: deps.log, eventKinds, callerOf, edges }
      void http.register(liveRoutes(given), { prefix: '/api/v1' })
    },
  })
  const sockets = new Set<Socket>()
  own.http.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await own.http.listen({ host: '127.0.0.1', port: 0 })
  const close = async (): Promise<void> => {
    await own.http.close()
    await hearing.stop()
  }
  const untaken = (): number => [...sockets].reduce((sum, { writableLength }) => sum + writableLength, 0)
  return { port: portOf(own.http), untaken, [Symbol.asyncDispose]: close }
}

// oxlint-disable-next-line typescript/no-explicit-any -- what a test reads of it, it asserts
type Message = any
type Client = {
  readonly messages: Message[]
  readonly send: (message: object | string | Uint8Array) => void
  /** The first message, now or later, of which this is true. */
  readonly saw: (wanted: (message: Message) => boolean) => Promise<Message>
  readonly closed: Promise<{ code: number; reason: string }>
  readonly close: () => void
}
const LONG_MS = 10_000

/** Whatever comes is kept; asking for it waits. */
function openWaiting<T>() {
  const kept: T[] = []
  let added = Promise.withResolvers<void>()
  return {
    kept,
    add: (one: T): void => {
      kept.push(one)
      added.resolve()
      added = Promise.withResolvers()
    },
    first: async (wanted: (one: T) => boolean): Promise<T> => {
      for (const until = Date.now() + LONG_MS; Date.now() < until;) {
        const found = kept.find(wanted)
        if (found !== undefined) return found
        await Promise.race([added.promise, sleep(200)])
      }
      throw new Error(`It never came; what came is ${JSON.stringify(kept).slice(0, 1_000)}`)
    },
  }
}

const textOf = (message: object | string | Uint8Array): string | Uint8Array<ArrayBuffer> =>
  typeof message === 'string' || message instanceof Uint8Array
    ? (message as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(message)

export async function openSocket(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`)
  const { kept, add, first } = openWaiting<Message>()
  socket.addEventListener('message', ({ data }) => add(JSON.parse(String(data))))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('The socket was not opened')))
  })
  return {
    messages: kept,
    saw: first,
    closed,
    send: (message) => socket.send(textOf(message)),
    close: () => socket.close(),
  }
}

/** A client that is signed in and has a subscription. */
export async function subscribed(port: number, { token }: { token: string }, more: object = {}): Promise<Client> {
  const client = await openSocket(port)
  client.send({ type: 'auth', token })
  client.send({ type: 'subscribe', ...more })
  await client.saw(({ type }) => type === 'subscribed' || type === 'error')
  return client
}

export const eventsOf = ({ messages }: Pick<Client, 'messages'>): Message[] =>
  messages.filter(({ type }) => type === 'event').map(({ event }) => event)
export const typesOf = (client: Pick<Client, 'messages'>): string[] => eventsOf(client).map(({ type }) => type)

type StreamLine = { id?: string; event?: string; data?: Message }
export type Stream = {
  readonly status: number
  readonly headers: Headers
  readonly parts: StreamLine[]
  readonly saw: (wanted: (part: StreamLine) => boolean) => Promise<StreamLine>
  readonly ended: Promise<void>
  readonly close: () => void
}

/** A client of Server-Sent Events. */
export async function openStream(port: number, query: string, headers: Record<string, string>): Promise<Stream> {
  const leaving = new AbortController()
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/stream${query}`, { headers, signal: leaving.signal })
  const { kept, add, first } = openWaiting<StreamLine>()
  const read = async (): Promise<void> => {
    let rest = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = `${rest}${chunk}`.split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const fields = block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
        const part = Object.fromEntries(fields)
        add({ ...part, ...(part['data'] && { data: JSON.parse(part['data']) }) })
      }
    }
  }
  const ended = answer.status === 200 ? read().catch(() => undefined) : Promise.resolve()
  return {
    status: answer.status,
    headers: answer.headers,
    parts: kept,
    saw: first,
    ended,
    close: () => leaving.abort(),
  }
}

/** A socket that spoke the handshake of WebSocket, for what no client library would send. */
export async function rawSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  if (!head.toString().startsWith('HTTP/1.1 101')) throw new Error(head.toString())
  return socket
}

/** A frame as a client masks it (with zeros). */
export function frame(opcode: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload)
  const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), body])
}

let made = 0
/** One event, by a request as anybody would make it. */
export async function makePlant(user: TestUser): Promise<string> {
  made += 1
  const plant = {
    name: `Serra ${made}`,
    code: `LIVE-${made}`,
    type: 'Photovoltaic',
    status: 'In Operation',
    power_kw: 10,
  }
  const { status, body } = await user.call('POST', '/plants', plant)
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body.id as string
}

/** So many events at once, each with about so many characters. */
export async function tellMany(user: TestUser, count: number, characters: number): Promise<void> {
  const event = {
    type: 'PlantUpdated',
    subject: 'plants/x',
    plant_id: null,
    data: { plant_id: user.userId, changed: ['x'.repeat(characters)] },
  }
  await user.write('plants.write', (work) => {
    for (let n = 0; n < count; n += 1) work.announce(event as never)
    return Promise.resolve()
  })
}
