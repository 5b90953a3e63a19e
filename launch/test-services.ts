/**
 * `npm run test:services [-- part-of-a-path …]`: the suite once more against what an installation may run on: a PostgreSQL
 * of the machine, the same through PgBouncer in transaction mode, and with a schema for each tenant; and the tests that need
 * a service (*.services.test.ts) against it. What is missing is
 * named, with what to install, and fails the run: a check that was left out must not look like one that passed.
 *
 * TEST_DATABASE_URL says where the PostgreSQL is; its user must be allowed to make roles and databases.
 */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tmpdir, userInfo } from 'node:os'
import pg from 'pg'
import { findClamd } from './clamd.ts'
import { findPgBouncer, startPgBouncer } from './pgbouncer.ts'

type Missing = { missing: string }
type Outcome = { stage: string; seconds: number; result: string }

// These bring a PostgreSQL of their own, so another one changes nothing for them; `npm test` runs them.
const withoutDatabase = ['!/journeys/', '!/embedded/', '!proof/']

async function findPostgres(): Promise<string | Missing> {
  const given = process.env['TEST_DATABASE_URL']
  const user = encodeURIComponent(userInfo().username)
  const candidates = given ? [given] : [user, 'postgres'].map((name) => `postgres://${name}@127.0.0.1:5432/postgres`)
  let said = ''
  for (const connectionString of candidates) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3_000 })
    try {
      await client.connect()
      const { rows } = await client.query(
        `select current_setting('server_version_num')::int >= 150000 as recent,
                (select rolsuper from pg_roles where rolname = current_user) as super`,
      )
      if (!rows[0].recent) said = 'it is older than PostgreSQL 15'
      else if (!rows[0].super) said = 'its user may not make extensions and log-ins'
      else return connectionString
    } catch (error) {
      said = (error as Error).message || String((error as { code?: string }).code)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  return {
    missing: `a PostgreSQL 15 or newer on 127.0.0.1:5432 (${said}). Install it (Debian: apt-get install postgresql postgresql-contrib) and start it, or set TEST_DATABASE_URL to a superuser's address.`,
  }
}

function suite(environment: Record<string, string>, parts = process.argv.slice(2)): Promise<number> {
  const env = { ...process.env, ...environment, TEST_FAILURES: failures }
  const command = [join(import.meta.dirname, 'test.ts'), '--', ...withoutDatabase, ...parts]
  const child = spawn(process.execPath, command, { env, stdio: 'inherit' })
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
}

/** What failed in which suite: told at the end, after stages that print for half an hour. */
const failures = join(await mkdtemp(join(tmpdir(), 'officina-services-')), 'failures')
const outcomes: Outcome[] = []
async function stage(name: string, run: () => Promise<number | Missing>): Promise<void> {
  process.stdout.write(`\n── ${name}\n`)
  await appendFile(failures, `\n${name}\n`)
  const start = performance.now()
  const result = await run().catch((error: unknown) => ({ missing: String(error) }))
  const seconds = Math.round((performance.now() - start) / 100) / 10
  outcomes.push({
    stage: name,
    seconds,
    result: typeof result === 'object' ? `not run, it needs ${result.missing}` : result === 0 ? 'passed' : 'failed',
  })
}

async function throughPgBouncer(url: string | Missing): Promise<number | Missing> {
  if (typeof url === 'object') return url
  const program = findPgBouncer()
  if (program === null)
    return { missing: 'PgBouncer (Debian: apt-get install pgbouncer; macOS: brew install pgbouncer).' }
  const pgbouncer = await startPgBouncer(program, url)
  try {
    return await suite({ TEST_DATABASE_URL: url, TEST_POOLER: pgbouncer.address })
  } finally {
    await pgbouncer.stop()
  }
}

/** What listens there; its tests find out whether it is what it should be. */
function answers({ hostname, port }: URL): Promise<boolean> {
  const socket = connect({ host: hostname, port: Number(port), timeout: 3_000 })
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true))
    socket.on('timeout', () => resolve(false))
    socket.on('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

async function withNats(): Promise<number | Missing> {
  const address = process.env['TEST_NATS_URL'] ?? 'nats://127.0.0.1:4222'
  if (!(await answers(new URL(address))))
    return {
      missing: `a NATS with JetStream at ${address}. Install it (Debian: apt-get install nats-server) and start it with «nats-server -js», or set TEST_NATS_URL.`,
    }
  return suite({ TEST_SERVICES: 'on', TEST_NATS_URL: address }, ['/nats.services.'])
}

async function withMqtt(): Promise<number | Missing> {
  const address = process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883'
  if (!(await answers(new URL(address))))
    return {
      missing: `an MQTT broker at ${address} that lets anybody in. Install it (Debian: apt-get install mosquitto) and start it with «mosquitto -p 1883», or set TEST_MQTT_URL.`,
    }
  return suite({ TEST_SERVICES: 'on', TEST_MQTT_URL: address }, ['/brokers.services.', '/away.services.'])
}

/** Its tests start it themselves, and stop it in the middle. */
async function withClamd(): Promise<number | Missing> {
  const program = findClamd()
  if (program === null)
    return { missing: 'ClamAV (Debian: apt-get install clamav-daemon; macOS: brew install clamav).' }
  return suite({ TEST_SERVICES: 'on', TEST_CLAMD: program }, ['/clamd.services.'])
}

const url = await findPostgres()
const direct = (environment: Record<string, string>) => (): Promise<number | Missing> =>
  typeof url === 'object' ? Promise.resolve(url) : suite({ TEST_DATABASE_URL: url, ...environment })

await stage('PostgreSQL of the machine', direct({}))
await stage('PostgreSQL through PgBouncer, transaction mode', () => throughPgBouncer(url))
await stage('A schema for each tenant', direct({ TEST_ISOLATION: 'schema' }))
await stage('NATS JetStream', withNats)
await stage('MQTT', withMqtt)
await stage('ClamAV', withClamd)

process.stdout.write('\n')
for (const { stage: name, seconds, result } of outcomes) process.stdout.write(`${name} (${seconds} s): ${result}\n`)
const passed = outcomes.every(({ result }) => result === 'passed')
const told = await readFile(failures, 'utf8')
if (!passed || told.includes('✖')) process.stdout.write(told)
await rm(dirname(failures), { recursive: true })
process.exitCode = passed ? 0 : 1
