import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { Id, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { acknowledgeAnomaly } from './acknowledge-anomaly.ts'
import { ANOMALY_SORTS, getAnomaly, listAnomalies } from './list-anomalies.ts'
import { Acknowledgement, Anomaly, AnomalyStatus, Shelving } from './schemas.ts'
import { shelveAnomaly, unshelveAnomaly } from './shelve-anomaly.ts'

const tags = ['Anomalies']
const AnomalyQuery = Shape({
  ...{ limit: PageQuery.limit, offset: PageQuery.offset, sort: SortBy(ANOMALY_SORTS) },
  status: Type.Optional(AnomalyStatus),
  acknowledged: Type.Optional(Type.Boolean()),
  shelved: Type.Optional(Type.Boolean({ description: 'Whether nobody is told of its sensor just now' })),
  sensor_id: Type.Optional(Id),
  plant_id: Type.Optional(Id),
})

/** `/plant-ops/anomalies`. */
export const anomalyRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/plant-ops/anomalies',
      {
        config: { permission: 'anomalies.read' },
        schema: {
          ...{ operationId: 'listAnomalies', tags, summary: 'Alarms, newest first, explained in words' },
          ...{ querystring: AnomalyQuery, response: { 200: Page(Anomaly) } },
        },
      },
      (request) => edges.read(request, (work) => listAnomalies(work, request.query)),
    )
    app.get(
      '/plant-ops/anomalies/:id',
      {
        config: { permission: 'anomalies.read', refusals: ['anomalies.not_found'] },
        schema: {
          ...{ operationId: 'getAnomaly', tags, summary: 'One alarm' },
          ...{ params: WithId, response: { 200: Anomaly } },
        },
      },
      (request, reply) => edges.read(request, (work) => getAnomaly(work, request.params.id), reply),
    )
    app.post(
      '/plant-ops/anomalies/:id/acknowledge',
      {
        config: { permission: 'anomalies.acknowledge', refusals: ['anomalies.not_found'] },
        schema: {
          ...{ operationId: 'acknowledgeAnomaly', tags, summary: 'Say that you have seen an alarm' },
          ...{ params: WithId, body: Acknowledgement, response: { 200: Anomaly } },
        },
      },
      (request, reply) =>
        edges.write(request, reply, (work) => acknowledgeAnomaly(work, request.params.id, request.body)),
    )
    shelvingRoutes(app, edges)
    await Promise.resolve()
  }

const NO_SHELF = ['anomalies.shelf_without_end', 'anomalies.shelf_too_long'] as const

function shelvingRoutes(app: Parameters<FastifyPluginAsyncTypebox>[0], edges: Edges): void {
  app.post(
    '/plant-ops/anomalies/:id/shelve',
    {
      config: { permission: 'anomalies.acknowledge', refusals: ['anomalies.not_found', ...NO_SHELF] },
      schema: {
        ...{ operationId: 'shelveAnomaly', tags, summary: 'Have nobody told of a sensor for a while' },
        ...{ params: WithId, body: Shelving, response: { 200: Anomaly } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => shelveAnomaly(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/anomalies/:id/unshelve',
    {
      config: { permission: 'anomalies.acknowledge', refusals: ['anomalies.not_found'] },
      schema: {
        ...{ operationId: 'unshelveAnomaly', tags, summary: 'Have it told again before its time' },
        ...{ params: WithId, response: { 200: Anomaly } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => unshelveAnomaly(work, request.params.id)),
  )
}
