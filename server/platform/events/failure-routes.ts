import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '../http/edge.ts'
import { CursorPage, Nothing, WithId } from '../http/shapes.ts'
import { dismissFailure, FailureAnswer, FailureQuery, getFailure, listFailures, retryFailure } from './failures.ts'

const tags = ['Events']
const refusals = ['events.failure_not_found']

/** What subscribers could not deal with: see it, have it tried again, let it go. */
export const failureRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/failures',
      {
        config: { permission: 'events.manage' },
        schema: {
          ...{
            operationId: 'listEventFailures',
            tags,
            summary: 'Events that a subscriber went on without, oldest first',
          },
          ...{ querystring: FailureQuery, response: { 200: CursorPage(FailureAnswer) } },
        },
      },
      (request) => edges.read(request, (work) => listFailures(work, request.query)),
    )
    app.get(
      '/events/failures/:id',
      {
        config: { permission: 'events.manage', refusals },
        schema: {
          ...{ operationId: 'getEventFailure', tags, summary: 'One of them' },
          ...{ params: WithId, response: { 200: FailureAnswer } },
        },
      },
      (request, reply) => edges.read(request, (work) => getFailure(work, request.params.id), reply),
    )
    app.post(
      '/events/failures/:id/retry',
      {
        config: { permission: 'events.manage', refusals },
        schema: {
          ...{ operationId: 'retryEventFailure', tags, summary: 'Have it tried again, with what waits behind it' },
          ...{ params: WithId, response: { 200: FailureAnswer } },
        },
      },
      (request, reply) => edges.write(request, reply, (work) => retryFailure(work, request.params.id)),
    )
    app.delete(
      '/events/failures/:id',
      {
        config: { permission: 'events.manage', refusals },
        schema: {
          ...{ operationId: 'dismissEventFailure', tags, summary: 'Let it go: the subscriber never gets this event' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        await edges.write(request, reply.code(204), (work) => dismissFailure(work, request.params.id))
        return null
      },
    )
    await Promise.resolve()
  }
