import { makeApp, type App } from './app.ts'
import type { Config } from './config.ts'
import { seedDemonstration } from './demonstration/seed.ts'
import { playDemonstration } from './demonstration/play.ts'
import { signIns } from './demonstration/sign-ins.ts'
import { openInstallation } from './platform/database/installation.ts'
import { startWorker } from './platform/jobs/worker.ts'
import { openLog } from './platform/telemetry/log.ts'

/** How long a request that is under way may take to end before the process ends without it. */
const DRAIN_MS = 15_000
/** The same for a job; what is not done by then is given back and begun anew. */
const JOBS_DRAIN_MS = 10_000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

// Nothing is acknowledged before it listens, so there is nothing to wait for; an unfinished migration rolls back.
const leave = (): void => process.exit(0)

/** The process: database, application, listening, signals. Resolves once it listens. */
export async function serve(config: Config): Promise<void> {
  const log = openLog(config)
  let onSignal = leave
  // The listener itself stays: a signal that comes in the turn of the loop that exchanges it would be lost. And a second
  // one changes nothing: Ctrl-C reaches us from the terminal and, once more, from npm.
  for (const signal of SIGNALS) process.on(signal, () => onSignal())
  const installation = await openInstallation(config, log, { migrate: true })
  const app = await makeApp(config, installation, log).catch(async (error: unknown) => {
    await installation.close()
    throw error
  })
  const { address, greeting, password } = await open(app, config).catch(async (error: unknown) => {
    await app.close()
    await installation.close()
    throw error
  })
  const worker =
    config.OFFICINA_WORKER === 'on'
      ? await startWorker({ ...installation, log }, { ...app, slots: config.WORKER_SLOTS })
      : null
  const brokers = worker ? app.startBrokers() : null

  const play = password === null ? null : playDemonstration(address, password, log)

  let stopping: Promise<void> | undefined
  const stop = (code: number): Promise<void> =>
    (stopping ??= (async () => {
      app.drain()
      setTimeout(() => process.exit(code || 1), DRAIN_MS).unref()
      // A client that keeps its connection after the last answer would hold the end until the time limit.
      setInterval(() => app.http.server.closeIdleConnections(), 100).unref()
      await Promise.all([app.close(), worker?.stop(JOBS_DRAIN_MS), brokers?.stop(), play?.stop()])
      await installation.close()
      process.exit(code)
    })())
  onSignal = () => void stop(0)
  void installation.embedded?.exited.then(() => {
    log.fatal('the embedded PostgreSQL ended by itself; start again, nothing that was acknowledged is lost')
    return stop(1)
  })
  process.stdout.write(`Officina is ready at ${config.PUBLIC_URL ?? address}${greeting}\n`)
}

/** `password`: of the people of the demonstration, where they are there and have it still. */
type Opened = { address: string; greeting: string; password: string | null }

/** Production never has the demonstration: its configuration says off whatever was set. */
async function open({ http, deps }: App, config: Config): Promise<Opened> {
  const { OFFICINA_DEMO: demo, OFFICINA_DEMO_PASSWORD: password, HOST: host, PORT: port } = config
  const seeded = demo === 'on' ? await seedDemonstration(deps, password) : null
  const address = await http.listen({ host, port })
  return {
    address,
    greeting: seeded ? ` — ${signIns(password, seeded)}` : '',
    password: seeded?.passwordHolds ? password : null,
  }
}
