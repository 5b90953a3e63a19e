import { Type, type Static } from 'typebox'
import type { Kind } from '#platform/refusal.ts'
import type { RefusedRow } from './rows.ts'

/** The codes of InfluxDB 2 for our kinds of refusal. */
const CODES: Readonly<Record<Kind, string>> = {
  malformed: 'invalid',
  unauthenticated: 'unauthorized',
  forbidden: 'forbidden',
  not_found: 'not found',
  conflict: 'conflict',
  stale: 'conflict',
  too_large: 'request too large',
  unsupported: 'invalid',
  unsatisfiable: 'invalid',
  invalid: 'unprocessable entity',
  rate_limited: 'too many requests',
  unavailable: 'unavailable',
}
export const InfluxError = Type.Object(
  {
    code: Type.String({ description: 'As InfluxDB 2 names it', examples: ['invalid'] }),
    message: Type.String(),
    error: Type.String({ description: 'The message once more, where version 1 has it' }),
  },
  { title: 'InfluxError' },
)
export type InfluxError = Static<typeof InfluxError>

/** An error as clients of both versions read it: `code` and `message` of 2, `error` of 1. */
export const influxError = (kind: Kind, message: string): InfluxError => ({
  code: CODES[kind],
  message,
  error: message,
})

const NAMED = 20

/**
 * A write of which some lines were refused, or null where none was. Fields that hold text are left out in silence: agents send
 * them beside numbers by habit, and would report every batch.
 */
export function partialWrite(written: number, rejected: readonly RefusedRow[]): InfluxError | null {
  const refused = rejected.filter(({ code }) => code !== 'plant_ops.text_value')
  if (refused.length === 0) return null
  const named = refused.slice(0, NAMED).map(({ index, message }) => `line ${index + 1}: ${message}`)
  const more = refused.length > NAMED ? ` … and ${refused.length - NAMED} more` : ''
  return influxError(
    'malformed',
    `partial write: ${named.join(' ')}${more} dropped=${refused.length} written=${written}`,
  )
}

/** Whether a statement of InfluxQL only makes a database, as agents do before they write: here there is nothing to be made. */
export const onlyMakesDatabase = (statement: string): boolean =>
  /^\s*create\s+database\s+("(?:[^"\\]|\\.)+"|\w+)[^;]*;?\s*$/i.test(statement)
