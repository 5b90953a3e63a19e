import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Patient } from './database.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** What stands between the application and PostgreSQL. `transactions`: connections are handed over between transactions. */
type Between = { pooler: boolean; transactions: boolean; named: boolean }

async function withClients<T>(url: string, count: number, use: (clients: pg.Client[]) => Promise<T>): Promise<T> {
  const clients = Array.from(
    { length: count },
    () => new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 }),
  )
  try {
    for (const client of clients) {
      client.on('error', () => undefined)
      await client.connect()
    }
    return await use(clients)
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }
}

const backend = async (client: pg.Client): Promise<number> =>
  (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid

/** PostgreSQL hands out its own process number for cancelling; a pooler makes one up. */
const isPooled = (url: string): Promise<boolean> =>
  withClients(
    url,
    1,
    async ([client]) => (client as unknown as { processID: number }).processID !== (await backend(client!)),
  )

/** Others hold transactions open, so that a pooler must give the first client another connection than it had. */
async function examineBetween(url: string): Promise<Between> {
  if (!(await isPooled(url))) return { pooler: false, transactions: false, named: true }
  return withClients(url, 4, async ([first, ...others]) => {
    const statement = { name: `officina_doctor_${randomBytes(6).toString('hex')}`, text: 'select 1' }
    const before = await backend(first!)
    await first!.query(statement)
    try {
      for (const other of others) await other.query('begin; select 1')
      const transactions = (await backend(first!)) !== before
      const named = await first!.query(statement).then(
        () => true,
        (error: unknown) => (error as { code?: string }).code !== '26000',
      )
      return { pooler: true, transactions, named }
    } finally {
      // One of them holds the connection that the name was left on.
      for (const other of others) {
        await other.query(`deallocate ${statement.name}`).catch(() => undefined)
        await other.query('rollback').catch(() => undefined)
      }
    }
  })
}

/** Whether the application's way and the direct one are what the settings take them for. */
export async function examinePooler({ config, urls }: Patient): Promise<Finding[]> {
  const { pooler, transactions, named } = await examineBetween(urls.app)
  const findings: Finding[] = []
  const wanted = config.DATABASE_NAMED_STATEMENTS === 'on'
  if (await isPooled(urls.owner))
    findings.push(
      fail(
        'direct connection',
        'migrations and locks go through a pooler, where a session does not stay on one connection',
        'Set DATABASE_DIRECT_URL (or DATABASE_OWNER_URL) to PostgreSQL itself.',
      ),
    )
  if (!named && wanted)
    findings.push(
      fail(
        'connections',
        'the pooler does not keep prepared statements: requests will fail now and then',
        'Set DATABASE_NAMED_STATEMENTS=off, or use PgBouncer 1.21 or newer with max_prepared_statements.',
      ),
    )
  if (findings.length > 0) return findings
  if (!pooler && !wanted)
    return [
      warn(
        'connections',
        'direct, but prepared statements are switched off',
        'Set DATABASE_NAMED_STATEMENTS=on: a scoped query then costs about half of the CPU.',
      ),
    ]
  if (!pooler) return [ok('connections', 'direct')]
  return [
    ok(
      'connections',
      `through a pooler that hands connections over after each ${transactions ? 'transaction' : 'session'}, ${wanted ? 'with' : 'without'} prepared statements`,
    ),
  ]
}
