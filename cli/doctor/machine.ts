import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { Config } from '#config'
import { fail, ok, warn, type Finding } from './finding.ts'

const MiB = 1024 ** 2
const project = join(import.meta.dirname, '../..')

/** What an installation needs of the machine, before any database. */
export async function examineMachine(config: Config): Promise<Finding[]> {
  return [nodeVersion(), dependencies(), ...home(config.home), disk(config.home), await port(config)]
}

/** Apart from the others because it can be told even where the configuration is wrong. */
export function nodeVersion(): Finding {
  const version = process.versions.node
  if (Number(version.split('.')[0]) >= 24) return ok('node', `Node.js ${version}`)
  return fail(
    'node',
    `Node.js ${version} is too old`,
    'Start through npm (`npm run officina -- …`), which uses the pinned Node.js 24.',
  )
}

type Packages = Record<string, { version?: string; optional?: boolean; link?: boolean }>
const packagesIn = (file: string): Packages =>
  (JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages }).packages

export function dependencies(): Finding {
  const mend = 'Run `npm ci` in the folder of Officina.'
  const record = join(project, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return fail('dependencies', 'node_modules is missing or was not made by npm', mend)
  const installed = packagesIn(record)
  const wanted = Object.entries(packagesIn(join(project, 'package-lock.json'))).filter(([path]) => path !== '')
  const wrong = wanted.filter(([path, { version, optional, link }]) => {
    if (link) return false
    const found = installed[path]
    return found ? found.version !== version : !optional
  })
  if (wrong.length === 0) return ok('dependencies', `${wanted.length} packages as the lockfile has them`)
  const names = wrong.slice(0, 5).map(([path]) => path.replace(/^.*node_modules\//, ''))
  return fail('dependencies', `${wrong.length} packages are missing or have another version: ${names.join(', ')}`, mend)
}

const writable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)))

function home(path: string): Finding[] {
  const mend = `Give the account that runs Officina the right to write there, or set OFFICINA_HOME.`
  if (!existsSync(path)) {
    const parent = existing(path)
    return [
      writable(parent)
        ? ok('home', `${path} will be made at the first start`)
        : fail('home', `${path} cannot be made: ${parent} is not writable`, mend),
    ]
  }
  const findings = [writable(path) ? ok('home', `${path} is writable`) : fail('home', `${path} is not writable`, mend)]
  if (process.platform === 'win32') return findings
  for (const file of ['secrets.json', 'officina.json', 'postgres/password']) {
    const stats = statSync(join(path, file), { throwIfNoEntry: false })
    if (stats && (stats.mode & 0o077) !== 0)
      findings.push(fail('secrets', `${file} can be read by other accounts`, `chmod 600 ${join(path, file)}`))
  }
  if (findings.length === 1) findings.push(ok('secrets', 'no other account can read them'))
  return findings
}

function disk(path: string): Finding {
  const { bavail, bsize } = statfsSync(existing(path))
  const free = Math.floor((bavail * bsize) / MiB)
  const mend = 'Free some space, or move OFFICINA_HOME to a larger disk.'
  const message = `${free} MiB free for ${path}`
  if (free < 256) return fail('disk', message, mend)
  return free < 2048 ? warn('disk', message, mend) : ok('disk', message)
}

async function port({ HOST, PORT }: Config): Promise<Finding> {
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(PORT, HOST, () => server.close(() => resolve(null)))
  })
  if (code === null) return ok('port', `${HOST}:${PORT} is free`)
  if (code === 'EADDRINUSE' && (await isOfficina(HOST, PORT))) return ok('port', `Officina answers on ${HOST}:${PORT}`)
  return fail('port', `${HOST}:${PORT} cannot be used (${code})`, 'Stop what listens there, or set HOST and PORT.')
}

async function isOfficina(host: string, number: number): Promise<boolean> {
  const address = host.includes(':') ? `[${host}]` : host
  try {
    const answer = await fetch(`http://${address}:${number}/health/live`, { signal: AbortSignal.timeout(2_000) })
    return ((await answer.json()) as { status?: unknown }).status === 'alive'
  } catch {
    return false
  }
}
