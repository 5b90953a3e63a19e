import type pg from 'pg'
import { leavingsOf, withTrail, type Left } from './audit-trail.ts'
import { translate } from './database-refusals.ts'
import { openings, send, type Placed, type Statement } from './pool.ts'
import type { Opening } from './scoped-query.ts'
import {
  makeWork,
  rollback,
  scopeOpening,
  soon,
  type Change,
  type Database,
  type EdgeWork,
  type Scope,
} from './work.ts'

/** One transaction in which the machine works for one tenant after the other. For `platform/` alone. */
export type Turns = {
  /** A statement outside of any scope: functions that the application's role may call without one. */
  readonly ask: (statement: Statement) => Promise<pg.QueryResult>
  /** What is done for one tenant, as in a Work of its own but for the commit, which is that of all turns. */
  readonly turn: <T>(scope: Scope, use: (work: EdgeWork) => Promise<T>) => Promise<T>
}

type Held = {
  run: (before: Opening[], statement: Statement, placed: Placed) => Promise<pg.QueryResult>
  /** Travels with the next statement. */
  leave: (openings: Opening[]) => void
  afterCommit: (then: () => void | Promise<void>) => void
  client: pg.PoolClient
}

/** Commits when `use` resolves; rolls back where it throws. */
export async function inTurns<T>(database: Database, use: (turns: Turns) => Promise<T>): Promise<T> {
  const { pool } = database
  const client = await pool.pg.connect().catch((error: unknown) => {
    throw translate(error)
  })
  const after: (() => void | Promise<void>)[] = []
  let pending: Opening[] = [{ ...openings.begin, values: [] }]
  let last: Promise<unknown> = Promise.resolve()
  let [broken, over, left] = [false, false, false]
  let underWay = 0
  const run: Held['run'] = (before, statement, placed) => {
    if (over) throw new Error('This Work has ended: a statement was not awaited, or the Work was kept')
    const travelling = [...pending, ...before]
    pending = []
    const sent = last.then(() => send(pool, client, travelling, statement, placed))
    underWay += 1
    last = sent.catch(() => (broken = true)).finally(() => (underWay -= 1))
    return sent.catch((error: unknown) => {
      throw translate(error)
    })
  }
  const leave = (leavings: Opening[]): void => {
    pending.push(...leavings)
    left ||= leavings.length > 0
  }
  const held: Held = { run, client, leave, afterCommit: (then) => void after.push(then) }
  const nowhere: Placed = { placement: undefined }
  try {
    const result = await use({
      ask: (statement) => run([], statement, nowhere),
      turn: (scope, what) => oneTurn(database, held, scope, what),
    })
    await run([], { sql: 'commit', parameters: [] }, nowhere)
    // A statement failed, its caller swallowed it, and PostgreSQL answered COMMIT with ROLLBACK.
    if (broken) throw new Error('The transaction was rolled back because a statement in it had failed')
    over = true
    client.release()
    if (left) for (const hint of database.whenLeft) hint()
    for (const then of after) await soon(pool, then)
    return result
  } catch (error) {
    if (!over) {
      over = true
      // Whoever was given up may still have a statement under way, for which nobody waits.
      if (underWay > 0) client.release(true)
      else await rollback(client)
    }
    throw error
  }
}

async function oneTurn<T>(
  { pool }: Database,
  { run, leave, afterCommit, client }: Held,
  scope: Scope,
  use: (work: EdgeWork) => Promise<T>,
): Promise<T> {
  const placed: Placed = { placement: undefined }
  const left: Left[] = []
  let [opened, over] = [false, false]
  const execute = (statement: Statement): Promise<pg.QueryResult> => {
    if (over) throw new Error('This Work has ended: a statement was not awaited, or the Work was kept')
    const before = opened ? [] : [scopeOpening(scope)]
    opened = true
    return run(before, statement, placed)
  }
  const work: EdgeWork = makeWork(scope, (statement) => execute(statement), {
    record: (entry, event) => void left.push({ entry, event: event ?? null }),
    announce: (event) => void left.push({ entry: null, event }),
    finish: async <Row>(change: Change<Row>, entry: Left['entry'] & object, event?: Left['event'] & object) =>
      (await execute(withTrail(work, change, entry, event ?? null))).rows as Row[],
    afterCommit,
  })
  try {
    const result = await use(work)
    if (left.length > 0) {
      if (!opened) await execute({ sql: 'select 1', parameters: [] })
      leave(await leavingsOf(pool, client, placed, work, left))
    }
    return result
  } finally {
    over = true
  }
}
