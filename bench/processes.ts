/** Child processes of the bench, and what they cost: CPU time as the kernel counts it, in ticks of 10 ms. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const MS_PER_TICK = 10

/** Fields after the command's name, which may hold spaces and parentheses itself. */
function statOf(pid: number | string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null // it ended meanwhile
  }
}
const ticks = (stat: string[], from: number): number => Number(stat[from]) + Number(stat[from + 1])

/** Milliseconds of CPU (user and system, all threads) that a process has used so far. */
export const cpuOf = (pid: number): number => ticks(statOf(pid) ?? ['0'], 11) * MS_PER_TICK

/** The same for a postmaster and all its children, those that have ended included. */
export function cpuOfFamily(parent: number): number {
  const own = statOf(parent)
  if (own === null) throw new Error(`No process ${parent}`)
  let sum = ticks(own, 11) + ticks(own, 13)
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const stat = statOf(pid)
    if (stat !== null && Number(stat[1]) === parent) sum += ticks(stat, 11)
  }
  return sum * MS_PER_TICK
}

export type Server = { name: string; pid: number; port: number; stop: () => Promise<void> }

/** Starts a server whose output holds `… at http://host:port` once it is ready; the output goes to a file, as a service's would. */
export async function startServer(
  name: string,
  file: string,
  environment: Record<string, string>,
  log: string,
  nodeOptions: string[] = [],
): Promise<Server> {
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [...nodeOptions, join(root, file)], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output],
  })
  const port = Number(await said(child, log, /at http:\/\/[^\s:]+:(\d+)/, 60_000))
  return { name, pid: child.pid!, port, stop: () => ended(child, 'SIGTERM') }
}

/** A server does things of its own after its start: waits until it has next to nothing to do, a minute at most. */
export async function settled({ pid }: Server): Promise<void> {
  let before = cpuOf(pid)
  for (let windows = 0; windows < 60; windows += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const now = cpuOf(pid)
    if (now - before <= 20) return
    before = now
  }
}

/** What the first group of the pattern found in a growing file; throws with its end when the process ends first. */
export async function said(child: ChildProcess, log: string, pattern: RegExp, withinMs: number): Promise<string> {
  for (const giveUp = Date.now() + withinMs; Date.now() < giveUp;) {
    const found = pattern.exec(readFileSync(log, 'utf8'))
    if (found) return found[1] ?? found[0]
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`Not ready; the end of its output:\n${readFileSync(log, 'utf8').slice(-2000)}`)
}

export function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

export type Load = {
  run: (round: Round) => Promise<RoundResult>
  stop: () => Promise<void>
}
export type Operation = 'list' | 'get' | 'create'
/** What the ceiling is asked besides: a creation that leaves a trail. */
export type Asked = Operation | 'create_with_trail'
export type Client = { token: string; plants: string[] }
export type Round = { port: number; operation: Asked; seconds: number; connections: number }
export type RoundResult = {
  requests: number
  bad: number
  seconds: number
  p50_ms: number
  p99_ms: number
  firstBad: string | null
}

/** The load comes from a process of its own, so that its CPU is nobody's. */
export async function startLoad(clients: Client[]): Promise<Load> {
  const child = fork(join(import.meta.dirname, 'load.ts'), { serialization: 'advanced' })
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve as (message: unknown) => void)
      child.once('exit', () => reject(new Error('The load ended')))
    })
  child.send({ clients })
  await answer()
  return {
    run: async (round) => {
      child.removeAllListeners('exit')
      child.send({ round })
      return answer<RoundResult>()
    },
    stop: () => ended(child, 'SIGTERM'),
  }
}
