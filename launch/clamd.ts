import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clamd, clamdAddress } from '#platform/scan/clamd.ts'

/** Where the program is; null where it is not installed. Debian keeps it in /usr/sbin, which is not on everyone's path. */
export function findClamd(): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/sbin',
  ]
  return folders.map((folder) => join(folder, 'clamd')).find((file) => existsSync(file)) ?? null
}

export type RunningClamd = {
  readonly tcp: string
  readonly unix: string
  /** It is gone at once, whatever it was at. */
  readonly kill: () => Promise<void>
  /** On the same addresses; resolves once it answers. */
  readonly start: () => Promise<void>
  /** Gone, with its folder. */
  readonly remove: () => Promise<void>
}

/** What it takes from one connection, and of one file in an archive, in bytes. */
export const CLAMD_LIMIT = 2 * 1024 * 1024

const settings = (folder: string, port: number): string => `
Foreground yes
DatabaseDirectory ${join(folder, 'signatures')}
TemporaryDirectory ${join(folder, 'work')}
LocalSocket ${join(folder, 'clamd.sock')}
TCPAddr 127.0.0.1
TCPSocket ${port}
StreamMaxLength ${CLAMD_LIMIT}
MaxFileSize ${CLAMD_LIMIT}
MaxScanSize ${8 * CLAMD_LIMIT}
AlertExceedsMax yes
`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What is not there yet, or no longer, in time. */
const STARTS_WITHIN_MS = 60_000

async function begin(program: string, folder: string, url: string): Promise<ChildProcess> {
  const child = spawn(program, ['--config-file', join(folder, 'clamd.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)))
  let over = false
  child.once('error', () => (over = true)).once('exit', () => (over = true))
  for (const end = Date.now() + STARTS_WITHIN_MS; ; await sleep(50)) {
    const answers = await clamd(clamdAddress(url)!)
      .ping()
      .then(() => true)
      .catch(() => false)
    if (answers) return child
    if (over || Date.now() > end) throw new Error(`clamd does not start: ${said.slice(-2_000)}`)
  }
}

/**
 * A clamd of this machine with settings, a folder and addresses of its own, and with these signatures alone (lines of an .ndb file): what it
 * knows does not come from the internet and is the same every day.
 */
export async function startClamd(program: string, signatures: readonly string[]): Promise<RunningClamd> {
  const folder = await mkdtemp(join(tmpdir(), 'officina-clamd-'))
  for (const name of ['signatures', 'work']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'signatures', 'local.ndb'), signatures.map((line) => `${line}\n`).join(''))
  const port = await freePort()
  await writeFile(join(folder, 'clamd.conf'), settings(folder, port))
  const tcp = `tcp://127.0.0.1:${port}`
  let child: ChildProcess | null = null
  const kill = async (): Promise<void> => {
    const running = child
    child = null
    if (running === null || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  const start = async (): Promise<void> => {
    await kill()
    // What a killed one leaves in its place would be in the way of the next.
    await rm(join(folder, 'clamd.sock'), { force: true })
    child = await begin(program, folder, tcp)
  }
  const remove = async (): Promise<void> => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  await start().catch(async (error: unknown) => {
    await remove()
    throw error
  })
  return { tcp, unix: `unix://${join(folder, 'clamd.sock')}`, kill, start, remove }
}
