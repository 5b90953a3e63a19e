import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '#config'
import { announcedServer, HomeInUse, startEmbeddedServer } from '#platform/database/embedded/embedded-server.ts'
import { isHalfRestored } from '#platform/database/half-restored.ts'
import { secretsOf } from '#platform/database/installation.ts'
import { derivedUrls, masterOfLogins, type Urls } from '#platform/database/urls.ts'
import type { MasterSecret } from '#platform/secrets/secrets-file.ts'
import { examineBrokers } from './brokers.ts'
import { examined, fail, warn, type Finding } from './finding.ts'
import { examineEvents } from './events.ts'
import { examineFleet } from './fleet.ts'
import { examineIsolation } from './isolation.ts'
import { examineJobs } from './jobs.ts'
import { examineMoves } from './moves.ts'
import { examinePooler } from './pooler.ts'
import { examineRoles } from './roles.ts'
import { examineSecrets } from './secrets.ts'
import { examineServer } from './server.ts'

/** A database that answers, as the checks are given it. `client` is direct, may enter every role, and only reads. */
export type Patient = {
  config: Config
  client: pg.ClientBase
  urls: Urls
  appLogin: string
  masters: readonly MasterSecret[]
}

const quiet = { info: () => undefined, warn: () => undefined }
const urlOf = ({
  host,
  port,
  user,
  password,
  database,
}: {
  host: string
  port: number
  user: string
  password: string
  database: string
}): string => `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`

/** Everything about the database. Changes nothing in it: an embedded one is started for the time of the examination. */
export async function examineDatabase(config: Config): Promise<Finding[]> {
  if (config.DATABASE_URL) return examineAt(config, config.DATABASE_URL)
  if (!existsSync(join(config.home, 'postgres/pgdata')))
    return [warn('database', `there is none yet in ${config.home}`, 'It is made at the first start: npm start.')]
  try {
    const server = await startEmbeddedServer({ home: config.home, log: quiet })
    try {
      return await examineAt(config, urlOf(server))
    } finally {
      await server.stop()
    }
  } catch (error) {
    if (!(error instanceof HomeInUse)) throw error
    const running = announcedServer(config.home)
    if (running) return examineAt(config, urlOf(running))
    return [fail('database', error.message, 'Wait until that process has started, and examine again.')]
  }
}

async function examineAt(config: Config, admin: string): Promise<Finding[]> {
  const client = new pg.Client({
    connectionString: config.DATABASE_OWNER_URL ?? config.DATABASE_DIRECT_URL ?? admin,
    connectionTimeoutMillis: 5_000,
    application_name: 'officina doctor',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    const said = (error as Error).message || (error as { code?: string }).code
    return [
      fail(
        'database',
        `does not let us in: ${said}`,
        'Start PostgreSQL, or look at DATABASE_URL, DATABASE_DIRECT_URL and DATABASE_OWNER_URL.',
      ),
    ]
  }
  try {
    const server = await examined('database', () => examineServer(client))
    return [...server, ...(await examineInstallation(config, admin, client))]
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function examineInstallation(config: Config, admin: string, client: pg.ClientBase): Promise<Finding[]> {
  // Everything else about it would be misleading.
  if (await isHalfRestored(client))
    return [
      fail(
        'restore',
        'this database is half restored: a restore is under way, or was broken off',
        '`officina restore` with the same file goes on with it; with --anew it begins from the beginning.',
      ),
    ]
  const { rows } = await client.query(
    "select current_database() as database, to_regclass('control.migrations') is not null as made",
  )
  const known = config.OFFICINA_SECRET !== undefined || existsSync(join(config.home, 'secrets.json'))
  if (!rows[0].made || !known) {
    const lacks = rows[0].made ? 'the secrets of this installation are not here' : 'Officina was never started on it'
    return [
      warn(
        'installation',
        lacks,
        rows[0].made
          ? 'Set OFFICINA_SECRET or OFFICINA_HOME as the server has it.'
          : 'npm start makes what is missing.',
      ),
    ]
  }
  const masters = await secretsOf(config)
  const urls = config.DATABASE_OWNER_URL
    ? { app: admin, owner: config.DATABASE_OWNER_URL }
    : derivedUrls(config, admin, rows[0].database, await masterOfLogins(config, admin, rows[0].database, masters))
  const patient: Patient = { config, client, urls, masters, appLogin: decodeURIComponent(new URL(urls.app).username) }
  return [
    ...(await examined('roles', () => examineRoles(patient))),
    ...(await examined('isolation', () => examineIsolation(patient))),
    ...(await examined('migrations', () => examineFleet(patient))),
    ...(await examined('moves', () => examineMoves(patient))),
    ...(await examined('events', () => examineEvents(patient))),
    ...(await examined('jobs', () => examineJobs(patient))),
    ...(await examined('brokers', () => examineBrokers(patient))),
    ...(await examined('secrets', () => examineSecrets(patient))),
    ...(await examined('connections', () => examinePooler(patient))),
  ]
}
