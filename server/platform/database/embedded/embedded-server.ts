import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, prepareCluster } from './cluster.ts'
import { type HomeLock, lockHome } from './home-lock.ts'
import { type Log, tail } from './log-file.ts'
import { becomesReady, type Connection } from './readiness.ts'
import { announceServer, withdrawServer } from './running-server.ts'
import { type Exit, type ServerProcess, spawnServer } from './server-process.ts'

export type { Exit } from './server-process.ts'
export type { Log } from './log-file.ts'
export { HomeInUse, type HomeLock } from './home-lock.ts'
export { announcedServer } from './running-server.ts'

export type EmbeddedServer = Connection & {
  /** Shuts the server down in order and frees the home. */
  stop: () => Promise<void>
  /** Resolves only if the server ends by itself; the home is free again then, and it can be started once more. */
  exited: Promise<Exit>
}

export type EmbeddedServerOptions = {
  home: string
  log: Log
  port?: number
  /** When the caller holds the home already; then freeing it is the caller's too. */
  lock?: HomeLock
}

const readyWithin = 60_000
const backendsLeaveWithin = 20_000

/** Starts the PostgreSQL of this installation on the data in `home`, which is made if it is not there. */
export async function startEmbeddedServer({ home, log, port, lock }: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const held = lock ?? lockHome(home)
  const free = () => {
    withdrawServer(held.home)
    if (!lock) held.release()
  }
  try {
    withdrawServer(held.home)
    const startedAt = performance.now()
    const cluster = await prepareCluster(held.home, log)
    const { connection, server } = await start(cluster, port)
    const milliseconds = Math.round(performance.now() - startedAt)
    announceServer(held.home, connection)
    log.info({ port: connection.port, milliseconds }, 'embedded PostgreSQL is ready')
    return { ...connection, ...ending(server, log, free) }
  } catch (error) {
    free()
    throw error
  }
}

type Started = { connection: Connection; server: ServerProcess }

async function start(cluster: Cluster, wanted: number | undefined): Promise<Started> {
  const { password, logFile } = cluster
  const giveUp = Date.now() + backendsLeaveWithin
  for (let collisions = 0; ;) {
    const port = wanted ?? (await freePort())
    const connection = { host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' }
    const clusterName = `officina-${randomBytes(6).toString('hex')}`
    const server = spawnServer(cluster, port, clusterName)
    const end = await readyOrEnded(server, connection, clusterName)
    if (end === 'ready') return { connection, server }
    const said = tail(logFile, server.logStart)
    const portTaken = said.includes('could not create any TCP/IP sockets')
    const backendsRemain = said.includes('shared memory block') && said.includes('still in use')
    if (backendsRemain && Date.now() < giveUp) await sleep(250)
    else if (!portTaken || wanted !== undefined || ++collisions === 5)
      throw new Error(`The embedded PostgreSQL did not start (${end}). The end of ${logFile}:\n${said}`)
  }
}

async function readyOrEnded(server: ServerProcess, to: Connection, clusterName: string): Promise<string> {
  const hopeless = new AbortController()
  const gone = server.exit.then(
    ({ code, signal }) => `it ended with ${signal ?? `code ${code}`}`,
    (error: Error) => error.message,
  )
  void gone.then(() => hopeless.abort())
  const timer = setTimeout(() => hopeless.abort(), readyWithin)
  const asking = becomesReady(to, clusterName, hopeless.signal)
  // Not only the asking: a stranger on our port may take a connection and say nothing.
  const ready = await Promise.race([asking, gone.then(() => false)])
  clearTimeout(timer)
  if (ready) return 'ready'
  server.kill('SIGQUIT')
  return Promise.race([gone, sleep(5000, `no answer within ${readyWithin / 1000} s`, { ref: false })])
}

function ending(server: ServerProcess, log: Log, free: () => void): Pick<EmbeddedServer, 'stop' | 'exited'> {
  let stopping: Promise<void> | undefined
  const { promise: exited, resolve } = Promise.withResolvers<Exit>()
  const onEnd = async () => {
    const exit = await server.exit
    free()
    if (stopping) return
    log.warn(exit, 'embedded PostgreSQL ended by itself')
    resolve(exit)
  }
  void onEnd()
  return { exited, stop: () => (stopping ??= shutDown(server)) }
}

/** «Fast»: open transactions are rolled back. Then «immediate», which recovery at the next start makes good. */
async function shutDown(server: ServerProcess): Promise<void> {
  const ended = server.exit.then(() => true)
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    server.kill(signal)
    if (await Promise.race([ended, sleep(10_000, false, { ref: false })])) return
  }
  throw new Error('The embedded PostgreSQL does not end, not even when killed')
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer().once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    server.close(() => resolve(port))
  })
  return promise
}
