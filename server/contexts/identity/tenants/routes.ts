import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import type { AdministrationDeps } from '../administration.ts'
import { getOwnTenant, updateOwnTenant } from './own-tenant.ts'
import { OwnTenant, OwnTenantChange } from './schemas.ts'

/** One's own company: /tenant. */
export const ownTenantRoutes =
  ({ edges, countPlants }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/tenant',
      {
        config: { permission: 'tenant.read' },
        schema: { operationId: 'getOwnTenant', tags: ['Tenant'], summary: 'The company', response: { 200: OwnTenant } },
      },
      (request, reply) => edges.read(request, (work) => getOwnTenant(work, countPlants), reply),
    )
    app.patch(
      '/tenant',
      {
        config: { permission: 'tenant.write' },
        schema: {
          ...{ operationId: 'updateOwnTenant', tags: ['Tenant'], summary: 'Change name and settings' },
          ...{ body: OwnTenantChange, response: { 200: OwnTenant } },
        },
      },
      (request, reply) => {
        const asked = { change: request.body, expected: expectedRevisions(request), countPlants }
        return edges.write(request, reply, (work) => updateOwnTenant(work, asked))
      },
    )
  }
