/**
 * How a caller is refused. Each context lists its refusals in a table: a stable code, a transport-free kind and a public
 * message. Every edge maps kinds once (HTTP status, exit code, tool result). Anything else that is thrown is a bug.
 */
export type Kind =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'stale'
  | 'too_large'
  | 'unsupported'
  | 'unsatisfiable'
  | 'invalid'
  | 'rate_limited'
  | 'unavailable'

export type Detail = { field: string; message: string }
export type RefusalRow = readonly [kind: Kind, message: string]
export type RefusalTable = Readonly<Record<string, RefusalRow>>

export type Refusing<Table extends RefusalTable> = {
  readonly table: Table
  /** Makes the refusal to throw. `details` name fields; `retryAfterS` is seconds. */
  refuse: (code: keyof Table & string, more?: RefusalMore) => Refusal
}
export type RefusalMore = { details?: Detail[]; retryAfterS?: number; cause?: unknown }

export class Refusal extends Error {
  readonly code: string
  readonly kind: Kind
  readonly details: Detail[] | undefined
  readonly retryAfterS: number | undefined
  constructor(code: string, row: RefusalRow, more: RefusalMore = {}) {
    super(row[1], { cause: more.cause })
    this.name = 'Refusal'
    this.code = code
    this.kind = row[0]
    this.details = more.details
    this.retryAfterS = more.retryAfterS
  }
}

export function refusals<const Table extends RefusalTable>(table: Table): Refusing<Table> {
  return {
    table,
    refuse: (code, more) => {
      const row = table[code]
      if (row === undefined) throw new Error(`No refusal is called ${code}`)
      return new Refusal(code, row, more)
    },
  }
}
