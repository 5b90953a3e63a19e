import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { OneOf, Page, PageQuery, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { listRestatements } from './list-restatements.ts'
import { readLineOee, readOee } from './read-oee.ts'
import { LineOee, OeeQuery, OeeReport, PeriodQuery, Restatement } from './schemas.ts'

const tags = ['OEE']
const RestatementQuery = Shape({
  ...{ limit: PageQuery.limit, offset: PageQuery.offset },
  period: Type.Optional(OneOf(['shift', 'day', 'month'])),
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
})

/** The indicators of ISO 22400-2, and what was restated of them. */
export const oeeRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/plant-ops/lines/:id/oee',
      {
        config: { permission: 'lines.read', refusals: ['lines.not_found', 'plant_ops.period_not_usable'] },
        schema: {
          ...{ operationId: 'getLineOee', tags, summary: 'OEE and the indicators of ISO 22400-2 of a line' },
          description: 'Raw quotients of sums, never capped; null where they are not defined; 400 days at most.',
          ...{ params: WithId, querystring: Shape(PeriodQuery), response: { 200: LineOee } },
        },
      },
      (request) => edges.snapshot(request, (work) => readLineOee(work, request.params.id, request.query)),
    )
    app.get(
      '/plant-ops/oee',
      {
        config: { permission: 'lines.read', refusals: ['plant_ops.period_not_usable'] },
        schema: {
          ...{ operationId: 'getOee', tags, summary: 'The same by line, shift, product or plant, and of all together' },
          description: 'Totals come from the sums of the items, never from their averages.',
          ...{ querystring: OeeQuery, response: { 200: OeeReport } },
        },
      },
      (request) => edges.snapshot(request, (work) => readOee(work, request.query)),
    )
    app.get(
      '/plant-ops/lines/:id/restatements',
      {
        config: { permission: 'lines.read', refusals: ['lines.not_found'] },
        schema: {
          ...{ operationId: 'listRestatements', tags, summary: 'What closed periods said before they were restated' },
          ...{ params: WithId, querystring: RestatementQuery, response: { 200: Page(Restatement) } },
        },
      },
      (request) => edges.read(request, (work) => listRestatements(work, request.params.id, request.query)),
    )
    await Promise.resolve()
  }
