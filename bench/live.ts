/**
 * From the commit of an event to its arrival at a WebSocket client. Three processes: one writes as a process of Officina
 * does (a Work each, with the sequencer that it wakes), one serves the clients, one is the clients.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openInstallation } from '#platform/database/installation.ts'
import type { Database, Scope } from '#platform/database/work.ts'
import { startSequencer } from '#platform/events/sequencer.ts'
import { openLog } from '#platform/telemetry/log.ts'
import { readConfig } from '../server/config.ts'
import { tellUpdated } from '../server/contexts/plants/events.ts'
import type { Ground } from './ground.ts'
import { cpuOf, cpuOfFamily, ended, settled, type Server } from './processes.ts'

/** Which event arrived, and when, in milliseconds of the machine's clock. */
export type Arrivals = [event: number, at: number][]
export type Asking = { ask: 'open'; port: number; tokens: string[] } | { ask: 'close' }
export type LiveLatency = {
  companies: number
  /** Asked for, and committed: a machine that is too slow writes fewer. */
  rate: number
  events_per_s: number
  lost: number
  p50_ms: number
  p99_ms: number
  max_ms: number
  cpu_us_per_event: { server: number; writer: number; postgres: number }
}

const SECONDS = 10
const WARM_SECONDS = 3
const TICK_MS = 5

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Writes events at a rate, each in a transaction of its own; answers when each commit was acknowledged. */
async function write(database: Database, scopes: Scope[], rate: number, seconds: number): Promise<number[]> {
  const committed: number[] = []
  const under = new Set<Promise<void>>()
  let begun = 0
  const one = async (n: number): Promise<void> => {
    const scope = scopes[n % scopes.length]!
    await database.write(scope, (work) => Promise.resolve(work.announce(tellUpdated(scope.tenantId, { [`${n}`]: 0 }))))
    committed[n] = now()
  }
  for (const start = now(); now() - start < seconds * 1000; await sleep(TICK_MS)) {
    const due = ((now() - start) / 1000) * rate
    // Twenty connections: what has to wait for one would only wait here.
    for (; begun < due && under.size < 40; begun += 1) {
      const writing = one(begun).finally(() => under.delete(writing))
      under.add(writing)
    }
  }
  await Promise.all(under)
  return committed
}

async function scopesOf({ admin, sessions }: Ground): Promise<Scope[]> {
  const { rows } = await admin.query<{ id: string; tenant_id: string; user_id: string }>(
    'select id, tenant_id, user_id from control.sessions where id = any ($1) order by array_position($1, id)',
    [sessions],
  )
  return rows.map(({ id, tenant_id, user_id }) => ({
    open: { kind: 'scope', principal: `s${id}`, permission: null, mode: 'write' },
    tenantId: tenant_id,
    actor: { kind: 'user', id: user_id, account_id: null, session_id: id },
    requestId: 'bench',
    ip: null,
  }))
}

/** Latency for `companies` companies with a client each, that share the rate. */
export async function measureLive(
  ground: Ground,
  server: Server,
  companies: number,
  rate: number,
): Promise<LiveLatency> {
  const config = readConfig({ DATABASE_URL: ground.adminUrl, OFFICINA_HOME: ground.home, LOG_LEVEL: 'warn' })
  const log = openLog(config)
  const installation = await openInstallation(config, log, { migrate: false })
  const sequencer = startSequencer(installation.custody, installation.database, log)
  const clients = fork(join(import.meta.dirname, 'live-clients.ts'), { serialization: 'advanced' })
  const ask = (asking: Asking): Promise<Arrivals> =>
    new Promise((resolve, reject) => {
      clients.once('message', (arrivals) => resolve(arrivals as Arrivals))
      clients.once('exit', () => reject(new Error('The clients ended')))
      clients.send(asking)
    })
  try {
    const scopes = (await scopesOf(ground)).slice(0, companies)
    await write(installation.database, scopes, rate, WARM_SECONDS)
    await settled(server)
    await ask({ ask: 'open', port: server.port, tokens: ground.clients.slice(0, companies).map(({ token }) => token) })
    const cpu = () => [cpuOf(server.pid), cpuOf(process.pid), cpuOfFamily(ground.postmaster)] as const
    const before = cpu()
    const committed = await write(installation.database, scopes, rate, SECONDS)
    await sleep(1_000)
    const spent = cpu().map((ms, at) => ((ms - before[at]!) * 1000) / committed.length)
    const arrivals = await ask({ ask: 'close' })
    const took = arrivals.map(([n, at]) => at - committed[n]!).toSorted((a, b) => a - b)
    const part = (share: number): number => took[Math.floor(share * (took.length - 1))] ?? Number.NaN
    return {
      ...{ companies, rate, events_per_s: committed.length / SECONDS, lost: committed.length - took.length },
      ...{ p50_ms: part(0.5), p99_ms: part(0.99), max_ms: part(1) },
      cpu_us_per_event: { server: spent[0]!, writer: spent[1]!, postgres: spent[2]! },
    }
  } finally {
    clients.removeAllListeners('exit')
    await ended(clients, 'SIGTERM')
    await sequencer.stop()
    await installation.close()
  }
}
