import { Type, type Static } from 'typebox'
import { makeAjv } from '../http/validation.ts'
import { Shape } from '../http/shapes.ts'
import { eventRefusals } from './refusals.ts'

const Auth = Shape({
  type: Type.Literal('auth'),
  token: Type.String({
    minLength: 1,
    maxLength: 8_192,
    pattern: '^[\\x21-\\x7e]+$',
    description: 'Access token or API key',
  }),
})
const Subscribe = Shape({
  type: Type.Literal('subscribe'),
  topics: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 50 })),
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})
const Ping = Shape({ type: Type.Literal('ping') })

/** What a WebSocket client may say. */
export type LiveMessage = Static<typeof Auth> | Static<typeof Subscribe> | Static<typeof Ping>

const ajv = makeAjv({ coerceTypes: false })
const checks = { auth: ajv.compile(Auth), subscribe: ajv.compile(Subscribe), ping: ajv.compile(Ping) }
const isKnown = (type: unknown): type is keyof typeof checks => typeof type === 'string' && Object.hasOwn(checks, type)

/** Refused with `events.not_json` where it is no JSON object, and with `events.message_invalid` where it is another one. */
export function readMessage(text: string): LiveMessage {
  let message: { type?: unknown } | null
  try {
    message = JSON.parse(text) as typeof message
  } catch (cause) {
    throw eventRefusals.refuse('events.not_json', { cause })
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw eventRefusals.refuse('events.not_json')
  const { type } = message
  if (!isKnown(type)) throw invalid('type', 'must be auth, subscribe or ping')
  const check = checks[type]
  if (check(message)) return message as LiveMessage
  const [error] = check.errors ?? []
  const field = (error?.params as { additionalProperty?: string } | undefined)?.additionalProperty
  throw invalid(
    (field ?? error?.instancePath.slice(1) ?? '').slice(0, 100),
    field ? 'is not known here' : (error?.message ?? 'is not valid'),
  )
}

/** A message that is understood and cannot be followed; the field is named. */
export const invalid = (field: string, message: string) =>
  eventRefusals.refuse('events.message_invalid', { details: [{ field, message }] })
