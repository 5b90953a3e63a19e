import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync, openSync, statSync } from 'node:fs'
import { type Cluster, dataFolder } from './cluster.ts'
import { rotate } from './log-file.ts'
import { serverSettings } from './settings.ts'

/** How a server ended. */
export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type ServerProcess = { exit: Promise<Exit>; kill: (signal: NodeJS.Signals) => void; logStart: number }

/** Runs `postgres` itself, not pg_ctl, so that we are its parent and hear of its end. */
export function spawnServer(cluster: Cluster, port: number, clusterName: string): ServerProcess {
  const { pgdata, logFile, account, binaries } = cluster
  rotate(logFile)
  const output = openSync(logFile, 'a', 0o600)
  if (account && statSync(logFile).uid === 0) chownSync(logFile, account.uid, account.gid)
  const logStart = statSync(logFile).size
  // Detached: a Ctrl-C in the terminal reaches only us, and we stop the server after the last request is answered.
  const child = spawn(binaries.program('postgres'), ['-D', dataFolder(pgdata), ...serverSettings(port, clusterName)], {
    ...account,
    cwd: pgdata,
    env: binaries.env,
    stdio: ['ignore', output, output],
    detached: true,
  })
  closeSync(output)
  const rotation = setInterval(() => rotate(logFile), 60_000).unref()
  // When we end without stop(), by an error for example, it still shuts down in order.
  const atExit = () => child.kill('SIGINT')
  process.once('exit', atExit)
  const exit = ended(child).finally(() => {
    clearInterval(rotation)
    process.removeListener('exit', atExit)
  })
  exit.catch(() => {}) // whoever waits for it is told; before anyone does, it is not an unhandled rejection
  return { exit, logStart, kill: (signal) => void child.kill(signal) }
}

function ended(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on('error', reject) // not once: a signal that cannot be sent is reported the same way
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}
