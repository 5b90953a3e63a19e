import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Id, Line, Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import { changeSensor } from './change-sensor.ts'
import { createSensor } from './create-sensor.ts'
import { getSensor } from './get-sensor.ts'
import { hideSensor, restoreSensor } from './hide-sensor.ts'
import { listSensors, SENSOR_SORTS } from './list-sensors.ts'
import { NewSensor, Sensor, SensorChange } from './schemas.ts'

const tags = ['Sensors']
const SensorQuery = Shape({
  ...PageQuery,
  sort: SortBy(SENSOR_SORTS),
  plant_id: Type.Optional(Id),
  line_id: Type.Optional(Id),
  kind: Type.Optional(Line(50)),
  source: Type.Optional(Line(500)),
})
const TAKEN = ['sensors.source_taken', 'sensors.quantity_taken'] as const
const UNSOUND = ['sensors.limits_crossed', 'sensors.quantity_kept'] as const

type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/plant-ops/sensors`. */
export const sensorRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plant-ops/sensors',
      {
        config: {
          permission: 'sensors.write',
          refusals: ['sensors.place_not_found', 'sensors.no_place', ...UNSOUND, ...TAKEN],
        },
        schema: {
          ...{ operationId: 'createSensor', tags, summary: 'Create a sensor of a plant or a line' },
          ...{ body: NewSensor, response: { 201: Sensor } },
        },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createSensor(work, request.body)),
    )
    app.get(
      '/plant-ops/sensors',
      {
        config: { permission: 'sensors.read' },
        schema: {
          ...{ operationId: 'listSensors', tags, summary: 'List, filter, sort and search sensors' },
          ...{ querystring: SensorQuery, response: { 200: Page(Sensor) } },
        },
      },
      (request) => edges.read(request, (work) => listSensors(work, request.query)),
    )
    app.get(
      '/plant-ops/sensors/:id',
      {
        config: { permission: 'sensors.read', refusals: ['sensors.not_found'] },
        schema: {
          ...{ operationId: 'getSensor', tags, summary: 'One sensor', params: WithId, response: { 200: Sensor } },
        },
      },
      (request, reply) => edges.read(request, (work) => getSensor(work, request.params.id), reply),
    )
    changingRoutes(app, edges)
    await Promise.resolve()
  }

function changingRoutes(app: App, edges: Edges): void {
  app.patch(
    '/plant-ops/sensors/:id',
    {
      config: {
        permission: 'sensors.write',
        refusals: ['sensors.not_found', 'sensors.place_not_found', ...UNSOUND, ...TAKEN],
      },
      schema: {
        ...{ operationId: 'changeSensor', tags, summary: 'Change a sensor' },
        ...{ params: WithId, body: SensorChange, response: { 200: Sensor } },
      },
    },
    (request, reply) => {
      const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeSensor(work, asked))
    },
  )
  app.delete(
    '/plant-ops/sensors/:id',
    {
      config: { permission: 'sensors.delete', refusals: ['sensors.not_found'] },
      schema: {
        ...{ operationId: 'deleteSensor', tags, summary: 'Hide a sensor; its readings stay' },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      const target = { id: request.params.id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => hideSensor(work, target))
      return null
    },
  )
  app.post(
    '/plant-ops/sensors/:id/restore',
    {
      config: { permission: 'sensors.delete', refusals: ['sensors.not_found', ...TAKEN] },
      schema: {
        ...{ operationId: 'restoreSensor', tags, summary: 'Bring a hidden sensor back' },
        ...{ params: WithId, response: { 200: Sensor } },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => restoreSensor(work, request.params.id)),
  )
}
