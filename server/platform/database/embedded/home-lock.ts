import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export type HomeLock = { home: string; release: () => void }

export class HomeInUse extends Error {
  override name = 'HomeInUse'
}

const sqliteBusy = 5

/**
 * Holds the home folder for this process alone. Node has no flock, but SQLite takes a real lock of the operating system
 * on its file: the kernel frees it when the process dies in whatever way, and containers that share the volume see it.
 * Nobody else may open and close that file here: POSIX drops a process's locks when it closes any descriptor of it.
 */
export function lockHome(folder: string): HomeLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const home = realpathSync(folder)
  const holder = join(home, 'officina.pid')
  const file = new DatabaseSync(join(home, 'officina.lock'), { timeout: 0 })
  try {
    file.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    file.close()
    const busy = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
    if (!busy) throw error
    throw new HomeInUse(`${home} is in use by ${holderOf(holder)}. Stop that one, or choose another OFFICINA_HOME.`)
  }
  writeFileSync(holder, `${process.pid} ${hostname()}\n`)
  return { home, release: () => file.isOpen && file.close() }
}

function holderOf(file: string): string {
  try {
    const [pid, host] = readFileSync(file, 'utf8').trim().split(' ')
    return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`
  } catch {
    return 'another process'
  }
}
