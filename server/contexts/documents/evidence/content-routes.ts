import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { contentKey } from '#platform/blob/blob-store.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import { Nothing, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { isKnown, rangeHolds, readRange } from '../library/byte-range.ts'
import { dispositionOf } from '../library/file-name.ts'
import { getArchive } from './read-pack.ts'
import { safeName } from './safe-name.ts'

const Bytes = { content: { 'application/zip': { schema: Type.String({ format: 'binary' }) } } }
const response = {
  200: { description: 'The whole archive', ...Bytes },
  206: { description: 'The part that Range asked for', ...Bytes },
  304: { ...Nothing, description: 'The client has it already' },
}

async function sendArchive(
  { blobs }: DocumentDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { name, sha256, size }: { name: string; sha256: string; size: number },
): Promise<FastifyReply> {
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
  const etag = `"${sha256}"`
  const wanted = rangeHolds(ifRange as string | undefined, etag) ? readRange(range, size) : 'whole'
  const known = isKnown(ifNoneMatch, etag)
  if (wanted === 'unsatisfiable' && !known) {
    reply.header('content-range', `bytes */${size}`)
    throw requestRefusals.refuse('request.no_such_range')
  }
  reply.headers({
    ...{ 'content-type': 'application/zip', 'content-disposition': dispositionOf(`${safeName(name)}.zip`) },
    ...{ 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' },
    ...{ 'cross-origin-resource-policy': 'same-origin', 'cache-control': 'private, no-cache' },
    ...{ etag, 'accept-ranges': 'bytes' },
  })
  if (known || wanted === 'unsatisfiable') return reply.code(304).send()
  if (wanted !== 'whole') reply.code(206).header('content-range', `bytes ${wanted.start}-${wanted.end}/${size}`)
  reply.header('content-length', wanted === 'whole' ? size : wanted.end - wanted.start + 1)
  // An empty stream: of an empty text Fastify would say that its length is 0.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const key = contentKey(request.caller!.tenantId, sha256)
  return reply.send(await blobs.open(key, wanted === 'whole' ? undefined : wanted))
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
        const archive = await deps.edges.read(request, (work) => getArchive(work, request.params.id))
        return sendArchive(deps, request, reply, archive)
      },
    )
    await Promise.resolve()
  }
