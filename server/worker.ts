import { setTimeout as sleep } from 'node:timers/promises'
import { makeApp } from './app.ts'
import type { Config } from './config.ts'
import { EXIT } from './exit-code.ts'
import { databaseRefusals } from './platform/database/database-refusals.ts'
import { announcedServer } from './platform/database/embedded/embedded-server.ts'
import { openInstallation } from './platform/database/installation.ts'
import type { Job } from './platform/jobs/job-kind.ts'
import { startWorker } from './platform/jobs/worker.ts'
import { openLog } from './platform/telemetry/log.ts'

/** How long a job that is under way may take to end before it is given back and begun anew by another worker. */
const DRAIN_MS = 25_000
/** Beyond it the process ends, whatever hangs. */
const LONGEST_END_MS = 30_000
/** How long a worker that was started together with the server waits for it. */
const SERVER_WITHIN_MS = 30_000

/** Before it works there is nothing to wait for. */
const endAtOnce = (): void => process.exit(0)

/**
 * The server without HTTP: it does jobs, and those of `more` kinds. Any number of them beside each other. Resolves once it
 * works.
 */
export async function work(config: Config, more: readonly Job[] = []): Promise<void> {
  const log = openLog(config)
  let onSignal = endAtOnce
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal())
  const joined = config.DATABASE_URL === undefined ? await embeddedServer(config) : null
  const at = joined ? { ...config, DATABASE_URL: joined } : config
  const installation = await openInstallation(at, log, { migrate: true })
  const app = await makeApp(config, installation, log).catch(async (error: unknown) => {
    await installation.close()
    throw error
  })
  const jobs = [...app.jobs, ...more]
  const worker = await startWorker({ ...installation, log }, { ...app, jobs, slots: config.WORKER_SLOTS })
  const brokers = app.startBrokers()
  let stopping: Promise<void> | undefined
  const stop = (code: number): Promise<void> =>
    (stopping ??= (async () => {
      setTimeout(() => process.exit(code || 1), LONGEST_END_MS).unref()
      await Promise.all([worker.stop(DRAIN_MS), brokers.stop()])
      await app.close()
      await installation.close()
      process.exit(code)
    })())
  onSignal = () => void stop(0)
  if (joined) void endsWithServer(config, joined, stop)
  process.stdout.write(`Officina works: ${jobs.length} kinds of jobs, ${config.WORKER_SLOTS} at once\n`)
}

const address = (home: string): string | null => {
  const server = announcedServer(home)
  if (server === null) return null
  const { host, port, user, password, database } = server
  return `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}

/** Only the server starts an embedded PostgreSQL: a worker that did would hold the home when the server comes back. */
async function embeddedServer({ home }: Config): Promise<string> {
  for (const giveUp = Date.now() + SERVER_WITHIN_MS; Date.now() < giveUp; await sleep(200)) {
    const found = address(home)
    if (found !== null) return found
  }
  const cause = new Error(`no server runs on ${home}: start officina serve, or set DATABASE_URL`)
  throw databaseRefusals.refuse('database.unavailable', { cause })
}

/** It comes back at another address: then this process is to be started again as well. */
async function endsWithServer({ home }: Config, joined: string, stop: (code: number) => Promise<void>): Promise<void> {
  while (address(home) === joined) await sleep(1_000)
  await stop(EXIT.unavailable)
}
