import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

export type PgBouncer = { address: string; stop: () => Promise<void> }

/** Where the program is; null where it is not installed. Debian keeps it in /usr/sbin, which is not on everyone's path. */
export function findPgBouncer(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((file) => existsSync(file)) ?? null
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** Log-ins are made while it runs, so it asks the server for their secrets, as an installation's own would. */
const settings = (server: URL, port: number, folder: string): string => `
[databases]
* = host=${server.hostname} port=${server.port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
logfile = ${join(folder, 'log')}
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
auth_user = ${decodeURIComponent(server.username)}
auth_query = select usename, passwd from pg_shadow where usename = $1
pool_mode = transaction
max_client_conn = 500
default_pool_size = 8
server_idle_timeout = 5
`

/** A PgBouncer in transaction mode in front of `adminUrl`, on a port of its own, until stopped. */
export async function startPgBouncer(program: string, adminUrl: string): Promise<PgBouncer> {
  const server = new URL(adminUrl)
  const folder = await mkdtemp(join(tmpdir(), 'officina-pgbouncer-'))
  const port = await freePort()
  const files = [join(folder, 'ini'), join(folder, 'users')] as const
  await writeFile(files[0], settings(server, port, folder), { mode: 0o600 })
  await writeFile(
    files[1],
    `${quoted(decodeURIComponent(server.username))} ${quoted(decodeURIComponent(server.password))}\n`,
    { mode: 0o600 },
  )
  // It refuses to run as root; 65534 is «nobody» on every Linux.
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null
  if (account) for (const path of [folder, ...files]) await chown(path, account.uid, account.gid)
  await chmod(folder, 0o700)
  const child = spawn(program, [files[0]], { ...account, cwd: '/', stdio: 'ignore' })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL') // SIGINT would wait for clients
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const failure = await Promise.race([ended, answers(port)])
  if (failure === null) return { address: `127.0.0.1:${port}`, stop }
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
  await stop()
  throw new Error(`PgBouncer did not start: ${failure}\n${log}`)
}

async function answers(port: number): Promise<string | null> {
  for (let tries = 0; tries < 100; tries++, await sleep(50)) {
    const ok = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(socket.end() !== undefined))
      socket.once('error', () => resolve(false))
    })
    if (ok) return null
  }
  return 'no answer within 5 s'
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
