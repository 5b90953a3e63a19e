import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Nothing, Page, Shape, WithId } from '#platform/http/shapes.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { changeBroker, createBroker, deleteBroker } from './change-brokers.ts'
import { getBroker, listBrokers } from './read-brokers.ts'
import { Broker, BrokerChange, NewBroker } from './schemas.ts'

const tags = ['Brokers']
const Query = Shape({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  offset: Type.Integer({ minimum: 0, maximum: 100_000, default: 0 }),
})
const wrong = ['brokers.plant_not_found', 'brokers.invalid']

/** `/plant-ops/brokers`: where readings are subscribed to by MQTT. */
export const brokerRoutes =
  ({ edges, ring }: { edges: Edges; ring: KeyRing }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plant-ops/brokers',
      {
        config: { permission: 'sensors.write', refusals: [...wrong, 'brokers.too_many'] },
        schema: {
          ...{ operationId: 'createBroker', tags, summary: 'Subscribe to an MQTT broker' },
          ...{ body: NewBroker, response: { 201: Broker } },
        },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createBroker(work, request.body, ring)),
    )
    app.get(
      '/plant-ops/brokers',
      {
        config: { permission: 'sensors.read' },
        schema: {
          ...{ operationId: 'listBrokers', tags, summary: 'MQTT brokers, and how their connections do' },
          ...{ querystring: Query, response: { 200: Page(Broker) } },
        },
      },
      (request) => edges.read(request, (work) => listBrokers(work, request.query)),
    )
    app.get(
      '/plant-ops/brokers/:id',
      {
        config: { permission: 'sensors.read', refusals: ['brokers.not_found'] },
        schema: { operationId: 'getBroker', tags, summary: 'One broker', params: WithId, response: { 200: Broker } },
      },
      (request, reply) => edges.read(request, (work) => getBroker(work, request.params.id), reply),
    )
    app.patch(
      '/plant-ops/brokers/:id',
      {
        config: { permission: 'sensors.write', refusals: ['brokers.not_found', ...wrong] },
        schema: {
          ...{ operationId: 'changeBroker', tags, summary: 'Change a broker; it is connected to anew' },
          ...{ params: WithId, body: BrokerChange, response: { 200: Broker } },
        },
      },
      (request, reply) => {
        const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request), ring }
        return edges.write(request, reply, (work) => changeBroker(work, asked))
      },
    )
    app.delete(
      '/plant-ops/brokers/:id',
      {
        config: { permission: 'sensors.write', refusals: ['brokers.not_found'] },
        schema: {
          ...{ operationId: 'deleteBroker', tags, summary: 'Remove a broker; its readings stay' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        await edges.write(request, reply.code(204), (work) => deleteBroker(work, id, expectedRevisions(request)))
        return null
      },
    )
    await Promise.resolve()
  }
