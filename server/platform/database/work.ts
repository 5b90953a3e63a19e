import type pg from 'pg'
import type { Kysely, RawBuilder } from 'kysely'
import type { NewEvent } from '../events/event-kind.ts'
import { leavingsOf, withTrail, type AuditEntry, type Left } from './audit-trail.ts'
import { kyselyOn, type Execute } from './kysely.ts'
import { openings, planIsStale, send, type Placed, type Pool, type Statement } from './pool.ts'
import { translate } from './database-refusals.ts'
import type { Opening } from './scoped-query.ts'

export type Actor = {
  readonly kind: 'user' | 'api_key' | 'system' | 'account'
  /** The user's or the key's id; null for the machine itself. */
  readonly id: string | null
  readonly account_id: string | null
  readonly session_id: string | null
}

/**
 * The only way to the database: who acts, for which tenant, in which transaction, and when. A use case takes it as its
 * first parameter and never opens one; only an edge does (a route, a job, a tool, the command line).
 */
export type Work<Tables = object> = {
  readonly actor: Actor
  readonly tenantId: string
  readonly now: Date
  readonly requestId: string
  readonly ip: string | null
  readonly db: Kysely<Tables>
  /** Adds to the audit trail, and tells it as an event; written together with the commit, in the same round trip. */
  readonly record: (entry: AuditEntry, event?: NewEvent) => void
  /** Tells what leaves nothing in the trail. */
  readonly announce: (event: NewEvent) => void
  /**
   * A change in one statement, which returns what it changed; the entry is written where it returns a row. As the first of
   * a Work it is also the last: scope, change, trail and commit in one round trip. Where it returns no row nothing has
   * happened, and the Work goes on.
   */
  readonly finish: <Row>(change: Change<Row>, entry: AuditEntry, event?: NewEvent) => Promise<Row[]>
  /** Runs when the transaction is committed, and never otherwise. For what must not happen inside, and may be lost: hints, caches. */
  readonly afterCommit: (then: () => void | Promise<void>) => void
}

/** `compile()` of Kysely makes one; a text written by hand costs less. `row` is never there: it carries the type. */
export type Change<Row> = Statement & { readonly row?: Row }

/** `self`: a change to one's own sign-in, allowed in a suspended tenant. `export`: a read that a cancelled one keeps. */
export type Mode = 'read' | 'write' | 'self' | 'export'

export type Scope = {
  readonly open:
    | { kind: 'scope'; principal: string; permission: string | null; mode: Mode }
    | { kind: 'account' }
    | { kind: 'system' }
  readonly tenantId: string
  readonly actor: Actor
  readonly requestId: string
  readonly ip: string | null
  readonly now?: Date
}

// The edge does not know which tables a use case names; each use case's own Work<…> says so.
// oxlint-disable-next-line typescript/no-explicit-any
export type EdgeWork = Work<any>

