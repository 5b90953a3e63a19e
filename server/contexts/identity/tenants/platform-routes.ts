import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import type { AdministrationDeps } from '../administration.ts'
import { cancelTenant, changeTenant, deleteTenant, reactivateTenant, suspendTenant } from './change-tenant.ts'
import { openTenant } from './open-tenant.ts'
import { platformEdge } from './platform-edge.ts'
import { getTenant, listTenants, tenantSort } from './read-tenants.ts'
import { NewTenant, Tenant, TenantChange, TenantStatus, Tier } from './schemas.ts'

const tags = ['Platform']
// `self`: a superuser acts also where their own company is suspended; whether a change is meant, the permission says.
const reading = { permission: 'platform.tenants.read', mode: 'self' as const }
const writing = { permission: 'platform.tenants.write', mode: 'self' as const }
const Query = Shape({
  ...PageQuery,
  sort: SortBy(tenantSort),
  status: Type.Optional(TenantStatus),
  tier: Type.Optional(Tier),
})

const seeing =
  (deps: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const edge = platformEdge(deps)
    const { custody } = deps.installation
    app.get(
      '/tenants',
      {
        config: reading,
        schema: {
          operationId: 'listTenants',
          tags,
          summary: 'Companies',
          querystring: Query,
          response: { 200: Page(Tenant) },
        },
      },
      (request) => edge.read(request, () => custody.run((work) => listTenants(work, request.query))),
    )
    app.get(
      '/tenants/:id',
      {
        config: { ...reading, refusals: ['tenants.not_found'] },
        schema: { operationId: 'getTenant', tags, summary: 'One company', params: WithId, response: { 200: Tenant } },
      },
      (request, reply) => edge.read(request, () => custody.run((work) => getTenant(work, request.params.id)), reply),
    )
  }

const changing =
  (deps: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const edge = platformEdge(deps)
    const { custody } = deps.installation
    app.post(
      '/tenants',
      {
        config: { ...writing, refusals: ['tenants.slug_taken'] },
        schema: {
          operationId: 'createTenant',
          tags,
          summary: 'Make a company and invite its first Admin',
          body: NewTenant,
          response: { 201: Tenant },
        },
      },
      (request, reply) =>
        edge.write(request, reply.code(201), ({ by }) => openTenant(custody, request.body, { by, post: deps })),
    )
    app.patch(
      '/tenants/:id',
      {
        config: { ...writing, refusals: ['tenants.not_found', 'tenants.slug_taken', 'tenants.own'] },
        schema: {
          ...{ operationId: 'updateTenant', tags, summary: 'Change plan, limits, status or names' },
          ...{ params: WithId, body: TenantChange, response: { 200: Tenant } },
        },
      },
      (request, reply) =>
        edge.write(request, reply, (who) => {
          const asked = { ...who, change: request.body, expected: expectedRevisions(request) }
          return custody.run((work) => changeTenant(work, request.params.id, asked))
        }),
    )
    app.delete(
      '/tenants/:id',
      {
        config: { ...writing, refusals: ['tenants.not_found', 'tenants.own'] },
        schema: {
          operationId: 'deleteTenant',
          tags,
          summary: 'Hide a company',
          params: WithId,
          response: { 204: Nothing },
        },
      },
      async (request, reply) => {
        const expected = expectedRevisions(request)
        await edge.write(request, reply.code(204), (who) =>
          custody.run((work) => deleteTenant(work, request.params.id, { ...who, expected })),
        )
        return null
      },
    )
  }

const steps = [
  ['suspend', 'Stop writing; reading and export stay', suspendTenant],
  ['reactivate', 'Let it work again', reactivateTenant],
  ['cancel', 'The company leaves; export stays', cancelTenant],
] as const

const stepping =
  (deps: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const edge = platformEdge(deps)
    const { custody } = deps.installation
    for (const [step, summary, change] of steps) {
      app.post(
        `/tenants/:id/${step}`,
        {
          config: { ...writing, refusals: ['tenants.not_found', 'tenants.own'] },
          schema: { operationId: `${step}Tenant`, tags, summary, params: WithId, response: { 200: Tenant } },
        },
        (request, reply) =>
          edge.write(request, reply, (who) =>
            custody.run((work) => change(work, request.params.id, { ...who, expected: expectedRevisions(request) })),
          ),
      )
    }
  }

/** All companies, for who runs the service: /tenants. */
export const platformRoutes = [seeing, changing, stepping]
