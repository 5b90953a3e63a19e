import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { openEmbedder } from '#platform/model/embeddings.ts'
import { openVectorStore } from '#platform/vectors/open-vector-store.ts'
import type { DocumentDeps } from '../deps.ts'
import { queryDocuments, rememberVectors, type SearchParts } from './query-documents.ts'
import { SearchAnswer, SearchQuery } from './schemas.ts'

const tags = ['Documents']

/** `/documents/search`. */
export const searchRoutes =
  ({ config, edges, installation, log }: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const embedder = openEmbedder(config)
    const store = embedder && openVectorStore(config, installation)
    const meanings = embedder && store && { embedder, store, vectorOf: rememberVectors(embedder) }
    const parts: SearchParts = { database: installation.database, meanings, log }
    app.addHook('onClose', () => store?.close())
    app.get(
      '/documents/search',
      {
        config: {
          permission: 'documents.read',
          refusals: ['documents.no_embedder', 'documents.embedder_down'],
        },
        schema: {
          ...{ operationId: 'searchDocuments', tags, summary: 'Find passages in documents, by words and by meaning' },
          ...{ querystring: SearchQuery, response: { 200: SearchAnswer } },
        },
      },
      (request) => queryDocuments(parts, (use) => edges.read(request, use), request.query, request.signal),
    )
    await Promise.resolve()
  }
