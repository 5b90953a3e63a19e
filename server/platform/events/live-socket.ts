import type { FastifyRequest } from 'fastify'
import type { WebSocket } from '@fastify/websocket'
import type { Caller } from '../http/edge.ts'
import { problemOf } from '../http/problem.ts'
import { Refusal, type Kind } from '../refusal.ts'
import type { EventKind } from './event-kind.ts'
import { kindsOn } from './event-kind.ts'
import { topicsOf } from './event-routes.ts'
import { follow, type FollowDeps, type Following, type Outlet } from './follow.ts'
import { invalid, readMessage, type LiveMessage } from './live-messages.ts'
import { eventRefusals } from './refusals.ts'

export type SocketDeps = FollowDeps & {
  readonly eventKinds: readonly EventKind[]
  /** Who a token or key belongs to. */
  readonly callerOf: (token: string) => Promise<Caller>
}

/** RFC 6455 section 7.4, and the HTTP status + 4000 where it has none. What is not named is 1008, policy. */
const CLOSE_CODES: Partial<Record<Kind, number>> = {
  malformed: 1007,
  unsupported: 1003,
  unauthenticated: 4401,
  forbidden: 4403,
  unavailable: 1013,
}
const GOING_AWAY = 1001
const BROKEN = 1011

const closeCode = ({ code, kind }: Refusal): number =>
  code === 'events.going_down' ? GOING_AWAY : (CLOSE_CODES[kind] ?? 1008)

type Connection = {
  deps: SocketDeps
  socket: WebSocket
  request: FastifyRequest
  say: (message: object) => void
  end: (refusal: Refusal | null) => void
  /** Called when it is known who it is. */
  known: () => void
}

/** One WebSocket client: auth first, then subscriptions; everything wrong is said in the envelope of HTTP's errors. */
export function serveSocket(deps: SocketDeps, socket: WebSocket, request: FastifyRequest): void {
  const { limits } = deps.live
  const say = (message: object): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
  }
  const end = (refusal: Refusal | null): void => {
    if (refusal) say({ type: 'error', ...problemOf(refusal, request.id) })
    socket.close(refusal ? closeCode(refusal) : BROKEN, refusal?.code ?? 'internal')
  }
  let forget: () => void
  try {
    forget = deps.live.greet(() => end(eventRefusals.refuse('events.going_down')))
  } catch (error) {
    return end(error as Refusal)
  }
  const client = clientOf({ deps, socket, request, say, end, known: forget })
  const patience = setTimeout(() => {
    if (!client.known()) end(eventRefusals.refuse('events.not_signed_in'))
  }, limits.authMs)
  const allowed = openCount(limits.messages, limits.messagesMs)
  const each = (then: () => void): void => {
    if (allowed()) then()
    else end(eventRefusals.refuse('events.too_many_messages'))
  }
  let last = Promise.resolve()
  socket.on('message', (data: Buffer, isBinary) =>
    each(() => {
      // One after the other: a subscription may be sent before the answer to auth.
      if (isBinary) end(eventRefusals.refuse('events.not_text'))
      else last = last.then(() => (socket.readyState === socket.OPEN ? client.hear(data.toString()) : undefined))
    }),
  )
  // Answered here and not by the library, so that pings count as messages.
  socket.on('ping', (data) => each(() => socket.pong(data)))
  socket.on('close', () => {
    clearTimeout(patience)
    forget()
    client.stop()
  })
}

function clientOf({ deps, socket, request, say, end, known }: Connection) {
  let client: { caller: Caller; following: Following } | undefined
  const outlet = outletOf(deps, socket, say, end)
  const signIn = async (token: string): Promise<void> => {
    const caller = await deps.callerOf(token)
    if (socket.readyState !== socket.OPEN) return
    if (client === undefined) {
      client = { caller, following: follow(deps, caller, { requestId: request.id, ip: request.ip }, outlet) }
      known()
    } else {
      const same = client.caller.tenantId === caller.tenantId && client.caller.actor.id === caller.actor.id
      if (!same) throw invalid('token', 'belongs to somebody else')
      client.following.renew(caller)
    }
    say({ type: 'authenticated', tenant_id: caller.tenantId, expires_at: caller.until?.toISOString() ?? null })
  }
  const obey = async (message: LiveMessage): Promise<void> => {
    if (message.type === 'auth') return signIn(message.token)
    if (client === undefined) throw eventRefusals.refuse('events.not_signed_in')
    if (message.type === 'ping') return say({ type: 'pong' })
    const { topics, after = null } = message
    const unknown = topics?.find((topic) => !topicsOf(deps.eventKinds).includes(topic))
    if (unknown !== undefined) throw invalid('topics', `has ${JSON.stringify(unknown)}, which is no topic`)
    client.following.subscribe({ kinds: kindsOn(deps.eventKinds, topics), ...(topics && { topics }), after })
  }
  return {
    known: () => client !== undefined,
    stop: () => client?.following.stop(),
    hear: async (text: string): Promise<void> => {
      try {
        await obey(readMessage(text))
      } catch (error) {
        if (!(error instanceof Refusal)) {
          request.log.error({ err: error }, 'a message of a live client broke something')
          end(null)
        } else if (error.kind !== 'invalid') end(error)
        // Whoever is signed in may repeat a message that is not understood; a stranger may not go on trying.
        else if (client) say({ type: 'error', ...problemOf(error, request.id) })
        else end(eventRefusals.refuse('events.not_signed_in'))
      }
    },
  }
}

function outletOf(
  { live }: SocketDeps,
  socket: WebSocket,
  say: (message: object) => void,
  end: (refusal: Refusal | null) => void,
): Outlet {
  let answered = true
  socket.on('pong', () => (answered = true))
  return {
    kind: 'websocket',
    end,
    begun: ({ topics, after }) => say({ type: 'subscribed', topics: topics ?? null, after }),
    heartbeat: () => {
      // Not even its system answers: nobody is there to be told.
      if (!answered) socket.terminate()
      answered = false
      socket.ping()
    },
    events: (events) =>
      new Promise((resolve) => {
        const slow = setTimeout(() => {
          live.cut()
          socket.terminate()
          resolve(false)
        }, live.limits.stallMs)
        const taken = (error?: Error | null): void => {
          clearTimeout(slow)
          resolve(error === undefined || error === null)
        }
        const texts = events.map((event) => `{"type":"event","event":${JSON.stringify(event)}}`)
        for (const [at, text] of texts.entries()) socket.send(text, at === texts.length - 1 ? taken : undefined)
      }),
  }
}

/** Whether one more is allowed within the window. */
function openCount(most: number, windowMs: number): () => boolean {
  let [from, count] = [performance.now(), 0]
  return () => {
    const now = performance.now()
    if (now - from >= windowMs) [from, count] = [now, 0]
    count += 1
    return count <= most
  }
}
