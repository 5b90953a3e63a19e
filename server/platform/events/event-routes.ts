import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '../http/edge.ts'
import { CursorPage, OneOf, Shape } from '../http/shapes.ts'
import { anyEvent } from './cloud-event.ts'
import { kindsOn, type EventKind } from './event-kind.ts'
import { readEvents } from './read-events.ts'

/** A sequence, as clients keep it. */
export const Sequence = Type.String({ pattern: '^\\d{1,15}$', maxLength: 15, examples: ['42'] })

/** The topics that there are, and those above them: `plant-ops` where there is `plant-ops.anomalies`. */
export const topicsOf = (kinds: readonly EventKind[]): string[] => {
  const all = kinds.flatMap(({ topic }) => topic.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.')))
  return [...new Set(all)].toSorted()
}

/** The history of events: GET /events. */
export const eventRoutes =
  ({ edges, eventKinds }: { edges: Edges; eventKinds: readonly EventKind[] }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const EventQuery = Shape({
      limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
      cursor: Type.Optional({ ...Sequence, description: 'Events after this sequence' }),
      type: Type.Optional(OneOf(eventKinds.map(({ type }) => type))),
      topic: Type.Optional(OneOf(topicsOf(eventKinds), { description: 'With what is below it' })),
    })
    app.get(
      '/events',
      {
        config: { permission: 'events.read' },
        schema: {
          ...{ operationId: 'listEvents', tags: ['Events'], summary: 'What happened, oldest first, as CloudEvents' },
          description: LIST,
          ...{ querystring: EventQuery, response: { 200: CursorPage(anyEvent(eventKinds)) } },
        },
        // A union of all kinds: the generated serialiser would check each event against one after the other.
        serializerCompiler: () => JSON.stringify,
      },
      (request) =>
        edges.read(request, async (work) => {
          const { cursor = '0', type, topic, limit } = request.query
          const onTopic = kindsOn(eventKinds, topic === undefined ? undefined : [topic])
          const kinds = onTopic.filter((kind) => type === undefined || kind.type === type)
          const { events, until, head } = await readEvents(work, { kinds, after: Number(cursor), limit })
          return { items: events, next_cursor: until < head ? String(until) : null }
        }),
    )
  }

const LIST = `Only kinds that your role or key may see now, and plants in your scope. The cursor is a sequence: to go on later, send
the \`sequence\` of the last event that you have. While \`next_cursor\` is not null there is more, also where a filter leaves a page
short or empty (one call looks at 10,000 events). \`docs/events.md\` says how to follow live.`
