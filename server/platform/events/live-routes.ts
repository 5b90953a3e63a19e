import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import websocket from '@fastify/websocket'
import { Type } from 'typebox'
import type { Edges } from '../http/edge.ts'
import { Shape } from '../http/shapes.ts'
import { Refusal } from '../refusal.ts'
import { kindsOn } from './event-kind.ts'
import { Sequence, topicsOf } from './event-routes.ts'
import { checkAfter } from './follow.ts'
import { serveSocket, type SocketDeps } from './live-socket.ts'
import { serveStream } from './live-stream.ts'
import { readEvents } from './read-events.ts'
import { eventRefusals } from './refusals.ts'

/** A token fits in; nothing else that a client says is longer. */
const LONGEST_MESSAGE = 16_384
/** How long a client may take to answer a close. */
const CLOSE_MS = 2_000

/** Events as they happen: GET /ws and GET /stream. */
export const liveRoutes =
  (deps: SocketDeps & { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const address = `${app.prefix}/ws`
    await app.register(websocket, {
      // The types do not know closeTimeout.
      options: { maxPayload: LONGEST_MESSAGE, autoPong: false, clientTracking: false, ...{ closeTimeout: CLOSE_MS } },
      // The library has closed it with the code that fits: what breaks a connection is the client's affair.
      errorHandler: (error, socket, request) => {
        request.log.info({ err: error }, 'a live connection broke')
        if (socket.readyState === socket.OPEN) socket.terminate()
      },
      preClose: (done) => done(),
    })
    // At other addresses a request to upgrade is an ordinary one: Node would hand over a socket that nobody reads.
    const server = app.server as typeof app.server & { shouldUpgradeCallback: (request: { url?: string }) => boolean }
    server.shouldUpgradeCallback = ({ url }) => url?.split('?')[0] === address
    app.addHook('preClose', (done) => {
      deps.live.close()
      done()
    })
    app.route({
      method: 'GET',
      url: '/ws',
      exposeHeadRoute: false,
      config: { permission: 'public', refusals: ['events.upgrade_needed'] },
      schema: {
        ...{
          operationId: 'followByWebSocket',
          tags: ['Events'],
          summary: 'Follow events by WebSocket',
          description: SOCKET,
        },
        response: { 101: Type.Null({ description: 'Switching protocols' }) },
      },
      handler: () => {
        throw eventRefusals.refuse('events.upgrade_needed')
      },
      wsHandler: (socket, request) => serveSocket(deps, socket, request),
    })
    streamRoute(app, deps)
  }

const streamRoute = (app: Parameters<FastifyPluginAsyncTypebox>[0], deps: SocketDeps & { edges: Edges }): void => {
  const known = topicsOf(deps.eventKinds)
  app.get(
    '/stream',
    {
      exposeHeadRoute: false,
      config: {
        permission: 'events.read',
        refusals: ['events.too_many_followers', 'events.going_down', 'events.message_invalid'],
      },
      schema: {
        ...{
          operationId: 'followByStream',
          tags: ['Events'],
          summary: 'Follow events by Server-Sent Events',
          description: STREAM,
        },
        querystring: Shape({
          topics: Type.Optional(
            Type.String({
              maxLength: 2_000,
              pattern: TOPICS,
              examples: ['plants,workflows'],
              description: known.join(', '),
            }),
          ),
        }),
        headers: Type.Object({ 'last-event-id': Type.Optional(Sequence) }),
        response: {
          200: { description: 'Events without end', content: { 'text/event-stream': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      const topics = request.query.topics?.split(',')
      const unknown = topics?.find((topic) => !known.includes(topic))
      if (unknown !== undefined) throw wrong('topics', `has ${JSON.stringify(unknown)}, which is no topic`)
      const last = request.headers['last-event-id']
      const after = last === undefined ? null : Number(last)
      // What may be refused is refused while it still can be by HTTP.
      const { head } = await deps.edges.read(request, (work) => readEvents(work, { kinds: [], after: null, limit: 1 }))
      checkAfter(after, head)
      serveStream(deps, request, reply, request.caller!, {
        kinds: kindsOn(deps.eventKinds, topics),
        ...(topics && { topics }),
        after,
      })
      return reply
    },
  )
}

const wrong = (field: string, message: string): Refusal =>
  new Refusal('stream.invalid', ['invalid', 'Some fields are not valid.'], { details: [{ field, message }] })

const TOPICS = '^[a-z.-]{1,100}(,[a-z.-]{1,100}){0,49}$'
const SOCKET = `Text messages of JSON. First \`{"type":"auth","token":"…"}\` (access token or API key) within 5 seconds, answered by
\`{"type":"authenticated","tenant_id":"…","expires_at":"…"}\`. Then \`{"type":"subscribe","topics":["plants"],"after":41}\`: without \`after\` from now on, without \`topics\`
everything that you may see; answered by \`{"type":"subscribed","topics":[…],"after":41}\` and then \`{"type":"event","event":{…}}\`. Another
subscription replaces the first; another auth of the same user or key extends the time. \`{"type":"ping"}\` is answered by \`{"type":"pong"}\`. What is wrong is said as
\`{"type":"error","error":{…}}\`, and where it ends the connection the close reason is the refusal's code. \`docs/events.md\` lists the close codes.`
const STREAM = `Each event is \`id: <sequence>\` and \`data: <CloudEvent>\`; send the last id as \`Last-Event-ID\` to go on from there. Without \`topics\`
everything that you may see. Signed in by header, as everything; an EventSource, which cannot send one, is for programs that can set it (in browsers use fetch or
the WebSocket). When the token expires or the session ends, the stream ends with \`event: error\`.`
