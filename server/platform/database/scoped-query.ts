// oxlint-disable no-underscore-dangle -- pg names its inside so.
import pg from 'pg'
// @ts-expect-error: pg's types leave out its inside, here and below.
import utils from 'pg/lib/utils.js'

/**
 * A query that carries its scope: Bind and Execute of the opening statements, then the query itself, before one
 * single Sync, so all of it is one round trip and, outside a block, one implicit transaction. Measured at 1.12 to
 * 1.25 times the CPU of a query without any scope; BEGIN, scope, query and COMMIT awaited one by one cost 2.6 to 2.9.
 *
 * It rests on the inside of pg 8.23.1 (Query.prepare, parsedStatements), which is pinned; scoped-query.test.ts is the
 * contract test.
 */
/** An empty name: parsed each time. */
export type Opening = { name: string; text: string; values: unknown[] }

// pg's types leave out what a Query subclass is called with.
type Connection = {
  parsedStatements: Record<string, string>
  parse: (query: { name: string; text: string; types?: unknown }) => void
  bind: (config: {
    portal: string
    statement: string
    values: unknown[]
    valueMapper: (value: unknown) => unknown
  }) => void
  execute: (config: { portal: string; rows: number }) => void
  sync: () => void
}
/** What a named statement's rows look like, as pg's Result keeps it. */
type Shape = { fields: unknown[]; _parsers: unknown; _prebuiltEmptyResultObject: unknown }
type Message = { fields: (Buffer | string | null)[] }
type QueryInternals = {
  new (config: pg.QueryConfig | string, values: unknown[] | undefined, done: Done): QueryInternals
  name: string | undefined
  values: unknown[]
  queryMode: string
  _result: Shape
  _accumulateRows: boolean
  handleRowDescription(message: unknown): void
  prepare(connection: Connection): void
  handleDataRow(message: Message): void
  handleCommandComplete(message: unknown, connection: Connection): void
}
const Query = pg.Query as unknown as QueryInternals
const text = (value: unknown): unknown => value
type Done = (error: Error | null, result: pg.QueryResult) => void

const shapesByConnection = new WeakMap<Connection, Map<string, Shape>>()
function shapesOn(connection: Connection): Map<string, Shape> {
  const known = shapesByConnection.get(connection)
  if (known) return known
  const made = new Map<string, Shape>()
  shapesByConnection.set(connection, made)
  return made
}

export class ScopedQuery extends Query {
  readonly #openings: readonly Opening[]
  readonly #named: boolean
  #pending: number
  #shapes: Map<string, Shape> | undefined
  /** The columns of the last opening's row: search path and placement. */
  scopeRow: (Buffer | string | null)[] | undefined

  constructor(openings: readonly Opening[], config: pg.QueryConfig, named: boolean, done: Done) {
    // As a text and not as an object, which pg would copy with the descriptors of its properties.
    super(config.text, config.values, done)
    this.name = config.name
    this.#openings = openings
    this.#pending = openings.length
    this.#named = named
    // Otherwise pg sends a query without values by the simple protocol and never calls prepare().
    this.queryMode = 'extended'
  }

  override prepare(connection: Connection): void {
    for (const opening of this.#openings) {
      // Never without its scope: what this connection has not prepared is parsed here. (A throw would leave pg waiting.)
      const prepared = this.#named && connection.parsedStatements[opening.name] !== undefined
      const statement = prepared ? opening.name : ''
      if (!prepared) {
        connection.parse({ name: '', text: opening.text })
        // pg takes the first answer to a Parse for the query's own: a name would be taken for parsed too early.
        this.name = undefined
      }
      connection.bind({ portal: '', statement, values: opening.values, valueMapper: text })
      connection.execute({ portal: '', rows: 0 })
    }
    this.#prepareOwn(connection)
  }

  /**
   * PostgreSQL never changes what a named statement answers with (it refuses to run it instead), so its columns are asked
   * for once per connection: describing thirty of them again costs each side more than fetching one row.
   */
  #prepareOwn(connection: Connection): void {
    const shapes = shapesOn(connection)
    const shape = this.name === undefined ? undefined : shapes.get(this.name)
    if (shape === undefined || connection.parsedStatements[this.name!] === undefined) {
      this.#shapes = shapes
      return super.prepare(connection)
    }
    this._accumulateRows = true
    this._result.fields = shape.fields
    this._result._parsers = shape._parsers
    this._result._prebuiltEmptyResultObject = shape._prebuiltEmptyResultObject
    connection.bind({ portal: '', statement: this.name!, values: this.values, valueMapper: utils.prepareValue })
    connection.execute({ portal: '', rows: 0 })
    connection.sync()
  }

  override handleRowDescription(message: unknown): void {
    super.handleRowDescription(message)
    if (this.name === undefined) return
    const { fields, _parsers, _prebuiltEmptyResultObject } = this._result
    this.#shapes?.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject })
  }

  override handleDataRow(message: Message): void {
    if (this.#pending === 0) super.handleDataRow(message)
    else this.scopeRow = message.fields
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#pending > 0) this.#pending -= 1
    else super.handleCommandComplete(message, connection)
  }
}

/** Parses a statement on a connection without running it, so that openings can be bound to it later. */
export class Preparation extends Query {
  override prepare(connection: Connection): void {
    connection.parse({ name: this.name ?? '', text: (this as unknown as { text: string }).text })
    connection.sync()
  }
}
