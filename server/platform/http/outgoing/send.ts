import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { LookupAddress } from 'node:dns'
import { outgoingRefusals } from './refusals.ts'

export type OutgoingRequest = {
  readonly method: 'POST' | 'PUT' | 'GET'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}
export type OutgoingAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer; truncated: boolean }

/** For all of it, from the name's resolution to the end of the answer. */
export const OUTGOING_TIMEOUT_MS = 20_000
/** What is read of an answer; the rest stays on the line. */
const MOST_BYTES = 64 * 1024

/** The connection goes where was checked, whatever the name leads to by now. */
const pinned =
  (addresses: readonly LookupAddress[]): NonNullable<RequestOptions['lookup']> =>
  (_host, { all }, then) => {
    const [first] = addresses
    if (all) then(null, [...addresses])
    else then(null, first!.address, first!.family)
  }

/** The first bytes of an answer. */
async function readSome(response: IncomingMessage): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    // Leaving the loop ends the connection.
    if (size > MOST_BYTES) break
  }
  return { body: Buffer.concat(chunks).subarray(0, MOST_BYTES), truncated: size > MOST_BYTES }
}

/** One exchange on a connection of its own; redirects are an answer like any other, and are not followed. */
export function exchange(
  url: URL,
  addresses: readonly LookupAddress[],
  { method, headers, body = '', signal }: OutgoingRequest,
): Promise<OutgoingAnswer> {
  const answer = Promise.withResolvers<OutgoingAnswer>()
  const { request } = url.protocol === 'https:' ? https : http
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options = { method, agent: false, signal, lookup: pinned(addresses), maxHeaderSize: 16_384 }
  const call = request(url, { ...options, headers: { 'accept-encoding': 'identity', ...headers, ...length } })
  call.on('error', answer.reject)
  call.on('response', (response) => {
    const { statusCode: status = 0, headers: told } = response
    readSome(response).then((read) => answer.resolve({ status, headers: told, ...read }), answer.reject)
  })
  call.end(method === 'GET' ? undefined : body)
  return answer.promise
}

/** What went wrong on the way, as a refusal that says no more than its kind. */
export function failureOf(error: unknown, over: AbortSignal): Error {
  if (over.aborted) return outgoingRefusals.refuse('outgoing.timed_out', { cause: error })
  const code = (error as { code?: unknown }).code
  const details = typeof code === 'string' ? [{ field: 'url', message: code }] : []
  return outgoingRefusals.refuse('outgoing.failed', { cause: error, details })
}
