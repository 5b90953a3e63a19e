import { type Static, Type } from 'typebox'
import { Refusal, refusals, type Kind } from '../refusal.ts'

/** Kind of refusal → HTTP status and `type` in the envelope: the one map of this edge. */
export const KINDS: Record<Kind, readonly [status: number, type: string]> = {
  malformed: [400, 'BadRequest'],
  unauthenticated: [401, 'Unauthenticated'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'NotFound'],
  conflict: [409, 'Conflict'],
  stale: [412, 'PreconditionFailed'],
  too_large: [413, 'PayloadTooLarge'],
  unsupported: [415, 'UnsupportedMediaType'],
  unsatisfiable: [416, 'RangeNotSatisfiable'],
  invalid: [422, 'ValidationError'],
  rate_limited: [429, 'RateLimited'],
  unavailable: [503, 'ServiceUnavailable'],
}

/** What the HTTP edge itself refuses, whatever the route. */
export const requestRefusals = refusals({
  'request.malformed': ['malformed', 'The request cannot be read.'],
  'request.bad_header': ['malformed', 'A header cannot be read.'],
  'request.no_such_route': ['not_found', 'There is nothing at this address.'],
  'request.not_found': ['not_found', 'There is no such thing.'],
  'request.stale': ['stale', 'It was changed meanwhile: read it again and repeat.'],
  'request.too_large': ['too_large', 'The request is larger than is accepted.'],
  'request.unsupported_media_type': ['unsupported', 'This content type is not accepted here.'],
  'request.no_such_range': ['unsatisfiable', 'There is no such part: Content-Range says how long the whole is.'],
  'request.too_many': ['rate_limited', 'Too many requests: wait and try again.'],
  'request.too_many_readings': [
    'too_large',
    'These are more readings than the company may send in a minute: send fewer at once.',
  ],
  'request.running': ['conflict', 'A request with this Idempotency-Key is still running.'],
  'request.key_reused': ['invalid', 'This Idempotency-Key was used for another request.'],
  'request.shutting_down': ['unavailable', 'This server is going down: try again.'],
})

export const Problem = Type.Object(
  {
    error: Type.Object({
      type: Type.String({ description: 'The kind of refusal, in class-name style' }),
      code: Type.String({ description: 'The stable refusal; docs/errors.md lists them all' }),
      message: Type.String(),
      request_id: Type.String(),
      details: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
    }),
  },
  { title: 'Problem' },
)
export type Problem = Static<typeof Problem>

/** `plants.invalid` for everything below /plants: which part refused stands in the code. */
export function invalidCode(url: string): string {
  const part = /^\/api\/v1\/([a-z-]+)/.exec(url)?.[1] ?? 'request'
  return `${part.replaceAll('-', '_')}.invalid`
}

type ForeignError = Error & {
  statusCode?: number
  code?: string
  validation?: { instancePath: string; keyword: string; message?: string; params: Record<string, unknown> }[]
  validationContext?: string
}

/** Names the field as a client wrote it: `meters.0.serial`. */
function detailsOf(error: ForeignError): { field: string; message: string }[] {
  return (error.validation ?? []).slice(0, 20).map(({ instancePath, params, message }) => {
    const extra = params['missingProperty'] ?? params['additionalProperty']
    const path = [...instancePath.split('/').filter(Boolean), ...(typeof extra === 'string' ? [extra] : [])]
    const unknown = params['additionalProperty'] !== undefined
    return { field: path.join('.').slice(0, 200), message: unknown ? 'is not known here' : (message ?? 'is not valid') }
  })
}

const { refuse } = requestRefusals
const foreign: Record<string, () => Refusal> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => refuse('request.too_large'),
  FST_REQ_FILE_TOO_LARGE: () => refuse('request.too_large'),
  FST_FILES_LIMIT: () => refuse('request.too_large'),
  FST_FIELDS_LIMIT: () => refuse('request.too_large'),
  FST_PARTS_LIMIT: () => refuse('request.too_large'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => refuse('request.unsupported_media_type'),
  FST_INVALID_MULTIPART_CONTENT_TYPE: () => refuse('request.unsupported_media_type'),
  FST_CP_ERR_INVALID_CONTENT_ENCODING: () => refuse('request.unsupported_media_type'),
  FST_ERR_HANDLER_TIMEOUT: () => refuse('request.shutting_down'),
}

/** What was thrown as a refusal, or null where it is a bug. */
export function asRefusal(error: unknown, url: string): Refusal | null {
  if (error instanceof Refusal) return error
  if (!(error instanceof Error)) return null
  const known = error as ForeignError
  if (known.validation) {
    // An id that is no id names nothing: the same answer as for a random one.
    if (known.validationContext === 'params') return refuse('request.not_found')
    return new Refusal(invalidCode(url), ['invalid', 'Some fields are not valid.'], { details: detailsOf(known) })
  }
  const made = foreign[known.code ?? '']?.()
  if (made) return made
  if (known.statusCode === 413) return refuse('request.too_large')
  if (known.statusCode !== undefined && known.statusCode >= 400 && known.statusCode < 500) {
    return refuse('request.malformed', { cause: error })
  }
  return null
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const [, type] = KINDS[refusal.kind]
  const { code, message, details } = refusal
  return { error: { type, code, message, request_id: requestId, ...(details && { details }) } }
}

export const brokenProblem = (requestId: string): Problem => ({
  error: { type: 'InternalError', code: 'internal', message: 'Something broke.', request_id: requestId },
})
