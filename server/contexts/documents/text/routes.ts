import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { readText } from './read-text.ts'
import { DocumentText, ReadingQuery, TextQuery, TextStanding } from './schemas.ts'
import { startReading } from './start-reading.ts'

const tags = ['Documents']
const refusals = [
  ...['documents.not_found', 'documents.no_such_version', 'documents.scanning', 'documents.quarantined'],
  ...['documents.scan_failed', 'documents.purged'],
]

/** `/documents/{id}/text`. */
export const textRoutes =
  ({ edges }: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/documents/:id/text',
      {
        config: { permission: 'documents.read', refusals },
        schema: {
          ...{ operationId: 'readDocumentText', tags, summary: 'What stands in a document, page by page' },
          ...{ params: WithId, querystring: TextQuery, response: { 200: DocumentText } },
        },
      },
      (request) => edges.read(request, (work) => readText(work, { ...request.params, ...request.query })),
    )
    app.post(
      '/documents/:id/text/read',
      {
        config: { permission: 'documents.write', refusals },
        schema: {
          ...{ operationId: 'readDocumentAgain', tags, summary: 'Read the text of a document anew' },
          ...{ params: WithId, querystring: ReadingQuery, response: { 202: TextStanding } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(202), (work) => startReading(work, { ...request.params, ...request.query })),
    )
    await Promise.resolve()
  }
