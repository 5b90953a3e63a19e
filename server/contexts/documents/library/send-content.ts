import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contentKey } from '#platform/blob/blob-store.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import type { DocumentDeps } from '../deps.ts'
import { isKnown, rangeHolds, readRange } from './byte-range.ts'
import { dispositionOf } from './file-name.ts'

/** A content to be saved: `fileName` as the client is to call it, `mediaType` one that no browser runs. */
export type Saved = {
  readonly sha256: string
  readonly size: number
  readonly fileName: string
  readonly mediaType: string
}

const describe = (reply: FastifyReply, { sha256, fileName, mediaType }: Saved): void => {
  reply.headers({
    ...{ 'content-type': mediaType, 'content-disposition': dispositionOf(fileName) },
    // What somebody uploaded is never shown as ours: no script, no frame, no guess at its type.
    ...{ 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' },
    ...{ 'cross-origin-resource-policy': 'same-origin', 'cache-control': 'private, no-cache' },
    ...{ etag: `"${sha256}"`, 'accept-ranges': 'bytes' },
  })
}

/** Sends what was found, whole or in part (RFC 9110, one range); the transaction that found it has ended. */
export async function sendContent(
  { blobs }: DocumentDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  saved: Saved,
): Promise<FastifyReply> {
  const { sha256, size } = saved
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers
  const etag = `"${sha256}"`
  if (isKnown(ifNoneMatch, etag)) {
    describe(reply, saved)
    return reply.code(304).send()
  }
  const wanted = rangeHolds(ifRange as string | undefined, etag) ? readRange(range, size) : 'whole'
  if (wanted === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`)
    throw requestRefusals.refuse('request.no_such_range')
  }
  describe(reply, saved)
  if (wanted !== 'whole') reply.code(206).header('content-range', `bytes ${wanted.start}-${wanted.end}/${size}`)
  reply.header('content-length', wanted === 'whole' ? size : wanted.end - wanted.start + 1)
  // An empty stream: of an empty text Fastify would say that its length is 0.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const key = contentKey(request.caller!.tenantId, sha256)
  return reply.send(await blobs.open(key, wanted === 'whole' ? undefined : wanted))
}
