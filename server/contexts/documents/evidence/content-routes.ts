import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Nothing, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { sendContent } from '../library/send-content.ts'
import { getArchive } from './read-pack.ts'
import { safeName } from './safe-name.ts'

const Bytes = { content: { 'application/zip': { schema: Type.String({ format: 'binary' }) } } }
const response = {
  200: { description: 'The whole archive', ...Bytes },
  206: { description: 'The part that Range asked for', ...Bytes },
  304: { ...Nothing, description: 'The client has it already' },
}

/** The archive itself: whoever may open the pack may have it. */
export const packContentRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/evidence-packs/:id/content',
      {
        compress: false,
        config: {
          ...({ permission: 'documents.read', mode: 'export' } as const),
          refusals: [
            ...['evidence.not_found', 'evidence.not_ready', 'evidence.quarantined'],
            ...['request.no_such_range', 'blobs.missing', 'blobs.unavailable'],
          ],
        },
        schema: {
          ...{ operationId: 'getEvidencePackContent', tags: ['Evidence packs'] },
          ...{ summary: 'Download an evidence pack, whole or in part (Range)', params: WithId, response },
        },
      },
      async (request, reply) => {
        const { name, ...content } = await deps.edges.read(request, (work) => getArchive(work, request.params.id))
        const saved = { ...content, fileName: `${safeName(name)}.zip`, mediaType: 'application/zip' }
        return sendContent(deps, request, reply, saved)
      },
    )
    await Promise.resolve()
  }
