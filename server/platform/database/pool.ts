import { createHash } from 'node:crypto'
import pg from 'pg'
import { Preparation, ScopedQuery, type Opening } from './scoped-query.ts'

/** Every statement that opens a scope; parsed once per connection. */
export const openings = {
  begin: { name: 'o_begin', text: 'begin' },
  snapshot: { name: 'o_snapshot', text: 'begin isolation level repeatable read, read only' },
  readOnly: { name: 'o_read_only', text: "select set_config('transaction_read_only', 'on', true)" },
  scope: {
    name: 'o_scope',
    text: "select set_config('search_path', control.open_scope($1, $2, $3), true), current_setting('app.placement')",
  },
  account: {
    name: 'o_account',
    text: "select set_config('search_path', control.open_account($1), true), current_setting('app.placement')",
  },
  system: {
    name: 'o_system',
    text: "select set_config('search_path', control.open_system($1), true), current_setting('app.placement')",
  },
  commit: { name: 'o_commit', text: 'commit' },
} as const

export type Pool = {
  readonly pg: pg.Pool
  /** False behind a PgBouncer before 1.21, which knows no named statements. */
  readonly named: boolean
  /** Told what breaks outside of any request. */
  readonly onError: (error: Error) => void
}

// Timestamps stay text: 1,000 rows with Date objects cost four times as much to serialise. The session's zone is UTC,
// so PostgreSQL's «2026-11-21 05:50:00.123+00» becomes RFC 3339 by cutting.
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === 1184) return (value: string) => `${value.slice(0, 10)}T${value.slice(11, -3)}Z`
    if (oid === 1082 || oid === 1700) return (value: string) => value
    if (oid === 20) return Number
    return pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

export type PoolOptions = { connectionString: string; size: number; named: boolean; onError: (error: Error) => void }

/** Connections of the application's log-in, at most `size`; each made when it is first needed. */
export function openPool({ connectionString, size, named, onError }: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString,
    max: size,
    types,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'officina',
    // pg-pool awaits it; its types do not say so.
    // oxlint-disable-next-line typescript/no-misused-promises
    ...(named && { onConnect: prepareOpenings }),
  })
  // Without a listener an idle connection that PostgreSQL closes ends the process.
  pool.on('error', onError)
  hearBreaks(pool)
  return { pg: pool, named, onError }
}

/**
 * The pool listens to idle connections only: one that breaks between two statements of a transaction would end the
 * process. Whoever holds it is told by the next statement.
 */
export function hearBreaks(pool: pg.Pool): void {
  pool.on('connect', (client) => client.on('error', () => undefined))
}

async function prepareOpenings(client: pg.ClientBase): Promise<void> {
  for (const { name, text } of Object.values(openings)) await prepare(client, name, text)
}

function prepare(client: pg.ClientBase, name: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => (error ? reject(error) : resolve())
    client.query(new Preparation({ name, text }, undefined, done) as unknown as pg.Submittable)
  })
}

const parsedOn = (client: pg.ClientBase): Record<string, string> =>
  (client as unknown as { connection: { parsedStatements: Record<string, string> } }).connection.parsedStatements

/** Names kept per connection; each costs memory in its backend. */
const NAMES_PER_CONNECTION = 400
const room = (client: pg.ClientBase): boolean => Object.keys(parsedOn(client)).length < NAMES_PER_CONNECTION

/** An opening whose tables depend on the placement: prepared when a connection first meets it, inside its scope. */
export async function placedOpening(
  pool: Pool,
  client: pg.ClientBase,
  { name, text }: { name: string; text: string },
  { placement }: Placed,
): Promise<Omit<Opening, 'values'>> {
  if (!pool.named || placement === undefined) return { name: '', text }
  const full = `${name}_${placement}`
  if (parsedOn(client)[full] === undefined) {
    if (!room(client)) return { name: '', text }
    await prepare(client, full, text)
  }
  return { name: full, text }
}

type Digest = { digest: string; seen: number; generation: number; placement: string; name: string }
const digests = new Map<string, Digest>()

/**
 * A name for a statement: its digest and the placement (schema and migration version), because in a half-migrated
 * fleet one name for two shapes makes PostgreSQL answer «cached plan must not change result type». Only texts seen
 * before get one.
 */
function statementName(sql: string, placement: string | undefined, client: pg.ClientBase): string | undefined {
  if (sql === openings.commit.text) return openings.commit.name
  if (placement === undefined) return undefined
  let entry = digests.get(sql)
  if (entry === undefined) {
    if (digests.size >= 2_000) return undefined
    // security-ok: a name for a statement of our own, not a proof of anything
    const digest = createHash('sha1').update(sql).digest('base64url').slice(0, 16)
    entry = { digest, seen: 0, generation: 0, placement: '', name: '' }
    digests.set(sql, entry)
  }
  entry.seen += 1
  if (entry.seen < 2) return undefined
  // Kept: a string put together anew is looked up in a table of all strings each time it names a property.
  if (entry.placement !== placement) {
    Object.assign(entry, { placement, name: `${entry.digest}${entry.generation || ''}_${placement}` })
  }
  const { name } = entry
  if (parsedOn(client)[name] === undefined && !room(client)) return undefined
  return name
}

export type Statement = { sql: string; parameters: readonly unknown[] }
export type Placed = { placement: string | undefined }

/** A table changed its shape below a named statement; `select *` and `returning *` feel it. The statement did not run. */
export const planIsStale = (error: unknown): boolean =>
  (error as { code?: string }).code === '0A000' && (error as { routine?: string }).routine === 'RevalidateCachedQuery'

/** From now on the text is parsed anew under another name; the old ones go with their connections. */
function forgetPlan(sql: string): void {
  const entry = digests.get(sql)
  if (entry === undefined) return
  entry.generation += 1
  entry.placement = ''
}

/** Sends openings and one statement in a single round trip; learns the placement from the scope's answer. */
export function send(
  pool: Pool,
  client: pg.ClientBase,
  openingList: readonly Opening[],
  statement: Statement,
  placed: Placed,
): Promise<pg.QueryResult> {
  const name = pool.named ? statementName(statement.sql, placed.placement, client) : undefined
  return new Promise((resolve, reject) => {
    const config = { text: statement.sql, values: statement.parameters as unknown[], ...(name && { name }) }
    const query = new ScopedQuery(openingList, config, pool.named, (error: Error | null, result: pg.QueryResult) => {
      const placement = query.scopeRow?.[1]?.toString()
      // The same text stays the same string: names are found by it.
      if (placement && placement !== placed.placement) placed.placement = placement
      if (!error) return resolve(result)
      if (planIsStale(error)) forgetPlan(statement.sql)
      reject(error)
    })
    client.query(query as unknown as pg.Submittable)
  })
}