export type Database = {
  readonly pool: Pool
  /** Each statement by itself: scope and query in one round trip, read-only. For one statement or unrelated ones. */
  readonly read: <T>(scope: Scope, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  /** Several statements that must agree: one repeatable-read transaction. */
  readonly snapshot: <T>(scope: Scope, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  readonly write: <T>(scope: Scope, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  /** Called when a Work that left something to be told or chained is committed: a hint for the sequencer of this process. */
  readonly whenLeft: Set<() => void>
  /** One of the look-ups that come before any scope: functions of the control schema that return ids only. */
  readonly lookup: <R>(query: RawBuilder<R>) => Promise<R[]>
  readonly close: () => Promise<void>
}

/** The statement that opens a scope, before whatever travels with it. */
export function scopeOpening(scope: Scope): Opening {
  const { open } = scope
  if (open.kind === 'scope') return { ...openings.scope, values: [open.principal, open.permission, open.mode] }
  if (open.kind === 'account') return { ...openings.account, values: [scope.actor.account_id] }
  return { ...openings.system, values: [scope.tenantId] }
}

/** The scope itself makes a read read-only where its mode says so; a read of one's own or of the machine is made so before it. */
function readOpenings(scope: Scope): Opening[] {
  const { open } = scope
  const saysSo = open.kind === 'scope' && (open.mode === 'read' || open.mode === 'export')
  return saysSo ? [scopeOpening(scope)] : [{ ...openings.readOnly, values: [] }, scopeOpening(scope)]
}

type Ends = Pick<Work, 'record' | 'announce' | 'finish' | 'afterCommit'>

/** A Work over something that executes; `ends` says what its edge allows at its end. */
export function makeWork(scope: Scope, execute: Execute, ends: Ends): Work {
  let db: Work['db'] | undefined
  return {
    ...ends,
    actor: scope.actor,
    tenantId: scope.tenantId,
    now: scope.now ?? new Date(),
    requestId: scope.requestId,
    ip: scope.ip,
    // Made when it is asked for: what goes by `finish` alone needs no builder.
    get db() {
      return (db ??= kyselyOn(execute))
    },
  }
}

/** By itself: its scope before it, and the end of the round trip is the commit. */
type Alone = (scope: Scope, statement: Statement, before?: Opening[]) => Promise<pg.QueryResult>
type Parts = { pool: Pool; placements: Placements; alone: Alone; leftBehind: () => void }

/** One connection from its first statement, which travels with `begin` and the scope, to commit or rollback. */
function lazyTransaction(pool: Pool, placed: Placed, begin: Opening[]) {
  let client: pg.PoolClient | undefined
  let starting: Promise<pg.PoolClient> | undefined
  let broken = false
  let last: Promise<unknown> = Promise.resolve()
  const run = async (statement: Statement, before: Opening[] = []): Promise<pg.QueryResult> => {
    const opening = client === undefined && starting === undefined
    starting ??= connect(pool)
    const held = (client = await starting)
    const all = opening ? [...begin, ...before] : before
    try {
      // One at a time: pg would queue them all the same, and version 9 will not.
      const turn = last.then(() => send(pool, held, all, statement, placed))
      last = turn.catch(() => undefined)
      return await turn
    } catch (error) {
      broken = true
      throw translate(error)
    }
  }
  return {
    run,
    started: () => starting !== undefined,
    commit: async (work: Work, left: readonly Left[]): Promise<void> => {
      // Also where no statement ran: the scope must have been checked.
      if (left.length > 0 && client === undefined) await run({ sql: 'select 1', parameters: [] })
      const leavings = client === undefined ? [] : await leavingsOf(pool, client, placed, work, left)
      await run({ sql: 'commit', parameters: [] }, leavings)
      // A statement failed, the use case swallowed it, and PostgreSQL answered COMMIT with ROLLBACK.
      if (broken) throw new Error('The transaction was rolled back because a statement in it had failed')
      release(client, false)
      starting = undefined
    },
    abandon: async (): Promise<void> => {
      // Also where the use case failed while its first statement still waited for a connection.
      const opened = await starting?.catch(() => undefined)
      await last
      if (opened !== undefined) await rollback(opened)
    },
  }
}

async function inTransaction<T>(
  { pool, placements, alone, leftBehind }: Parts,
  scope: Scope,
  first: Opening,
  use: (work: Work) => Promise<T>,
): Promise<T> {
  const left: Left[] = []
  const after: (() => void | Promise<void>)[] = []
  const transaction = lazyTransaction(pool, placements.of(scope.tenantId), [first, scopeOpening(scope)])
  let over = false
  // Its connection may already serve another tenant.
  const refuseIfOver = (): void => {
    if (over) throw new Error('This Work has ended: a statement was not awaited, or the Work was kept')
  }
  const run: Execute = async (statement) => {
    refuseIfOver()
    return transaction.run(statement)
  }
  const leave = (entry: AuditEntry | null, event: NewEvent | null): void => {
    refuseIfOver()
    left.push({ entry, event })
  }
  const record = (entry: AuditEntry, event?: NewEvent): void => leave(entry, event ?? null)
  const announce = (event: NewEvent): void => leave(null, event)
  const finish = async <Row>(change: Change<Row>, entry: AuditEntry, event?: NewEvent): Promise<Row[]> => {
    refuseIfOver()
    const whole = withTrail(work, change, entry, event ?? null)
    if (transaction.started() || left.length > 0) return (await run(whole)).rows as Row[]
    over = true
    let rows: Row[] = []
    try {
      rows = (await alone(scope, whole)).rows as Row[]
    } finally {
      over = rows.length > 0
      if (over) leftBehind()
    }
    return rows
  }
  const work = makeWork(scope, run, { record, announce, finish, afterCommit: (then) => void after.push(then) })
  let result: T
  try {
    result = await use(work)
    if (!over) {
      await transaction.commit(work, left)
      if (left.length > 0) leftBehind()
    }
    over = true
  } catch (error) {
    over = true
    await transaction.abandon()
    throw error
  }
  for (const then of after) await soon(pool, then)
  return result
}

/** What is done is done: what fails after it is told to the log and not to the caller. */
export async function soon(pool: Pool, then: () => void | Promise<void>): Promise<void> {
  try {
    await then()
  } catch (error) {
    pool.onError(error as Error)
  }
}

const connect = (pool: Pool): Promise<pg.PoolClient> =>
  pool.pg.connect().catch((error: unknown) => {
    throw translate(error)
  })

/** Takes back what is open and returns the connection; one that cannot even do that is thrown away. */
export async function rollback(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback')
    release(client, false)
  } catch {
    release(client, true)
  }
}

const release = (client: pg.PoolClient | undefined, destroy: boolean): void => client?.release(destroy)

const refuseInRead = (): never => {
  throw new Error('A read commits nothing: record, announce, finish and afterCommit belong to a write')
}

const reading: Ends = { record: refuseInRead, announce: refuseInRead, finish: refuseInRead, afterCommit: refuseInRead }

type Placements = { of: (tenantId: string) => Placed }
/** Where each tenant was last seen to live; only ever used to name statements, never to decide. */
function placementMemory(): Placements {
  const known = new Map<string, Placed>()
  return {
    of: (tenantId) => {
      let placed = known.get(tenantId)
      if (placed === undefined) {
        if (known.size > 10_000) known.clear()
        known.set(tenantId, (placed = { placement: undefined }))
      }
      return placed
    },
  }
}

/** The application's way in: every statement in a scope, on the connections of this pool. */
export function openDatabase(pool: Pool): Database {
  const placements = placementMemory()
  const alone: Alone = async (scope, statement, before = [scopeOpening(scope)]) => {
    const client = await connect(pool)
    const once = () => send(pool, client, before, statement, placements.of(scope.tenantId))
    try {
      const result = await once().catch((error: unknown) => {
        if (planIsStale(error)) return once()
        throw error
      })
      release(client, false)
      return result
    } catch (error) {
      // A refused scope leaves the connection whole; anything that closed it is seen by the pool.
      release(client, false)
      throw translate(error)
    }
  }
  const whenLeft = new Set<() => void>()
  const leftBehind = (): void => {
    for (const hint of whenLeft) hint()
  }
  const parts = { pool, placements, alone, leftBehind }
  return {
    pool,
    whenLeft,
    read: async (scope, use) => {
      let checked = false
      const before = readOpenings(scope)
      const execute: Execute = (statement) => {
        checked = true
        return alone(scope, statement, before)
      }
      const result = await use(makeWork(scope, execute, reading))
      if (!checked) await alone(scope, { sql: 'select 1', parameters: [] }, before)
      return result
    },
    snapshot: (scope, use) => inTransaction(parts, scope, { ...openings.snapshot, values: [] }, use),
    write: (scope, use) => inTransaction(parts, scope, { ...openings.begin, values: [] }, use),
    lookup: async (query) => {
      const db = kyselyOn<object>(({ sql, parameters }) => pool.pg.query(sql, parameters as unknown[]))
      const { rows } = await query.execute(db).catch((error: unknown) => {
        throw translate(error)
      })
      return rows
    },
    close: () => pool.pg.end(),
  }
}
