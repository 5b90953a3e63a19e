import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { loadOrCreateSecrets, mastersFromSetting, type MasterSecret } from '../secrets/secrets-file.ts'
import type { Log } from '../telemetry/log.ts'
import { openCustody, type CustodyDoor } from './custody.ts'
import { announcedServer, HomeInUse, startEmbeddedServer, type EmbeddedServer } from './embedded/embedded-server.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openPool } from './pool.ts'
import { provisionedUrls, type Urls } from './urls.ts'
import { openDatabase, type Database } from './work.ts'

/** Everything one process holds of the database: the application's way in, custody, and the embedded server if ours. */
export type Installation = {
  readonly database: Database
  readonly custody: CustodyDoor
  readonly masters: readonly MasterSecret[]
  readonly embedded: EmbeddedServer | null
  readonly urls: Urls
  readonly close: () => Promise<void>
}

/** The master secrets: the setting's, or those of the home, made there on the first start. */
export const secretsOf = (config: Config): Promise<MasterSecret[]> =>
  config.OFFICINA_SECRET
    ? Promise.resolve(mastersFromSetting(config.OFFICINA_SECRET))
    : loadOrCreateSecrets(config.home, new Date())

export type InstallationOptions = {
  migrate: boolean
  /** Where another process holds the home, work on the server that it has running, instead of refusing. */
  join?: boolean
}

/** How long a process that holds the home may take until its server answers. */
const JOIN_MS = 20_000

type Server = { url: string; embedded: EmbeddedServer | null }

async function ownServer(config: Config, log: Log, join: boolean): Promise<Server> {
  if (config.DATABASE_URL) return { url: config.DATABASE_URL, embedded: null }
  for (const giveUp = Date.now() + JOIN_MS; ; await sleep(200)) {
    try {
      const embedded = await startEmbeddedServer({ home: config.home, log })
      return { url: urlOf(embedded), embedded }
    } catch (error) {
      if (!join || !(error instanceof HomeInUse)) throw error
      const running = announcedServer(config.home)
      if (running) return { url: urlOf(running), embedded: null }
      if (Date.now() > giveUp) throw error
    }
  }
}

/** Connects, provisions where it may, and migrates. Throws with a sentence that says what to do. */
export async function openInstallation(config: Config, log: Log, options: InstallationOptions): Promise<Installation> {
  const masters = await secretsOf(config)
  const { url, embedded } = await ownServer(config, log, options.join ?? false)
  let custody: CustodyDoor | undefined
  try {
    const urls = await provisionedUrls(config, url, masters)
    let closing = false
    const onError = (error: Error): void => {
      // The embedded server ends connections that are about to end by themselves.
      if (!closing) log.warn({ err: error }, 'outside of a request, something broke')
    }
    custody = openCustody(urls.owner, onError)
    if (options.migrate) await migrateAll(custody, log)
    const named = config.DATABASE_NAMED_STATEMENTS === 'on'
    const database = openDatabase(openPool({ connectionString: urls.app, size: config.DB_POOL_SIZE, named, onError }))
    const opened = custody
    const close = async (): Promise<void> => {
      closing = true
      await Promise.allSettled([database.close(), opened.close()])
      await embedded?.stop()
    }
    return { database, custody, masters, embedded, urls, close }
  } catch (error) {
    await custody?.close()
    await embedded?.stop()
    throw error
  }
}

type Address = { host: string; port: number; user: string; password: string; database: string }
const urlOf = ({ host, port, user, password, database }: Address): string =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`

async function migrateAll(custody: CustodyDoor, log: Log): Promise<void> {
  const migrations = await readMigrations()
  const { done, failed } = await custody.session((client) => migrate(client, migrations))
  if (done.length > 0) log.info({ steps: done.map((step) => `${step.schema}: ${step.migration.name}`) }, 'migrated')
  // Their tenants keep being served at the version they have; `officina doctor` shows them.
  for (const { step, error } of failed)
    log.error({ err: error, schema: step.schema }, 'a tenant schema was not migrated')
}
