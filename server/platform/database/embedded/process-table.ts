import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Account } from './account.ts'

/** Zombies do not count: where nobody reaps, a dead postmaster keeps its number for ever. */
export function isAlive(pid: number): boolean {
  if (process.platform === 'linux') return nameOf(pid) !== undefined
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The PostgreSQL processes (postmaster, its children, initdb) that work in `folder`, which must be a real path. */
export function processesIn(folder: string, account: Account): number[] {
  if (process.platform === 'win32') return []
  if (process.platform !== 'linux') return listedIn(folder)
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => /^(postgres|initdb)$/.test(nameOf(pid) ?? '') && workingFolder(pid, account) === folder)
}

export function isPostgres(pid: number): boolean {
  return process.platform === 'linux' && nameOf(pid) === 'postgres'
}

/** A PostgreSQL process always works in its data folder. Undefined when we may not know. */
export function workingFolder(pid: number, account: Account): string | undefined {
  const link = `/proc/${pid}/cwd`
  try {
    return readlinkSync(link)
  } catch {
    // In most containers root lacks CAP_SYS_PTRACE and may not look into another account's process; that account may.
    if (!account) return undefined
    try {
      const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
      return execFileSync('readlink', [link], { ...account, cwd: '/', encoding: 'utf8', stdio }).trimEnd()
    } catch {
      return undefined
    }
  }
}

function nameOf(pid: number): string | undefined {
  try {
    const [, name, state] = /^\d+ \((.*)\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return state === 'Z' || state === 'X' ? undefined : name
  } catch {
    return undefined
  }
}

function listedIn(folder: string): number[] {
  const listing = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' })
  return listing
    .split('\n')
    .filter((line) => /postgres|initdb/.test(line) && line.includes(folder))
    .map((line) => Number.parseInt(line, 10))
}
