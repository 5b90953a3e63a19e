import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { Day, Id, Line, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { DEADLINE_SORTS, listDeadlines } from './list-deadlines.ts'
import { listMissingFacts } from './list-missing-facts.ts'
import { getObligation, listObligations, SORTS } from './list-obligations.ts'
import { Confidence, Deadline, MissingFacts, Obligation, ObligationStatus } from './schemas.ts'

const Filters = {
  plant_id: Type.Optional(Id),
  obligation: Type.Optional(Line(50, { examples: ['ADM-LIC'] })),
  period: Type.Optional(Line(100, { examples: ['2026-H2'] })),
  responsible_entity: Type.Optional(Line(100, { examples: ['Customs'] })),
  confidence: Type.Optional(Confidence),
  late: Type.Optional(Type.Boolean()),
  from: Type.Optional(Day),
  to: Type.Optional(Day),
}
const ObligationQuery = Shape({
  ...PageQuery,
  sort: SortBy(SORTS),
  ...Filters,
  status: Type.Optional(ObligationStatus),
})
const DeadlineQuery = Shape({ ...PageQuery, sort: SortBy(DEADLINE_SORTS), ...Filters })

const OBLIGATIONS = { tags: ['Obligations'] }

/** What is due: the duties of plants, what is not known about them, and the calendar. */
export const obligationRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/obligations',
      {
        config: { permission: 'obligations.read' },
        schema: {
          ...{ ...OBLIGATIONS, operationId: 'listObligations', summary: 'The duties of plants, by due date' },
          ...{ querystring: ObligationQuery, response: { 200: Page(Obligation) } },
        },
      },
      (request) => edges.read(request, (work) => listObligations(work, request.query)),
    )
    app.get(
      '/obligations/missing',
      {
        config: { permission: 'obligations.read', refusals: ['obligations.plant_not_found'] },
        schema: {
          ...{
            ...OBLIGATIONS,
            operationId: 'listMissingFacts',
            summary: 'Which facts a plant lacks to know its duties',
          },
          ...{
            querystring: Shape({ plant_id: Id }),
            response: { 200: Type.Object({ items: Type.Array(MissingFacts) }) },
          },
        },
      },
      (request) => edges.read(request, (work) => listMissingFacts(work, request.query.plant_id)),
    )
    app.get(
      '/obligations/:id',
      {
        config: { permission: 'obligations.read', refusals: ['obligations.not_found'] },
        schema: {
          ...{ ...OBLIGATIONS, operationId: 'getObligation', summary: 'One duty, with its source and its doubts' },
          ...{ params: WithId, response: { 200: Obligation } },
        },
      },
      (request, reply) => edges.read(request, (work) => getObligation(work, request.params.id), reply),
    )
    app.get(
      '/deadlines',
      {
        config: { permission: 'deadlines.read' },
        schema: {
          ...{
            ...OBLIGATIONS,
            operationId: 'listDeadlines',
            summary: 'The calendar: what is open, by date, late included',
          },
          ...{ querystring: DeadlineQuery, response: { 200: Page(Deadline) } },
        },
      },
      (request) => edges.read(request, (work) => listDeadlines(work, request.query)),
    )
    await Promise.resolve()
  }
