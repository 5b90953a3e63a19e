import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { Document } from '../schemas.ts'
import { contentRoutes } from './content-routes.ts'
import { getDocument } from './get-document.ts'
import { uploadRoutes } from './upload-routes.ts'

const tags = ['Documents']

/** `/documents`. */
export const libraryRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps
    app.get(
      '/documents/:id',
      {
        config: { permission: 'documents.read', refusals: ['documents.not_found'] },
        schema: {
          ...{ operationId: 'getDocument', tags, summary: 'Get a document, what is said of it and what it belongs to' },
          ...{ params: WithId, response: { 200: Document } },
        },
      },
      (request, reply) => edges.read(request, (work) => getDocument(work, request.params.id), reply),
    )
    await app.register(uploadRoutes(deps))
    await app.register(contentRoutes(deps))
  }
