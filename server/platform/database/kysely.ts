import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
} from 'kysely'
import type pg from 'pg'
import type { Statement } from './pool.ts'

export type Execute = (statement: Statement) => Promise<pg.QueryResult>

// One for all: it puts one statement together after another, and making it costs a table of a hundred methods.
const compiler = new PostgresQueryCompiler()
const nothing = (): Promise<void> => Promise.resolve()
const refuseTransaction = (): Promise<void> => Promise.reject(new Error('Work is the transaction'))

/** Kysely as the typed way to write a statement; where and in which scope it runs is decided by `execute` alone. */
export function kyselyOn<Tables>(execute: Execute): Kysely<Tables> {
  const connection: DatabaseConnection = {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the interface's own signature
    executeQuery: async <R>(query: CompiledQuery) => {
      const result = await execute(query)
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    },
    streamQuery: () => {
      throw new Error('Streams are read by pages, not by a portal held open')
    },
  }
  const driver: Driver = {
    init: nothing,
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: refuseTransaction,
    commitTransaction: refuseTransaction,
    rollbackTransaction: refuseTransaction,
    releaseConnection: nothing,
    destroy: nothing,
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  })
}
