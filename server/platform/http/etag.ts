import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestRefusals } from './problem.ts'

/**
 * A single resource's ETag is its revision. A GET whose If-None-Match holds it is answered 304 without a body. `derived` stands behind it where
 * an answer changes while the resource does not (how far a file is read): letters, digits, `_` and `.`. If-Match goes by the revision alone.
 */
export function answerEtag<T>(request: FastifyRequest, reply: FastifyReply, result: T, derived?: string): T {
  const revision = (result as { revision?: unknown } | null)?.revision
  if (typeof revision !== 'number') return result
  const etag = derived === undefined ? `"${revision}"` : `"${revision}-${derived}"`
  reply.header('etag', etag)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (reads && tags(request.headers['if-none-match']).some((tag) => tag === '*' || tag === etag)) {
    reply.code(304)
    return undefined as T
  }
  return result
}

const tags = (header: string | undefined): string[] =>
  header === undefined ? [] : header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))

/** The revisions that If-Match allows; null where it was not sent or allows any. */
export function expectedRevisions(request: FastifyRequest): readonly number[] | null {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return null
  return tags(header).map((tag) => {
    const match = /^"(\d{1,9})(?:-[\w.]{1,100})?"$/.exec(tag)
    // A tag that was never ours matches nothing.
    return match === null ? -1 : Number(match[1])
  })
}

export function checkRevision(row: { revision: number }, expected: readonly number[] | null): void {
  if (expected !== null && !expected.includes(row.revision)) throw requestRefusals.refuse('request.stale')
}
