import pg from 'pg'
import type { Kysely } from 'kysely'
import { kyselyOn } from './kysely.ts'
import { translate } from './database-refusals.ts'
import { hearBreaks, types } from './pool.ts'

/**
 * Work that belongs to no single tenant: making, suspending and listing tenants, the keys that sign tokens, sweeping
 * what expired. Another role (officina_custody, which the application's log-in is no member of) and another type, so
 * that no use case that takes a Work can be handed one by mistake. server/test/rooms.test.ts lists who may name it.
 */
export type Custody<Tables = object> = {
  readonly custody: true
  readonly now: Date
  readonly db: Kysely<Tables>
}

// oxlint-disable-next-line typescript/no-explicit-any
export type EdgeCustody = Custody<any>

export type CustodyDoor = {
  readonly run: <T>(use: (custody: EdgeCustody) => Promise<T>) => Promise<T>
  /** A connection of the owner's log-in with session state: migrations and advisory locks. */
  readonly session: <T>(use: (client: pg.ClientBase) => Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

/** Connections of the owner's log-in, a few: what custody does is seldom or short. */
export function openCustody(connectionString: string, onError: (error: Error) => void): CustodyDoor {
  const pool = new pg.Pool({
    connectionString,
    max: 3,
    types,
    connectionTimeoutMillis: 5_000,
    application_name: 'officina custody',
  })
  pool.on('error', onError)
  hearBreaks(pool)
  const session = async <T>(use: (client: pg.ClientBase) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw translate(error)
    })
    try {
      const result = await use(client)
      client.release()
      return result
    } catch (error) {
      client.release(true)
      throw error
    }
  }
  return {
    session,
    run: (use) =>
      session(async (client) => {
        await client.query("begin; set local role officina_custody; set local search_path = 'ext'")
        try {
          const execute = ({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) =>
            client.query(sql, parameters as unknown[])
          const result = await use({ custody: true, now: new Date(), db: kyselyOn(execute) })
          await client.query('commit')
          return result
        } catch (error) {
          await client.query('rollback')
          throw translate(error)
        }
      }),
    close: () => pool.end(),
  }
}
