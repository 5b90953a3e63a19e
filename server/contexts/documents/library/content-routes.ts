import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Id, Nothing, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { savedName } from './file-name.ts'
import { servedType } from './file-types.ts'
import { type Download, readDocumentContent } from './read-document-content.ts'
import { type Saved, sendContent } from './send-content.ts'

const tags = ['Documents']
const Bytes = { content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } } }
const response = {
  200: { description: 'The whole content', ...Bytes },
  206: { description: 'The part that Range asked for', ...Bytes },
  304: { ...Nothing, description: 'The client has it already' },
}
const config = {
  // Read on by companies that are suspended or leave: the content is theirs.
  ...({ permission: 'documents.read', mode: 'export' } as const),
  refusals: [
    ...['documents.not_found', 'documents.no_such_version', 'documents.scanning', 'documents.quarantined'],
    ...['documents.scan_failed', 'documents.purged', 'request.no_such_range', 'blobs.missing', 'blobs.unavailable'],
  ],
}

const savedOf = ({ sha256, size, type, name }: Download): Saved => ({
  ...{ sha256, size },
  ...{ fileName: savedName(name, type), mediaType: servedType(type) },
})

const WithVersion = Shape({ id: Id, version: Type.Integer({ minimum: 1, maximum: 1_000_000 }) })

/** The bytes of a document, or of one of its versions: always to be saved, never shown. */
export const contentRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { edges } = deps
    app.get(
      '/documents/:id/content',
      {
        // Compressed it would have other bytes than its ranges and its ETag say.
        ...{ compress: false, config },
        schema: {
          ...{ operationId: 'getDocumentContent', tags, summary: 'Download a document, whole or in part (Range)' },
          ...{ params: WithId, response },
        },
      },
      async (request, reply) => {
        const download = await edges.read(request, (work) => readDocumentContent(work, request.params))
        return sendContent(deps, request, reply, savedOf(download))
      },
    )
    app.get(
      '/documents/:id/versions/:version/content',
      {
        ...{ compress: false, config },
        schema: {
          ...{ operationId: 'getDocumentVersionContent', tags, summary: 'Download a version of a document' },
          ...{ params: WithVersion, response },
        },
      },
      async (request, reply) => {
        const download = await edges.read(request, (work) => readDocumentContent(work, request.params))
        return sendContent(deps, request, reply, savedOf(download))
      },
    )
    await Promise.resolve()
  }
