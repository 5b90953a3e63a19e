import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Id, Nothing, Page, PageQuery, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { changeStoppage } from './change-stoppage.ts'
import { createStoppage } from './create-stoppage.ts'
import { deleteStoppage } from './delete-stoppage.ts'
import { getStoppage } from './get-stoppage.ts'
import { listStoppages, STOPPAGE_SORTS } from './list-stoppages.ts'
import { Category, NewStoppage, Stoppage, StoppageChange } from './schemas.ts'

const tags = ['Performance']
const { q: _q, ...Paging } = PageQuery
const StoppageQuery = Shape({
  ...{ ...Paging, sort: SortBy(STOPPAGE_SORTS), category: Type.Optional(Category) },
  ...{ from: Type.Optional(Timestamp), to: Type.Optional(Timestamp) },
})
const WithStoppage = Shape({ id: Id, stoppage_id: Id })

/** `/plants/{id}/stoppages`: what is declared of when a plant stood still or was held back, and why. */
export const stoppageRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plants/:id/stoppages',
      {
        config: {
          permission: 'plants.write',
          refusals: ['plants.not_found', 'stoppages.overlapping'],
        },
        schema: {
          ...{ operationId: 'createStoppage', tags, summary: 'Declare a stoppage of a plant', params: WithId },
          description:
            'One time has one category: stoppages of a plant do not overlap. What it means for availability: docs/plant-performance.md.',
          ...{ body: NewStoppage, response: { 201: Stoppage } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(201), (work) => createStoppage(work, request.params.id, request.body)),
    )
    app.get(
      '/plants/:id/stoppages',
      {
        config: { permission: 'performance.read', refusals: ['plants.not_found'] },
        schema: {
          ...{ operationId: 'listStoppages', tags, summary: 'Declared stoppages of a plant, the latest first' },
          ...{ params: WithId, querystring: StoppageQuery, response: { 200: Page(Stoppage) } },
        },
      },
      (request) => edges.read(request, (work) => listStoppages(work, request.params.id, request.query)),
    )
    app.get(
      '/plants/:id/stoppages/:stoppage_id',
      {
        config: { permission: 'performance.read', refusals: ['plants.not_found', 'stoppages.not_found'] },
        schema: {
          ...{ operationId: 'getStoppage', tags, summary: 'One declared stoppage' },
          ...{ params: WithStoppage, response: { 200: Stoppage } },
        },
      },
      (request, reply) =>
        edges.read(request, (work) => getStoppage(work, request.params.id, request.params.stoppage_id), reply),
    )
    changingRoutes(app, edges)
    await Promise.resolve()
  }

type App = Parameters<FastifyPluginAsyncTypebox>[0]

function changingRoutes(app: App, edges: Edges): void {
  app.patch(
    '/plants/:id/stoppages/:stoppage_id',
    {
      config: {
        permission: 'plants.write',
        refusals: ['plants.not_found', 'stoppages.not_found', 'stoppages.overlapping'],
      },
      schema: {
        ...{ operationId: 'changeStoppage', tags, summary: 'Change or end a declared stoppage' },
        ...{ params: WithStoppage, body: StoppageChange, response: { 200: Stoppage } },
      },
    },
    (request, reply) => {
      const { id: plantId, stoppage_id: id } = request.params
      const asked = { plantId, id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeStoppage(work, asked))
    },
  )
  app.delete(
    '/plants/:id/stoppages/:stoppage_id',
    {
      config: { permission: 'plants.write', refusals: ['plants.not_found', 'stoppages.not_found'] },
      schema: {
        ...{ operationId: 'deleteStoppage', tags, summary: 'Take a declared stoppage back' },
        ...{ params: WithStoppage, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      const { id: plantId, stoppage_id: id } = request.params
      const target = { plantId, id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => deleteStoppage(work, target))
      return null
    },
  )
}
