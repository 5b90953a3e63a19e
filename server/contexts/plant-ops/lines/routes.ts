import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Id, Line, Nothing, Page, PageQuery, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { changeLine } from './change-line.ts'
import { createLine } from './create-line.ts'
import { createReason, retireReason } from './create-reason.ts'
import { getLine } from './get-line.ts'
import { hideLine } from './hide-line.ts'
import { listLineStates } from './list-line-states.ts'
import { LINE_SORTS, listLines } from './list-lines.ts'
import { readReasons } from './read-reasons.ts'
import {
  LineChange,
  LineState,
  LineStatus,
  NewLine,
  NewReason,
  ProductionLine,
  StatusChange,
  StopReasonView,
} from './schemas.ts'
import { setLineStatus } from './set-line-status.ts'

const tags = ['Lines']
const LineQuery = Shape({
  ...PageQuery,
  sort: SortBy(LINE_SORTS),
  plant_id: Type.Optional(Id),
  status: Type.Optional(LineStatus),
  code: Type.Optional(Line(50)),
})

/** `/plant-ops/lines`. */
export const lineRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plant-ops/lines',
      {
        config: { permission: 'lines.write', refusals: ['lines.plant_not_found', 'lines.code_taken'] },
        schema: {
          ...{ operationId: 'createLine', tags, summary: 'Create a line' },
          ...{ body: NewLine, response: { 201: ProductionLine } },
        },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createLine(work, request.body)),
    )
    app.get(
      '/plant-ops/lines',
      {
        config: { permission: 'lines.read' },
        schema: {
          ...{ operationId: 'listLines', tags, summary: 'List, filter, sort and search lines' },
          ...{ querystring: LineQuery, response: { 200: Page(ProductionLine) } },
        },
      },
      (request) => edges.read(request, (work) => listLines(work, request.query)),
    )
    app.get(
      '/plant-ops/lines/:id',
      {
        config: { permission: 'lines.read', refusals: ['lines.not_found'] },
        schema: {
          ...{ operationId: 'getLine', tags, summary: 'One line with its state' },
          ...{ params: WithId, response: { 200: ProductionLine } },
        },
      },
      (request, reply) => edges.read(request, (work) => getLine(work, request.params.id), reply),
    )
    app.patch(
      '/plant-ops/lines/:id',
      {
        config: { permission: 'lines.write', refusals: ['lines.not_found', 'lines.code_taken'] },
        schema: {
          ...{ operationId: 'changeLine', tags, summary: 'Change a line' },
          ...{ params: WithId, body: LineChange, response: { 200: ProductionLine } },
        },
      },
      (request, reply) => {
        const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
        return edges.write(request, reply, (work) => changeLine(work, asked))
      },
    )
    app.delete(
      '/plant-ops/lines/:id',
      {
        config: { permission: 'lines.delete', refusals: ['lines.not_found', 'lines.busy'] },
        schema: {
          ...{ operationId: 'deleteLine', tags, summary: 'Hide a line' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        const target = { id: request.params.id, revisions: expectedRevisions(request) }
        await edges.write(request, reply.code(204), (work) => hideLine(work, target))
        return null
      },
    )
    stateRoutes(app, edges)
    reasonRoutes(app, edges)
    await Promise.resolve()
  }

type App = Parameters<FastifyPluginAsyncTypebox>[0]
const StateQuery = Shape({
  ...{ limit: PageQuery.limit, offset: PageQuery.offset },
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
  superseded: Type.Boolean({ default: false, description: 'Also what was corrected since' }),
})

function stateRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/lines/:id/status',
    {
      config: {
        permission: 'lines.status',
        refusals: [
          ...['lines.not_found', 'lines.reason_unknown', 'lines.reason_of_other_state'],
          ...['plant_ops.in_future', 'plant_ops.too_far_back'],
        ],
      },
      schema: {
        ...{ operationId: 'setLineStatus', tags, summary: 'Set the state of a line, or correct its history' },
        ...{ params: WithId, body: StatusChange, response: { 200: ProductionLine } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => setLineStatus(work, request.params.id, request.body)),
  )
  app.get(
    '/plant-ops/lines/:id/states',
    {
      config: { permission: 'lines.read', refusals: ['lines.not_found'] },
      schema: {
        ...{ operationId: 'listLineStates', tags, summary: 'The history of a line’s states, newest first' },
        ...{ params: WithId, querystring: StateQuery, response: { 200: Page(LineState) } },
      },
    },
    (request) => edges.read(request, (work) => listLineStates(work, request.params.id, request.query)),
  )
}

function reasonRoutes(app: App, edges: Edges): void {
  app.get(
    '/plant-ops/stop-reasons',
    {
      config: { permission: 'lines.read' },
      schema: {
        ...{ operationId: 'listStopReasons', tags, summary: 'Reasons of states: the public ones and your own' },
        response: { 200: Type.Object({ items: Type.Array(StopReasonView) }) },
      },
    },
    (request) => edges.read(request, async (work) => ({ items: await readReasons(work) })),
  )
  app.post(
    '/plant-ops/stop-reasons',
    {
      config: { permission: 'lines.write', refusals: ['lines.reason_taken'] },
      schema: {
        ...{ operationId: 'createStopReason', tags, summary: 'Add a reason of your own' },
        ...{ body: NewReason, response: { 201: StopReasonView } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => createReason(work, request.body)),
  )
  app.delete(
    '/plant-ops/stop-reasons/:id',
    {
      config: { permission: 'lines.write', refusals: ['lines.reason_not_found'] },
      schema: {
        ...{ operationId: 'retireStopReason', tags, summary: 'Retire a reason of your own' },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      await edges.write(request, reply.code(204), (work) => retireReason(work, request.params.id))
      return null
    },
  )
}
