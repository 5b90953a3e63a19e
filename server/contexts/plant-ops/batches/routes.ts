import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Day, Id, Line, Nothing, Page, PageQuery, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { changeBatch, hideBatch } from './change-batch.ts'
import { completeBatch } from './complete-batch.ts'
import { createBatch } from './create-batch.ts'
import { getBatch } from './get-batch.ts'
import { BATCH_SORTS, listBatches } from './list-batches.ts'
import { holdBatch, resumeBatch } from './hold-batch.ts'
import { listMeasurements } from './list-measurements.ts'
import { readCapability } from './read-capability.ts'
import { recordCorrection, recordMeasurement } from './record-measurement.ts'
import { recordOutput } from './record-output.ts'
import * as shapes from './schemas.ts'
import { startBatch } from './start-batch.ts'

const tags = ['Batches']
const BatchQuery = Shape({
  ...PageQuery,
  sort: SortBy(BATCH_SORTS),
  ...{ plant_id: Type.Optional(Id), line_id: Type.Optional(Id), status: Type.Optional(shapes.BatchStatus) },
  ...{ product_code: Type.Optional(Line(50)), from: Type.Optional(Timestamp), to: Type.Optional(Timestamp) },
})
const times = ['plant_ops.in_future', 'plant_ops.too_far_back']
const reports = [
  'batches.not_found',
  'batches.not_running',
  'batches.on_hold',
  'batches.before_start',
  'batches.before_outputs',
  ...times,
]
type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/plant-ops/batches`. */
export const batchRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    planRoutes(app, edges)
    changeRoutes(app, edges)
    lifeRoutes(app, edges)
    holdRoutes(app, edges)
    controlRoutes(app, edges)
    await Promise.resolve()
  }

function planRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/batches',
    {
      config: {
        permission: 'batches.write',
        refusals: ['lines.not_found', 'batches.number_taken', 'batches.unit_mismatch', 'products.invalid_recipe'],
      },
      schema: {
        ...{ operationId: 'createBatch', tags, summary: 'Plan a batch' },
        ...{ body: shapes.NewBatch, response: { 201: shapes.Batch } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => createBatch(work, request.body)),
  )
  app.get(
    '/plant-ops/batches',
    {
      config: { permission: 'batches.read' },
      schema: {
        ...{ operationId: 'listBatches', tags, summary: 'List, filter, sort and search batches' },
        ...{ querystring: BatchQuery, response: { 200: Page(shapes.Batch) } },
      },
    },
    (request) => edges.read(request, (work) => listBatches(work, request.query)),
  )
  app.get(
    '/plant-ops/batches/:id',
    {
      config: { permission: 'batches.read', refusals: ['batches.not_found'] },
      schema: {
        ...{ operationId: 'getBatch', tags, summary: 'One batch with its figures and its recipe as it was' },
        ...{ params: WithId, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.read(request, (work) => getBatch(work, request.params.id), reply),
  )
}

function changeRoutes(app: App, edges: Edges): void {
  app.patch(
    '/plant-ops/batches/:id',
    {
      config: {
        permission: 'batches.write',
        refusals: [
          ...[
            'batches.not_found',
            'batches.number_taken',
            'batches.fixed_field',
            'batches.ended',
            'batches.quantities',
          ],
          ...['batches.reason_needed', 'batches.currency', 'products.invalid_recipe'],
        ],
      },
      schema: {
        ...{ operationId: 'changeBatch', tags, summary: 'Change, correct or abort a batch' },
        ...{ params: WithId, body: shapes.BatchChange, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => {
      const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeBatch(work, asked))
    },
  )
  app.delete(
    '/plant-ops/batches/:id',
    {
      config: { permission: 'batches.delete', refusals: ['batches.not_found', 'batches.started_stays'] },
      schema: {
        ...{ operationId: 'deleteBatch', tags, summary: 'Take away a batch that was never started' },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      const target = { id: request.params.id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => hideBatch(work, target))
      return null
    },
  )
}

function lifeRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/batches/:id/start',
    {
      // Nothing to say is nothing to send.
      preValidation: async (request) => void ((request.body as unknown) ??= {}),
      config: {
        permission: 'batches.write',
        refusals: ['batches.not_found', 'batches.not_planned', 'batches.line_busy', 'lines.not_found', ...times],
      },
      schema: {
        ...{ operationId: 'startBatch', tags, summary: 'Start a batch: its recipe is fixed, an idle line runs' },
        ...{ params: WithId, body: shapes.BatchStart, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => startBatch(work, request.params.id, request.body.at)),
  )
  app.post(
    '/plant-ops/batches/:id/outputs',
    {
      config: { permission: 'batches.write', refusals: reports },
      schema: {
        ...{ operationId: 'recordBatchOutput', tags, summary: 'Report what came out since the last report' },
        ...{ params: WithId, body: shapes.BatchOutput, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => recordOutput(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/batches/:id/complete',
    {
      config: {
        permission: 'batches.write',
        refusals: [
          ...reports,
          'batches.quantities',
          'batches.controls_open',
          'batches.currency',
          'batches.hold_overlap',
        ],
      },
      schema: {
        ...{ operationId: 'completeBatch', tags, summary: 'Complete a batch with the quantities of the whole' },
        ...{ params: WithId, body: shapes.BatchCompletion, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => completeBatch(work, request.params.id, request.body)),
  )
}

function holdRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/batches/:id/hold',
    {
      config: { permission: 'batches.write', refusals: [...reports, 'batches.hold_overlap'] },
      schema: {
        ...{ operationId: 'holdBatch', tags, summary: 'Hold a batch: it keeps its line, and that time is no run time' },
        ...{ params: WithId, body: shapes.BatchHold, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => holdBatch(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/batches/:id/resume',
    {
      preValidation: async (request) => void ((request.body as unknown) ??= {}),
      config: {
        permission: 'batches.write',
        refusals: ['batches.not_found', 'batches.not_held', 'batches.before_hold', ...times],
      },
      schema: {
        ...{ operationId: 'resumeBatch', tags, summary: 'Resume a batch that is on hold; an idle line runs' },
        ...{ params: WithId, body: shapes.BatchResumption, response: { 200: shapes.BatchReport } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => resumeBatch(work, request.params.id, request.body.at)),
  )
}

const When = (description: string) => Type.Optional(Type.Union([Day, Timestamp], { description }))
const CapabilityQuery = Shape({
  from: When('A day or a time; by default 30 days before the end, of a batch its start'),
  to: When('A day, which is included, or a time; by default now'),
  ...{ batch_id: Type.Optional(Id), line_id: Type.Optional(Id), plant_id: Type.Optional(Id) },
  ...{ product_code: Type.Optional(Line(50)), control_point: Type.Optional(Line(50)) },
})

const WithMeasurement = Shape({ id: Id, measurement_id: Id })

function controlRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/batches/:id/measurements',
    {
      config: {
        permission: 'batches.write',
        refusals: [
          ...['batches.not_found', 'batches.not_running', 'batches.before_start', 'batches.quantities', ...times],
          ...['controls.point_unknown', 'controls.unit_mismatch'],
        ],
      },
      schema: {
        ...{ operationId: 'recordMeasurement', tags, summary: 'Record a measurement at a control point (HACCP)' },
        ...{ params: WithId, body: shapes.NewMeasurement, response: { 201: shapes.Measurement } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => recordMeasurement(work, request.params.id, request.body)),
  )
  app.get(
    '/plant-ops/batches/:id/measurements',
    {
      config: { permission: 'batches.read', refusals: ['batches.not_found'] },
      schema: {
        ...{ operationId: 'listMeasurements', tags, summary: 'Measurements of a batch in the order of time' },
        ...{ params: WithId, response: { 200: Type.Object({ items: Type.Array(shapes.Measurement) }) } },
      },
    },
    (request) => edges.read(request, (work) => listMeasurements(work, request.params.id)),
  )
  app.get(
    '/plant-ops/capability',
    {
      config: { permission: 'batches.read', refusals: ['batches.not_found', 'plant_ops.period_not_usable'] },
      schema: {
        ...{
          operationId: 'getCapability',
          tags,
          summary: 'Cm, Cmk, Cp and Cpk of control points, from their measurements',
        },
        description: 'Raw, never capped; null where they are not defined, with the reason; 400 days at most.',
        ...{ querystring: CapabilityQuery, response: { 200: shapes.CapabilityReport } },
      },
    },
    (request) => edges.snapshot(request, (work) => readCapability(work, request.query)),
  )
  app.post(
    '/plant-ops/batches/:id/measurements/:measurement_id/correct',
    {
      config: {
        permission: 'batches.write',
        refusals: ['batches.not_found', 'controls.not_found', 'controls.nothing_to_correct'],
      },
      schema: {
        ...{ operationId: 'correctMeasurement', tags, summary: 'Say what was done about a measurement out of limits' },
        ...{ params: WithMeasurement, body: shapes.CorrectiveAction, response: { 200: shapes.Measurement } },
      },
    },
    (request, reply) => {
      const { corrective_action } = request.body
      return edges.write(request, reply, (work) => recordCorrection(work, request.params, corrective_action))
    },
  )
}
