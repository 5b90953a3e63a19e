import type { FastifyReply, FastifyRequest } from 'fastify'
import { SECURITY_HEADERS } from '../http/headers.ts'
import { problemOf } from '../http/problem.ts'
import type { Caller } from '../http/edge.ts'
import { follow, type FollowDeps, type Outlet, type Subscription } from './follow.ts'

/** How long a browser waits before it connects again. */
const RETRY_MS = 2_000

/** One client of Server-Sent Events, signed in and checked already. */
export function serveStream(
  deps: FollowDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  subscription: Subscription,
): void {
  const { raw } = reply
  const { stallMs } = deps.live.limits
  const write = (text: string): Promise<boolean> =>
    new Promise((resolve) => {
      const slow = setTimeout(() => {
        deps.live.cut()
        raw.destroy()
        resolve(false)
      }, stallMs)
      raw.write(text, (error) => {
        clearTimeout(slow)
        resolve(!error)
      })
    })
  const outlet: Outlet = {
    kind: 'stream',
    // The id first, so that a client that loses the connection before the first event resumes from here.
    begun: ({ after }) => void write(`retry: ${RETRY_MS}\nid: ${after}\n\n`),
    events: (events) =>
      write(events.map((event) => `id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`).join('')),
    heartbeat: () => {
      // Nothing is piled up for who does not even take comments.
      if (raw.writableLength === 0) void write(':\n\n')
    },
    end: (refusal) => {
      if (refusal) raw.write(`event: error\ndata: ${JSON.stringify(problemOf(refusal, request.id))}\n\n`)
      raw.end()
      setTimeout(() => raw.destroy(), stallMs).unref()
    },
  }
  // Throws where there are too many: nothing is sent yet, and the answer is HTTP's.
  const following = follow(deps, caller, { requestId: request.id, ip: request.ip }, outlet)
  raw.on('close', following.stop)
  raw.on('error', following.stop)
  reply.hijack()
  raw.socket?.setTimeout(0)
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    ...SECURITY_HEADERS,
    'content-type': 'text/event-stream; charset=utf-8',
    // no-transform and the header of nginx: a proxy that compresses or buffers would hold events back.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
  })
  raw.flushHeaders()
  following.subscribe(subscription)
}
