import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from './account.ts'
import type { Log } from './log-file.ts'
import { isAlive, isPostgres, processesIn, workingFolder } from './process-table.ts'

const patience = 10_000
/** For what has no postmaster: children that end by themselves, or a server that had not yet opened its data. */
const shortPatience = 2_000

/**
 * A launcher that was killed leaves its postmaster running, and a postmaster that was killed leaves its children for a
 * moment. Both must be gone before another one starts on the same data. The caller holds the lock of the home, so
 * nothing found here belongs to a launcher that is alive.
 */
export async function endLeftovers(pgdata: string, account: Account, log: Log): Promise<void> {
  if (!existsSync(pgdata)) return
  const postmaster = readPostmasterPid(pgdata)
  const found = processesIn(pgdata, account)
  if (found.length > 0) log.warn({ pids: found }, 'stopping a PostgreSQL left over by a start that was killed')
  // SIGINT only to the postmaster: to its checkpointer it would mean «write the shutdown checkpoint».
  const asked = postmaster !== undefined && found.includes(postmaster)
  if (asked) kill(postmaster, 'SIGINT')
  let wait = asked ? patience : shortPatience
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    if (await emptied(pgdata, account, wait)) break
    for (const pid of processesIn(pgdata, account)) kill(pid, signal)
    wait = patience
  }
  if (!(await emptied(pgdata, account, patience)))
    throw new Error(`A PostgreSQL in ${pgdata} does not stop, not even when killed`)
  clearStalePid(pgdata, account, log)
}

/** What an initdb left by a killed launcher is still writing is worth nothing. */
export async function endUnfinished(folder: string, account: Account): Promise<void> {
  for (const pid of processesIn(folder, account)) kill(pid, 'SIGKILL')
  await emptied(folder, account, patience)
}

/**
 * After a restart of the container the number in postmaster.pid may be anybody's, and PostgreSQL would refuse to start.
 * A number that is dead is left alone: then PostgreSQL does its own, deeper check of the shared memory.
 */
function clearStalePid(pgdata: string, account: Account, log: Log): void {
  const pid = readPostmasterPid(pgdata)
  if (pid === undefined || (process.platform === 'linux' ? !numberTaken(pid) : !isAlive(pid))) return
  if (process.platform === 'win32') return // there PostgreSQL can tell its own processes from others
  if (isPostgres(pid) && workingFolder(pid, account) === undefined)
    throw new Error(
      `${join(pgdata, 'postmaster.pid')} names process ${pid}, a PostgreSQL of another account that we may not ` +
        'look into. If it does not use this folder, delete that file; else stop the process.',
    )
  log.warn({ pid }, 'postmaster.pid names a process that is not its PostgreSQL: removing it')
  rmSync(join(pgdata, 'postmaster.pid'), { force: true })
}

function readPostmasterPid(pgdata: string): number | undefined {
  const file = join(pgdata, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10)) // negative in single-user mode
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/** Unlike isAlive, true for a zombie too: PostgreSQL asks the kernel the same way, and would be refused. */
function numberTaken(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

async function emptied(folder: string, account: Account, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(20))
    if (processesIn(folder, account).length === 0) return true
  return false
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
