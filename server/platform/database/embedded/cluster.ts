import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, chownSync, closeSync, constants, existsSync, fsyncSync } from 'node:fs'
import { mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, accountFor } from './account.ts'
import { type Binaries, prepareBinaries } from './binaries.ts'
import type { Log } from './log-file.ts'
import { endLeftovers, endUnfinished } from './orphan.ts'

/** A data folder that no process uses, with what is needed to start a server on it. */
export type Cluster = { pgdata: string; logFile: string; password: string; account: Account; binaries: Binaries }

/** The caller holds the lock of `home`. */
export async function prepareCluster(home: string, log: Log): Promise<Cluster> {
  mkdirSync(join(home, 'postgres'), { recursive: true, mode: 0o700 })
  const folder = realpathSync(join(home, 'postgres')) // it may be a link to another disk
  const pgdata = join(folder, 'pgdata')
  if (existsSync(pgdata)) requireAccess(pgdata)
  const account = accountFor(pgdata)
  // Root's folder stays root's, and the account only passes through it to its data: what root writes there cannot be
  // replaced by a link of somebody else's.
  if (account && statSync(folder).uid === 0) give(folder, 0, account.gid, 0o710)
  const binaries = prepareBinaries(join(folder, 'lib'), account)
  await endLeftovers(pgdata, account, log)
  const password = passwordIn(join(folder, 'password'), account, existsSync(pgdata))
  if (!existsSync(pgdata)) await initialize(folder, account, binaries)
  return { pgdata, logFile: join(folder, 'postgres.log'), password, account, binaries }
}

/**
 * The name that a process working in the data folder gives it. On Linux it is its own working folder, which the kernel
 * resolves without asking for permission on the folders above: so the unprivileged account serves data below /root,
 * with nobody's permissions loosened. PostgreSQL processes never leave their data folder.
 */
export function dataFolder(pgdata: string): string {
  return process.platform === 'linux' ? '/proc/self/cwd' : pgdata
}

/** Into a draft that is renamed when whole: a start killed in between leaves nothing that looks like a database. */
async function initialize(folder: string, account: Account, binaries: Binaries): Promise<void> {
  const draft = join(folder, 'pgdata.new')
  await endUnfinished(draft, account)
  rmSync(draft, { recursive: true, force: true, maxRetries: 5 })
  mkdirSync(draft, { mode: 0o700 })
  if (account) give(draft, account.uid, account.gid, 0o700)
  const options = `-U postgres -A scram-sha-256 -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8
    --data-checksums --no-instructions --pwfile=../password`.split(/\s+/)
  const { env, program } = binaries
  await promisify(execFile)(program('initdb'), [...options, '-D', dataFolder(draft)], {
    ...account,
    cwd: draft,
    env,
    timeout: 120_000,
  })
  renameSync(draft, join(folder, 'pgdata'))
  if (process.platform === 'win32') return // there a folder cannot be opened, nor needs to be
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

function passwordIn(file: string, account: Account, expected: boolean): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  if (expected) throw new Error(`${file} is missing: the database next to it cannot be opened without it`)
  const password = randomBytes(24).toString('base64url')
  writeFileSync(`${file}.new`, password, { mode: 0o600, flush: true })
  if (account) give(`${file}.new`, account.uid, account.gid, 0o600)
  renameSync(`${file}.new`, file)
  return password
}

function requireAccess(pgdata: string): void {
  try {
    accessSync(pgdata, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    throw new Error(`${pgdata} belongs to another account: start as that one (or as root), or choose another home`)
  }
}

function give(path: string, uid: number, gid: number, mode: number): void {
  try {
    chownSync(path, uid, gid)
    chmodSync(path, mode)
  } catch (error) {
    throw new Error(
      `PostgreSQL does not run as root, and here root may not give ${path} to account ${uid}:${gid} ` +
        `(${String(error)}). Start as an ordinary user.`,
      { cause: error },
    )
  }
}
