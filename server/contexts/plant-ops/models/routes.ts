import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '#platform/http/edge.ts'
import { Id, Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { getModel, listModels } from './list-models.ts'
import { SensorModel, Training } from './schemas.ts'
import { activateModel, removeChampion } from './set-champion.ts'
import { startTraining } from './start-training.ts'

const tags = ['Sensor models']
const WithModel = Shape({ id: Id, model_id: Id })
const ModelQuery = Shape({ limit: PageQuery.limit, offset: PageQuery.offset })
const NOT_FOUND = ['sensors.not_found', 'sensor_models.not_found'] as const

type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/plant-ops/sensors/{id}/models`. */
export const modelRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/plant-ops/sensors/:id/models',
      {
        config: { permission: 'sensors.read', refusals: ['sensors.not_found'] },
        schema: {
          ...{
            operationId: 'listSensorModels',
            tags,
            summary: 'The models of a sensor, the newest first, with their figures',
          },
          ...{ params: WithId, querystring: ModelQuery, response: { 200: Page(SensorModel) } },
        },
      },
      (request) => edges.read(request, (work) => listModels(work, request.params.id, request.query)),
    )
    app.get(
      '/plant-ops/sensors/:id/models/:model_id',
      {
        config: { permission: 'sensors.read', refusals: [...NOT_FOUND] },
        schema: {
          ...{ operationId: 'getSensorModel', tags, summary: 'One model, and why it is used or not' },
          ...{ params: WithModel, response: { 200: SensorModel } },
        },
      },
      (request, reply) =>
        edges.read(request, (work) => getModel(work, request.params.id, request.params.model_id), reply),
    )
    changingRoutes(app, edges)
    await Promise.resolve()
  }

function changingRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/sensors/:id/models',
    {
      config: {
        permission: 'sensors.write',
        refusals: [
          ...['sensors.not_found', 'sensor_models.training', 'sensor_models.period', 'sensor_models.too_little'],
          'sensor_models.too_much',
        ],
      },
      schema: {
        ...{
          operationId: 'trainSensorModel',
          tags,
          summary: 'Train a model; it is used only where it is better on held-out data',
        },
        ...{ params: WithId, body: Training, response: { 202: SensorModel } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(202), (work) => startTraining(work, request.params.id, request.body)),
  )
  app.post(
    '/plant-ops/sensors/:id/models/:model_id/activate',
    {
      config: {
        permission: 'sensors.write',
        refusals: [...NOT_FOUND, 'sensor_models.never_champion', 'sensor_models.other_unit'],
      },
      schema: {
        ...{ operationId: 'activateSensorModel', tags, summary: 'Go back to a model that was in use before' },
        ...{ params: WithModel, response: { 200: SensorModel } },
      },
    },
    (request, reply) =>
      edges.write(request, reply, (work) => activateModel(work, request.params.id, request.params.model_id)),
  )
  app.delete(
    '/plant-ops/sensors/:id/models/champion',
    {
      config: { permission: 'sensors.write', refusals: ['sensors.not_found', 'sensor_models.no_champion'] },
      schema: {
        ...{
          operationId: 'removeSensorModel',
          tags,
          summary: 'Take the model out of use: the detector scores alone again',
        },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      await edges.write(request, reply.code(204), (work) => removeChampion(work, request.params.id))
      return null
    },
  )
}
