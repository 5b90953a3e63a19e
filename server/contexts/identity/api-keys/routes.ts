import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { SortBy } from '#platform/http/sort.ts'
import type { AdministrationDeps } from '../administration.ts'
import { createApiKey } from './create-api-key.ts'
import { ApiKeyStatus, apiKeySort, getApiKey, listApiKeys } from './read-api-keys.ts'
import { revokeApiKey } from './revoke-api-key.ts'
import { ApiKey, ApiKeyChange, CreatedApiKey, NewApiKey } from './schemas.ts'
import { updateApiKey } from './update-api-key.ts'

const tags = ['API keys']
const Query = Shape({
  ...PageQuery,
  sort: SortBy(apiKeySort),
  status: Type.Optional(ApiKeyStatus),
})

const making =
  ({ edges, plantsExist }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/api-keys',
      {
        // The answer holds the key: it is not kept for a repetition.
        config: { permission: 'api_keys.write', idempotent: false, refusals: ['api_keys.beyond_own'] },
        schema: {
          ...{ operationId: 'createApiKey', tags, summary: 'Make an API key; it is shown this once' },
          ...{ body: NewApiKey, response: { 201: CreatedApiKey } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(201), (work) => createApiKey(work, request.body, plantsExist)),
    )
  }

const reading =
  ({ edges }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api-keys',
      {
        config: { permission: 'api_keys.read' },
        schema: {
          operationId: 'listApiKeys',
          tags,
          summary: 'API keys',
          querystring: Query,
          response: { 200: Page(ApiKey) },
        },
      },
      (request) => edges.read(request, (work) => listApiKeys(work, request.query)),
    )
    app.get(
      '/api-keys/:id',
      {
        config: { permission: 'api_keys.read', refusals: ['api_keys.not_found'] },
        schema: { operationId: 'getApiKey', tags, summary: 'One API key', params: WithId, response: { 200: ApiKey } },
      },
      (request, reply) => edges.read(request, (work) => getApiKey(work, request.params.id), reply),
    )
  }

const changing =
  ({ edges, plantsExist }: AdministrationDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.patch(
      '/api-keys/:id',
      {
        config: {
          permission: 'api_keys.write',
          refusals: ['api_keys.not_found', 'api_keys.revoked', 'api_keys.beyond_own'],
        },
        schema: {
          ...{ operationId: 'updateApiKey', tags, summary: 'Change an API key; it acts at once' },
          ...{ params: WithId, body: ApiKeyChange, response: { 200: ApiKey } },
        },
      },
      (request, reply) => {
        const asked = { change: request.body, expected: expectedRevisions(request), plantsExist }
        return edges.write(request, reply, (work) => updateApiKey(work, request.params.id, asked))
      },
    )
    app.delete(
      '/api-keys/:id',
      {
        config: { permission: 'api_keys.write', refusals: ['api_keys.not_found'] },
        schema: {
          operationId: 'revokeApiKey',
          tags,
          summary: 'Revoke an API key',
          params: WithId,
          response: { 204: Nothing },
        },
      },
      async (request, reply) => {
        const expected = expectedRevisions(request)
        await edges.write(request, reply.code(204), (work) => revokeApiKey(work, request.params.id, expected))
        return null
      },
    )
  }

/** Keys for programs: /api-keys. */
export const apiKeyRoutes = [making, reading, changing]
