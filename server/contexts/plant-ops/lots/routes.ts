import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Id, Line, OneOf, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { changeLot, createLot, createProducedLot } from './create-lot.ts'
import { getLot, listLots } from './get-lot.ts'
import { mergeLots, moveLot, splitLot } from './move-lot.ts'
import { readBatchBalance, readTrace } from './read-trace.ts'
import { getRecall, listRecalls, runRecall } from './run-recall.ts'
import * as shapes from './schemas.ts'

const tags = ['Lots']
const { limit, offset, q } = PageQuery
const LotQuery = Shape({
  ...{ limit, offset, q, plant_id: Type.Optional(Id), material: Type.Optional(Line(100)) },
  status: Type.Optional(OneOf(['released', 'held', 'blocked'])),
  batch_id: Type.Optional({ ...Id, description: 'What came out of this batch' }),
})
const times = ['plant_ops.in_future', 'plant_ops.too_far_back']
const taking = ['lots.not_found', 'lots.not_enough', 'lots.not_released', ...times]
type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/plant-ops/lots`, their trace, and `/plant-ops/recalls`. */
export const lotRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    ownRoutes(app, edges)
    movingRoutes(app, edges)
    batchRoutes(app, edges)
    recallRoutes(app, edges)
    await Promise.resolve()
  }

function ownRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/lots',
    {
      config: { permission: 'batches.write', refusals: ['lots.plant_not_found', 'lots.code_taken', ...times] },
      schema: {
        ...{ operationId: 'createLot', tags, summary: 'Take in a lot from outside' },
        ...{ body: shapes.NewLot, response: { 201: shapes.Lot } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => createLot(work, request.body)),
  )
  app.get(
    '/plant-ops/lots',
    {
      config: { permission: 'batches.read' },
      schema: {
        ...{ operationId: 'listLots', tags, summary: 'List, filter and search lots' },
        ...{ querystring: LotQuery, response: { 200: Page(shapes.Lot) } },
      },
    },
    (request) => edges.read(request, (work) => listLots(work, request.query)),
  )
  app.get(
    '/plant-ops/lots/:id',
    {
      config: { permission: 'batches.read', refusals: ['lots.not_found'] },
      schema: {
        ...{ operationId: 'getLot', tags, summary: 'One lot with what is left of it' },
        ...{ params: WithId, response: { 200: shapes.Lot } },
      },
    },
    (request, reply) => edges.read(request, (work) => getLot(work, request.params.id), reply),
  )
  app.patch(
    '/plant-ops/lots/:id',
    {
      config: { permission: 'batches.write', refusals: ['lots.not_found'] },
      schema: {
        ...{ operationId: 'changeLot', tags, summary: 'Hold, block or release a lot, or say more of it' },
        ...{ params: WithId, body: shapes.LotChange, response: { 200: shapes.Lot } },
      },
    },
    (request, reply) => {
      const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeLot(work, asked))
    },
  )
  app.get(
    '/plant-ops/lots/:id/trace',
    {
      config: { permission: 'batches.read', refusals: ['lots.not_found'] },
      schema: {
        ...{ operationId: 'traceLot', tags, summary: 'What a lot went into, or what it was made of' },
        params: WithId,
        querystring: Shape({ direction: OneOf(['backward', 'forward'], { default: 'backward' }) }),
        response: { 200: shapes.Trace },
      },
    },
    (request) =>
      edges.snapshot(request, (work) =>
        readTrace(work, request.params.id, request.query.direction === 'forward' ? 'forward' : 'backward'),
      ),
  )
}

function movingRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/lots/:id/movements',
    {
      config: {
        permission: 'batches.write',
        refusals: [
          ...taking,
          ...['lots.movement', 'lots.unit_mismatch', 'lots.batch_not_found', 'lots.batch_not_started', 'lots.circle'],
        ],
      },
      schema: {
        ...{ operationId: 'moveLot', tags, summary: 'Put a lot into a batch, ship it, or discard it' },
        ...{ params: WithId, body: shapes.NewMovement, response: { 200: shapes.Lot } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => moveLot(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/lots/:id/split',
    {
      config: {
        permission: 'batches.write',
        refusals: ['lots.not_found', 'lots.not_enough', 'lots.code_taken', ...times],
      },
      schema: {
        ...{ operationId: 'splitLot', tags, summary: 'Make new lots of parts of one' },
        ...{ params: WithId, body: shapes.LotSplit },
        response: { 201: Type.Object({ items: Type.Array(shapes.Lot) }) },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => splitLot(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/lots/merge',
    {
      config: { permission: 'batches.write', refusals: [...taking, 'lots.unlike', 'lots.code_taken'] },
      schema: {
        ...{ operationId: 'mergeLots', tags, summary: 'Make one new lot of several' },
        ...{ body: shapes.LotMerge, response: { 201: shapes.Lot } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => mergeLots(work, request.body)),
  )
}

function batchRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/batches/:id/lots',
    {
      config: {
        permission: 'batches.write',
        refusals: ['batches.not_found', 'lots.batch_not_started', 'lots.code_taken', ...times],
      },
      schema: {
        ...{ operationId: 'createProducedLot', tags, summary: 'A lot that came out of a batch' },
        ...{ params: WithId, body: shapes.ProducedLot, response: { 201: shapes.Lot } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => createProducedLot(work, request.params.id, request.body)),
  )
  app.get(
    '/plant-ops/batches/:id/balance',
    {
      config: { permission: 'batches.read', refusals: ['batches.not_found'] },
      schema: {
        ...{ operationId: 'getBatchBalance', tags, summary: 'Mass balance: what went in and what came out, by unit' },
        ...{ params: WithId, response: { 200: shapes.MassBalance } },
      },
    },
    (request) => edges.snapshot(request, (work) => readBatchBalance(work, request.params.id)),
  )
}

function recallRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/recalls',
    {
      config: { permission: 'batches.recall', refusals: ['lots.not_found', ...times] },
      schema: {
        ...{ operationId: 'runRecall', tags, summary: 'Run a mock recall of a lot and keep its report' },
        ...{ body: shapes.NewRecall, response: { 201: shapes.Recall } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => runRecall(work, request.body)),
  )
  app.get(
    '/plant-ops/recalls',
    {
      config: { permission: 'batches.read' },
      schema: {
        ...{ operationId: 'listRecalls', tags, summary: 'Mock recalls, newest first' },
        ...{ querystring: Shape({ limit, offset }), response: { 200: Page(shapes.Recall) } },
      },
    },
    (request) => edges.read(request, (work) => listRecalls(work, request.query)),
  )
  app.get(
    '/plant-ops/recalls/:id',
    {
      config: { permission: 'batches.read', refusals: ['recalls.not_found'] },
      schema: {
        ...{ operationId: 'getRecall', tags, summary: 'One mock recall as it was run' },
        ...{ params: WithId, response: { 200: shapes.Recall } },
      },
    },
    (request) => edges.read(request, (work) => getRecall(work, request.params.id)),
  )
}
