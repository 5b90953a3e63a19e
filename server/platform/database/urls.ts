import pg from 'pg'
import type { Config } from '../../config.ts'
import { deriveKey } from '../secrets/field-encryption.ts'
import type { MasterSecret } from '../secrets/secrets-file.ts'
import { loginNames, provision } from './roles.ts'

/** The addresses of the two log-ins: the application's, maybe through PgBouncer, and the owner's, always past it. */
export type Urls = { app: string; owner: string }

const withLogin = (url: string, user: string, password: string): string => {
  const changed = new URL(url)
  changed.username = encodeURIComponent(user)
  changed.password = encodeURIComponent(password)
  return changed.toString()
}

const passwordsOf = ({ secret }: MasterSecret): { app: string; owner: string } => {
  const password = (label: string): string => deriveKey(secret, `database-login-${label}`).toString('base64url')
  return { app: password('app'), owner: password('owner') }
}

/** The log-ins' addresses with the passwords that a master secret gives them. */
export function derivedUrls(config: Config, admin: string, database: string, master: MasterSecret): Urls {
  const names = loginNames(database)
  const passwords = passwordsOf(master)
  return {
    app: withLogin(admin, names.app, passwords.app),
    owner: withLogin(config.DATABASE_DIRECT_URL ?? admin, names.owner, passwords.owner),
  }
}

async function connects(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * The master whose passwords the log-ins have. After a rotation that is still the older one for as long as it is kept:
 * processes that do not know the newest yet stay able to connect.
 */
export async function masterOfLogins(
  config: Config,
  admin: string,
  database: string,
  masters: readonly MasterSecret[],
): Promise<MasterSecret> {
  for (const master of masters.length > 1 ? masters : []) {
    if (await connects(derivedUrls(config, admin, database, master).owner)) return master
  }
  return masters[0]!
}

/**
 * Where DATABASE_OWNER_URL is set the operator has made roles and log-ins, and both URLs are used as they are. Otherwise
 * DATABASE_URL (or the embedded server's superuser) makes them, with passwords derived from a master secret, and is not
 * used for anything else.
 */
export async function provisionedUrls(config: Config, admin: string, masters: readonly MasterSecret[]): Promise<Urls> {
  if (config.DATABASE_OWNER_URL) return { app: admin, owner: config.DATABASE_OWNER_URL }
  const connectionString = config.DATABASE_DIRECT_URL ?? admin
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>('select current_database() as name')
    const database = rows[0]!.name
    const master = await masterOfLogins(config, admin, database, masters)
    await provision(client, passwordsOf(master))
    return derivedUrls(config, admin, database, master)
  } finally {
    await client.end()
  }
}
