import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { contentKey } from '#platform/blob/blob-store.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import { Id, Nothing, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { isKnown, rangeHolds, readRange } from './byte-range.ts'
import { dispositionOf, savedName } from './file-name.ts'
import { servedType } from './file-types.ts'
import { type Download, readDocumentContent } from './read-document-content.ts'

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

const describeDownload = (reply: FastifyReply, { sha256, type, name }: Download): void => {
  reply.headers({
    ...{ 'content-type': servedType(type), 'content-disposition': dispositionOf(savedName(name, type)) },
    // What somebody uploaded is never shown as ours: no script, no frame, no guess at its type.
    ...{ 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' },
    ...{ 'cross-origin-resource-policy': 'same-origin', 'cache-control': 'private, no-cache' },
    ...{ etag: `"${sha256}"`, 'accept-ranges': 'bytes' },
  })
}

/** Sends what was found, whole or in part; the transaction that found it has ended. */
async function sendContent(
  { blobs }: DocumentDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  download: Download,
): Promise<FastifyReply> {
  const { sha256, size } = download
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
  const etag = `"${sha256}"`
  if (isKnown(ifNoneMatch, etag)) {
    describeDownload(reply, download)
    return reply.code(304).send()
  }
  const wanted = rangeHolds(ifRange as string | undefined, etag) ? readRange(range, size) : 'whole'
  if (wanted === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`)
    throw requestRefusals.refuse('request.no_such_range')
  }
  describeDownload(reply, download)
  if (wanted !== 'whole') reply.code(206).header('content-range', `bytes ${wanted.start}-${wanted.end}/${size}`)
  reply.header('content-length', wanted === 'whole' ? size : wanted.end - wanted.start + 1)
  // An empty stream: of an empty text Fastify would say that its length is 0.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const key = contentKey(request.caller!.tenantId, sha256)
  return reply.send(await blobs.open(key, wanted === 'whole' ? undefined : wanted))
}

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
        return sendContent(deps, request, reply, download)
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
        return sendContent(deps, request, reply, download)
      },
    )
    await Promise.resolve()
  }
