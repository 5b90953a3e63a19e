import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const project = join(import.meta.dirname, '../../..')
/** Everything a file here makes: homes and releases. Gone when its tests are over. */
const room = realpathSync(mkdtempSync(join(tmpdir(), 'officina-journey-')))
const children = new Set<ChildProcess>()
let made = 0

after(async () => {
  for (const child of children) child.kill('SIGTERM')
  for (let tries = 0; children.size > 0 && tries < 200; tries++) await sleep(50)
  for (const child of children) child.kill('SIGKILL')
  rmSync(room, { recursive: true, force: true, maxRetries: 5 })
})

/** A home that nothing was started on yet. */
export const newHome = (): string => join(room, `home-${++made}`)

/** Tomorrow's program: today's files and one more tenant migration for each text. */
export function nextRelease(...tenantMigrations: string[]): string {
  const folder = join(room, `release-${++made}`)
  for (const part of ['server', 'cli', 'package.json', 'package-lock.json', 'openapi.json'])
    cpSync(join(project, part), join(folder, part), { recursive: true })
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  const migrations = join(folder, 'server/migrations/tenant')
  for (const sql of tenantMigrations) {
    const number = String(readdirSync(migrations).length + 1).padStart(4, '0')
    writeFileSync(join(migrations, `${number}_of_tomorrow.sql`), sql)
  }
  return folder
}

type Environment = Record<string, string>
type Exit = { code: number | null; signal: NodeJS.Signals | null }
export type Spawned = { child: ChildProcess; output: () => string; exit: Promise<Exit> }

/** What these processes see: nothing of the suite's own database and settings. */
const environment = (home: string, more: Environment): Environment => ({
  ...Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'].flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
  ),
  ...{
    OFFICINA_HOME: home,
    OFFICINA_DEMO: 'off',
    PORT: '0',
    LOG_LEVEL: 'warn',
    NODE_COMPILE_CACHE: join(tmpdir(), 'officina-compile-cache'),
  },
  ...more,
})

/** Runs a file of a release as a process; `input` is what it reads. */
export function run(
  file: string,
  home: string,
  args: string[] = [],
  more: Environment = {},
  release = project,
  input = '',
): Spawned {
  const env = environment(home, more)
  const child = spawn(process.execPath, [join(release, file), ...args], { cwd: release, env, stdio: 'pipe' })
  child.stdin.on('error', () => undefined).end(input)
  children.add(child)
  let output = ''
  const hear = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exit = once(child, 'close').then(([code, signal]) => {
    children.delete(child)
    return { code, signal }
  })
  return { child, output: () => output, exit }
}

export type Running = Spawned & { url: string; home: string; stop: (signal?: NodeJS.Signals) => Promise<Exit> }

/** Starts the server on a home and resolves once it is ready; throws what it said where it ends before. */
export async function start(home: string, more: Environment = {}, release = project): Promise<Running> {
  const spawned = run('server/main.ts', home, [], more, release)
  let ended: Exit | undefined
  void spawned.exit.then((exit) => (ended = exit))
  for (;;) {
    const url = /^Officina is ready at (\S+)/m.exec(spawned.output())?.[1]
    const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => {
      spawned.child.kill(signal)
      return spawned.exit
    }
    if (url) return { ...spawned, url, home, stop }
    if (ended) throw new Error(`The server ended (${JSON.stringify(ended)}) before it was ready:\n${spawned.output()}`)
    await sleep(10)
  }
}

/** The embedded PostgreSQL of a home. */
export const postmasterOf = (home: string): number =>
  Number.parseInt(readFileSync(join(home, 'postgres/pgdata/postmaster.pid'), 'utf8'), 10)
