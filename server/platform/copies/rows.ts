import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from, to } from 'pg-copy-streams'
import type { CustodyDoor } from '../database/custody.ts'
import { copyRefusals } from './refusals.ts'
import type { Table } from './tables.ts'

/**
 * Rows out of a table and into one, as PostgreSQL's COPY text: one line a row, exact in every version. Both run in the
 * custody role inside a transaction made here, and hold no more than a few chunks in memory.
 */
export type Chunks = AsyncIterable<Buffer>

// Text is exact and the same in every version only where these are.
const EXACT = `set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'iso_8601';
  set local bytea_output = 'hex'; set local extra_float_digits = 1; set local client_encoding = 'UTF8';
  set local search_path = 'ext'; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
  set local lock_timeout = '30s'; set local role officina_custody`

// What fails leaves the connection in the middle of a COPY, maybe: the session closes it, and PostgreSQL rolls back.
async function inside<T>(client: pg.ClientBase, begin: string, use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  await client.query(`${begin}; ${EXACT}`)
  const result = await use(client)
  await client.query('commit')
  return result
}

/**
 * One state of all tables: everything read in it agrees. Changes nothing. No migration runs meanwhile, or the snapshot would see a
 * table that is rewritten as empty; while one runs it is refused (`copies.busy`).
 */
export const inSnapshot = <T>(door: CustodyDoor, use: (client: pg.ClientBase) => Promise<T>): Promise<T> =>
  door.session(async (client) => {
    // A lock of the session and not of the transaction: the snapshot must come after it.
    const { rows } = await client.query("select pg_try_advisory_lock_shared(hashtext('officina.migrate')) as free")
    if (rows[0].free !== true) throw copyRefusals.refuse('copies.busy', { retryAfterS: 60 })
    const result = await inside(client, 'begin isolation level repeatable read, read only', use)
    await client.query("select pg_advisory_unlock_shared(hashtext('officina.migrate'))")
    return result
  })

/** Everything written in it is there, or nothing. */
export const inOneWrite = <T>(door: CustodyDoor, use: (client: pg.ClientBase) => Promise<T>): Promise<T> =>
  door.session((client) => inWrite(client, use))

/** The same on a connection that is the caller's, who gives it up where it fails. */
export const inWrite = <T>(client: pg.ClientBase, use: (client: pg.ClientBase) => Promise<T>): Promise<T> =>
  inside(client, 'begin', use)

/** A table's or a column's name as SQL has it; usable without a connection. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
/** Schema and table as SQL has them. */
export const placeOf = ({ schema, name }: { schema: string; name: string }): string =>
  `${quoted(schema)}.${quoted(name)}`
const list = (columns: readonly string[]): string => columns.map(quoted).join(', ')

/** The rows of a table that meet a condition (SQL, over the table's own columns), in no order. */
export async function* rowsOut(client: pg.ClientBase, table: Table, where = 'true'): AsyncGenerator<Buffer> {
  const text = `copy (select ${list(table.columns)} from ${placeOf(table)} where ${where}) to stdout`
  yield* client.query(to(text)) as AsyncIterable<Buffer>
}

/**
 * Bytes that go in as one statement. PostgreSQL keeps what the foreign keys of one statement have still to check in memory;
 * a table of a billion rows would not fit.
 */
const BATCH_BYTES = 64 * 1024 * 1024
const NEWLINE = 10

export type RowsIn = {
  /** The columns that the rows have, in their order; others take their defaults. */
  columns: readonly string[]
  /** SQL over `s`, the rows as they came, in place of the plain `select`: for what must be changed on the way in. */
  select?: string
  /** Called for each batch before it goes in: the rows are in the temporary table `copied_rows`. */
  check?: (client: pg.ClientBase) => Promise<void>
}

/**
 * Writes rows into a table and answers how many came. PostgreSQL refuses COPY into a table with row-level security, also where
 * a policy lets everything in: the rows come into a temporary table and go on from there.
 */
export async function rowsIn(client: pg.ClientBase, table: Table, rows: Chunks, how: RowsIn): Promise<number> {
  const columns = list(how.columns)
  await client.query(
    `create temporary table copied_rows on commit drop as select ${columns} from ${placeOf(table)} with no data`,
  )
  const insert = `insert into ${placeOf(table)} (${columns}) overriding system value
    select ${how.select ?? columns} from copied_rows s`
  let count = 0
  const takeIn = async (): Promise<void> => {
    await how.check?.(client)
    await client.query(insert)
    await client.query('truncate copied_rows')
  }
  for await (const batch of inBatches(rows, table.refersToItself ? Number.POSITIVE_INFINITY : BATCH_BYTES)) {
    count += await copyIn(client, `copy copied_rows (${columns}) from stdin`, batch)
    await takeIn()
  }
  await client.query('drop table copied_rows')
  return count
}

async function copyIn(client: pg.ClientBase, text: string, rows: Chunks): Promise<number> {
  const sink = client.query(from(text))
  await pipeline(rows, sink)
  return sink.rowCount
}

/** Cuts a stream of lines into streams of at most about so many bytes, between two lines. */
export async function* inBatches(rows: Chunks, bytes: number): AsyncGenerator<AsyncGenerator<Buffer>> {
  const source = rows[Symbol.asyncIterator]()
  let rest: Buffer | undefined
  let ended = false
  async function* one(): AsyncGenerator<Buffer> {
    let size = 0
    for (;;) {
      let chunk = rest
      rest = undefined
      if (chunk === undefined) {
        const next = await source.next()
        if (next.done === true) {
          ended = true
          return
        }
        chunk = next.value
      }
      size += chunk.length
      const cut = size >= bytes ? chunk.lastIndexOf(NEWLINE) + 1 : 0
      if (cut === 0) {
        yield chunk
        continue
      }
      if (cut < chunk.length) rest = chunk.subarray(cut)
      yield chunk.subarray(0, cut)
      return
    }
  }
  try {
    while (!ended) yield one()
  } finally {
    if (!ended) await source.return?.()
  }
}
