import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { changePlant } from './change-plant.ts'
import { createPlant } from './create-plant.ts'
import { getPlant } from './get-plant.ts'
import { getRegistry } from './get-registry.ts'
import { hidePlant, restorePlant } from './hide-plant.ts'
import { listPlants } from './list-plants.ts'
import { mapPlants } from './map-plants.ts'
import { plantFilters } from './plant-filter.ts'
import { replaceRegistry } from './replace-registry.ts'
import { NewPlant, Plant, PlantChange, Registry, RegistryBody } from './schemas.ts'
import type { AfterPlantChange } from './tables.ts'
import { energyPriceRoutes } from './energy-prices/routes.ts'
import { stoppageRoutes } from './stoppages/routes.ts'
import { transferRoutes } from './transfer/routes.ts'

export type PlantDeps = { edges: Edges; ring: KeyRing; afterPlantChange: AfterPlantChange }

const tags = ['Plants']
const GeoJson = Type.Object(
  { type: Type.Literal('FeatureCollection'), features: Type.Array(Type.Unknown()) },
  { description: 'GeoJSON (RFC 7946) of the plants that have coordinates, 20,000 at most' },
)

/** `/plants`: plants, their registry, import and export. Performance has routes of its own. */
export const plantRoutes =
  (deps: PlantDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges, afterPlantChange } = deps
    app.post(
      '/plants',
      {
        config: {
          permission: 'plants.write',
          refusals: ['plants.code_taken', 'plants.limit_reached', 'plants.outside_scope'],
        },
        schema: {
          operationId: 'createPlant',
          tags,
          summary: 'Create a plant',
          body: NewPlant,
          response: { 201: Plant },
        },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createPlant(work, request.body)),
    )
    app.get(
      '/plants/:id',
      {
        config: { permission: 'plants.read', refusals: ['plants.not_found'] },
        schema: { operationId: 'getPlant', tags, summary: 'Get a plant', params: WithId, response: { 200: Plant } },
      },
      (request, reply) => edges.read(request, (work) => getPlant(work, request.params.id), reply),
    )
    app.patch(
      '/plants/:id',
      {
        config: { permission: 'plants.write', refusals: ['plants.not_found', 'plants.code_taken'] },
        schema: {
          ...{ operationId: 'changePlant', tags, summary: 'Change a plant', params: WithId },
          ...{ body: PlantChange, response: { 200: Plant } },
        },
      },
      (request, reply) => {
        const change = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
        return edges.write(request, reply, (work) => changePlant(work, change, afterPlantChange))
      },
    )
    listRoutes(app, deps)
    hidingRoutes(app, deps)
    registryRoutes(app, deps)
    await app.register(stoppageRoutes(deps))
    await app.register(energyPriceRoutes(deps))
    await app.register(transferRoutes(deps))
  }

type App = Parameters<FastifyPluginAsyncTypebox>[0]

function listRoutes(app: App, { edges }: PlantDeps): void {
  app.get(
    '/plants',
    {
      config: { permission: 'plants.read' },
      schema: {
        ...{ operationId: 'listPlants', tags, summary: 'List, filter, sort and search plants' },
        querystring: Shape({ ...PageQuery, ...plantFilters }),
        response: { 200: Page(Plant) },
      },
    },
    (request) => edges.read(request, (work) => listPlants(work, request.query)),
  )
  app.get(
    '/plants/geojson',
    {
      config: { permission: 'plants.read' },
      schema: {
        ...{ operationId: 'mapPlants', tags, summary: 'Plants as GeoJSON', querystring: Shape(plantFilters) },
        response: { 200: { content: { 'application/geo+json': { schema: GeoJson } } } },
      },
    },
    async (request, reply) => {
      const geojson = await edges.read(request, (work) => mapPlants(work, request.query))
      return reply.type('application/geo+json; charset=utf-8').send(geojson as never)
    },
  )
}

function hidingRoutes(app: App, { edges, afterPlantChange }: PlantDeps): void {
  app.delete(
    '/plants/:id',
    {
      config: { permission: 'plants.delete', refusals: ['plants.not_found'] },
      schema: { operationId: 'deletePlant', tags, summary: 'Hide a plant', params: WithId, response: { 204: Nothing } },
    },
    async (request, reply) => {
      const target = { id: request.params.id, revisions: expectedRevisions(request) }
      await edges.write(request, reply.code(204), (work) => hidePlant(work, target, afterPlantChange))
      return null
    },
  )
  app.post(
    '/plants/:id/restore',
    {
      config: {
        permission: 'plants.delete',
        refusals: ['plants.not_found', 'plants.code_taken', 'plants.limit_reached'],
      },
      schema: {
        ...{ operationId: 'restorePlant', tags, summary: 'Bring a hidden plant back', params: WithId },
        response: { 200: Plant },
      },
    },
    (request, reply) => edges.write(request, reply, (work) => restorePlant(work, request.params.id, afterPlantChange)),
  )
}

function registryRoutes(app: App, { edges, ring, afterPlantChange }: PlantDeps): void {
  app.get(
    '/plants/:id/registry',
    {
      config: { permission: 'registry.read', refusals: ['plants.not_found'] },
      schema: {
        ...{ operationId: 'getPlantRegistry', tags, summary: 'Get the registry of a plant', params: WithId },
        response: { 200: Registry },
      },
    },
    (request, reply) => edges.read(request, (work) => getRegistry(work, request.params.id, ring), reply),
  )
  app.put(
    '/plants/:id/registry',
    {
      config: { permission: 'registry.write', refusals: ['plants.not_found'] },
      schema: {
        ...{ operationId: 'replacePlantRegistry', tags, summary: 'Replace the registry of a plant', params: WithId },
        ...{ body: RegistryBody, response: { 200: Registry } },
      },
    },
    (request, reply) => {
      const replacement = { id: request.params.id, body: request.body, revisions: expectedRevisions(request), ring }
      return edges.write(request, reply, (work) => replaceRegistry(work, replacement, afterPlantChange))
    },
  )
}
