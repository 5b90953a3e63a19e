import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Id, Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { changeEnergyPrice } from './change-energy-price.ts'
import { createEnergyPrice } from './create-energy-price.ts'
import { deleteEnergyPrice } from './delete-energy-price.ts'
import { getEnergyPrice } from './get-energy-price.ts'
import { listEnergyPrices } from './list-energy-prices.ts'
import { EnergyPrice, EnergyPriceChange, NewEnergyPrice } from './schemas.ts'

const tags = ['Performance']
const { limit, offset } = PageQuery
const WithPrice = Shape({ id: Id, price_id: Id })

/** `/plants/{id}/energy-prices`: what a kWh is paid, by day; lost energy is valued by it. */
export const energyPriceRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plants/:id/energy-prices',
      {
        config: {
          permission: 'registry.write',
          refusals: ['plants.not_found', 'energy_prices.day_taken'],
        },
        schema: {
          ...{ operationId: 'createEnergyPrice', tags, summary: 'Say what a kWh of a plant is paid from a day on' },
          description: 'A price holds from its day on, in the zone of the plant, until the day of the next.',
          ...{ params: WithId, body: NewEnergyPrice, response: { 201: EnergyPrice } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(201), (work) => createEnergyPrice(work, request.params.id, request.body)),
    )
    app.get(
      '/plants/:id/energy-prices',
      {
        config: { permission: 'performance.read', refusals: ['plants.not_found'] },
        schema: {
          ...{ operationId: 'listEnergyPrices', tags, summary: 'Prices of a kWh of a plant, the latest first' },
          ...{ params: WithId, querystring: Shape({ limit, offset }), response: { 200: Page(EnergyPrice) } },
        },
      },
      (request) => edges.read(request, (work) => listEnergyPrices(work, request.params.id, request.query)),
    )
    app.get(
      '/plants/:id/energy-prices/:price_id',
      {
        config: { permission: 'performance.read', refusals: ['plants.not_found', 'energy_prices.not_found'] },
        schema: {
          ...{ operationId: 'getEnergyPrice', tags, summary: 'One price' },
          ...{ params: WithPrice, response: { 200: EnergyPrice } },
        },
      },
      (request, reply) =>
        edges.read(request, (work) => getEnergyPrice(work, request.params.id, request.params.price_id), reply),
    )
    changingRoutes(app, edges)
    await Promise.resolve()
  }

type App = Parameters<FastifyPluginAsyncTypebox>[0]

function changingRoutes(app: App, edges: Edges): void {
  app.patch(
    '/plants/:id/energy-prices/:price_id',
    {
      config: {
        permission: 'registry.write',
        refusals: ['plants.not_found', 'energy_prices.not_found', 'energy_prices.day_taken'],
      },
      schema: {
        ...{ operationId: 'changeEnergyPrice', tags, summary: 'Change a price' },
        ...{ params: WithPrice, body: EnergyPriceChange, response: { 200: EnergyPrice } },
      },
    },
    (request, reply) => {
      const { id: plantId, price_id: id } = request.params
      const asked = { plantId, id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changeEnergyPrice(work, asked))
    },
  )
  app.delete(
    '/plants/:id/energy-prices/:price_id',
    {
      config: { permission: 'registry.write', refusals: ['plants.not_found', 'energy_prices.not_found'] },
      schema: {
        ...{ operationId: 'deleteEnergyPrice', tags, summary: 'Take a price back; the one before it holds on' },
        ...{ params: WithPrice, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      const { id: plantId, price_id: id } = request.params
      const target = { plantId, id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => deleteEnergyPrice(work, target))
      return null
    },
  )
}
