import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedServer } from '#platform/database/embedded/embedded-server.ts'

/** A PostgreSQL that is killed and comes back on the same data and the same port. */
export type Postgres = {
  readonly url: string
  /** kill -9 of the server; resolves when it is up again. */
  readonly kill: () => Promise<void>
  /** kill -9 of one of its connections' processes: it ends all others too, recovers by itself and goes on. */
  readonly killConnection: (applicationName: string) => Promise<void>
  readonly stop: () => Promise<void>
}

const quiet = { info: () => undefined, warn: () => undefined }

export async function openPostgres(home: string): Promise<Postgres> {
  let server = await startEmbeddedServer({ home, log: quiet })
  const { host, port, user, password, database } = server
  const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
  return {
    url,
    kill: async () => {
      process.kill(Number.parseInt(readFileSync(join(home, 'postgres/pgdata/postmaster.pid'), 'utf8'), 10), 'SIGKILL')
      await server.exited
      server = await startEmbeddedServer({ home, log: quiet, port })
    },
    killConnection: async (applicationName) => {
      const [found] = await ask<{ pid: number }>(
        url,
        'select pid from pg_stat_activity where application_name = $1 order by random() limit 1',
        [applicationName],
      )
      if (found !== undefined) process.kill(found.pid, 'SIGKILL')
    },
    stop: () => server.stop(),
  }
}

const numbers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** One statement on a connection of its own; bigint arrives as a number. */
export async function ask<Row>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, types: numbers })
  // It may be killed between two answers.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(text, values)).rows as Row[]
  } finally {
    await client.end().catch(() => undefined)
  }
}
