import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import type { Edges } from '#platform/http/edge.ts'
import { CursorPage, CursorQuery, Id, Nullable, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { getPlant } from './get-plant.ts'

const Moment = Type.Object(
  {
    id: Id,
    at: Timestamp,
    actor: Type.Object({ kind: Type.String(), id: Nullable(Id), name: Nullable(Type.String()) }),
    action: Type.String({ examples: ['plants.updated'] }),
    fields: Type.Array(Type.String(), { description: 'What it was about; the values stand in the audit trail' }),
  },
  { title: 'TimelineEntry' },
)

type Happened = Omit<Static<typeof Moment>, 'fields'> & {
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}
/** The trail of one plant, newest first: read through the composition root, since the trail is another context's. */
export type PlantTrail = (
  work: EdgeWork,
  plantId: string,
  query: { limit: number; cursor?: string },
) => Promise<{ items: Happened[]; next_cursor: string | null }>

/** `/plants/{id}/timeline`: who did what to a plant. Fields without values: reading a plant is not reading its registry. */
export const timelineRoutes =
  ({ edges, plantTrail }: { edges: Edges; plantTrail: PlantTrail }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/plants/:id/timeline',
      {
        config: { permission: 'plants.read', refusals: ['plants.not_found', 'audit.invalid'] },
        schema: {
          ...{ operationId: 'getPlantTimeline', tags: ['Plants'], summary: 'What happened to a plant, newest first' },
          ...{ params: WithId, querystring: Shape(CursorQuery), response: { 200: CursorPage(Moment) } },
        },
      },
      (request) => edges.read(request, (work) => timelineOf(work, request.params.id, request.query, plantTrail)),
    )
  }

type Query = { limit: number; cursor?: string }

async function timelineOf(work: EdgeWork, id: string, query: Query, plantTrail: PlantTrail) {
  await getPlant(work, id)
  const { items, next_cursor } = await plantTrail(work, id, query)
  const moments = items.map(({ before, after, ...happened }) => ({
    ...happened,
    fields: [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])],
  }))
  return { items: moments, next_cursor }
}
