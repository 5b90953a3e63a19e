/** InfluxDB 1.x as a distribution installs it (Debian: influxdb), in a folder of its own and on a free port. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground } from './ground.ts'
import { ended } from './processes.ts'
import {
  ask,
  costOf,
  drive,
  readCost,
  REQUESTS,
  rowsOf,
  TENANTS,
  USUAL,
  valueAt,
  YEAR,
  type IngestCost,
  type ReadCost,
} from './readings-shapes.ts'

type Influx = { home: string; port: number; child: ChildProcess }
export type Rival = { ingest: Record<string, IngestCost>; read: Record<string, ReadCost> }

const COMPACTED_WITHIN_MS = 60_000

/** Where `influxd` lies, or null. */
const installed = (): string | null =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, 'influxd'))
    .find((file) => existsSync(file)) ?? null

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Its defaults, but that it compacts as soon as nobody writes: by default what is cold lies in the log for ten minutes, in pieces for four hours. */
const configOf = (home: string, port: number, inside: number): string => `reporting-disabled = true
bind-address = "127.0.0.1:${inside}"
[meta]
dir = "${home}/meta"
[data]
dir = "${home}/data"
wal-dir = "${home}/wal"
query-log-enabled = false
cache-snapshot-write-cold-duration = "2s"
compact-full-write-cold-duration = "2s"
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
[monitor]
store-enabled = false
`

async function start(file: string, ground: Ground): Promise<Influx> {
  const home = join(ground.home, 'influx')
  await mkdir(home, { recursive: true })
  const port = await freePort()
  await writeFile(join(home, 'influx.conf'), configOf(home, port, await freePort()))
  const child = spawn(file, ['-config', join(home, 'influx.conf')], { stdio: 'ignore' })
  for (let tries = 0; tries < 300; tries += 1) {
    const made = await ask(port, 'POST', '/query?q=CREATE%20DATABASE%20bench', null).catch(() => null)
    if (made !== null) return { home, port, child }
    await sleep(100)
  }
  await ended(child, 'SIGKILL')
  throw new Error('influxd does not answer')
}

const write = ({ port }: Influx, body: string): Promise<Buffer> =>
  ask(port, 'POST', '/write?db=bench&precision=ms', null, body, 'text/plain')
/** Blocks that are taken: it makes files for its index far larger than what is in them. */
const bytesIn = (...folders: string[]): number => {
  const sizes = execFileSync('du', ['-s', '--block-size=1', ...folders]).toString()
  return [...sizes.matchAll(/^(\d+)/gm)].reduce((sum, [size]) => sum + Number(size), 0)
}

/** Waits until what lies on disk has not changed for five seconds. */
async function compacted({ home }: Influx): Promise<void> {
  let [before, since] = [0, Date.now()]
  for (const giveUp = Date.now() + COMPACTED_WITHIN_MS; Date.now() < giveUp; await sleep(500)) {
    const now = bytesIn(join(home, 'data'), join(home, 'wal'))
    if (now !== before) [before, since] = [now, Date.now()]
    else if (Date.now() - since > 5_000) return
  }
}

async function ingest(influx: Influx): Promise<Record<string, IngestCost>> {
  const tenants = Array.from({ length: TENANTS }, (_, t) => `t${t}`)
  const bodies = tenants.map((tenant) =>
    Array.from({ length: REQUESTS }, (_, turn) =>
      rowsOf(USUAL, turn)
        .map(({ s, at, value }) => `readings,tenant=${tenant},sensor=s${s} value=${value} ${at}`)
        .join('\n'),
    ),
  )
  const warm = Math.floor(REQUESTS / 4)
  const some = (from: number, to?: number) => bodies.map((all) => all.slice(from, to))
  const post = (_tenant: string, body: string) => write(influx, body)
  await drive(tenants, some(0, warm), post)
  const rows = TENANTS * (REQUESTS - warm) * USUAL.sensors * USUAL.each
  const pids = { server: influx.child.pid!, family: null }
  const taken = await costOf(rows, pids, () => drive(tenants, some(warm), post))
  const tidied = await costOf(rows, pids, () => compacted(influx))
  const server_us = taken.server_us + tidied.server_us
  const bytes = bytesIn(join(influx.home, 'data'), join(influx.home, 'wal')) / (bodies.flat().length * 1000)
  return {
    'InfluxDB, 20 × 50, line protocol': taken,
    'InfluxDB, and compacted': { ...taken, server_us, rows_per_cpu_s: 1_000_000 / server_us, bytes },
  }
}

async function reads(influx: Influx): Promise<Record<string, ReadCost>> {
  const { sensors, readings, start: from, stepMs } = YEAR
  for (let s = 0; s < sensors; s += 1) {
    for (let n = 0; n < readings; n += 5_000) {
      const lines = Array.from({ length: Math.min(5_000, readings - n) }, (_, i) => n + i)
      await write(
        influx,
        lines.map((at) => `year,sensor=y${s} value=${valueAt(s, at)} ${from + at * stepMs}`).join('\n'),
      )
    }
  }
  await compacted(influx)
  const pids = { server: influx.child.pid!, family: null }
  const cost = (what: string, rest: string) =>
    readCost(pids, (n) => {
      const query = `select ${what} from year where sensor = 'y${n % sensors}' and ${rest}`
      return ask(influx.port, 'GET', `/query?db=bench&epoch=ms&q=${encodeURIComponent(query)}`, null)
    })
  const figures = 'min(value), max(value), mean(value), count(value), last(value)'
  return {
    'InfluxDB: 1,000 raw readings': await cost('value', `time >= '2025-06-01T00:00:00Z' limit 1000`),
    'InfluxDB: a year by day': await cost(
      figures,
      `time >= '2025-01-01T00:00:00Z' and time < '2026-01-01T00:00:00Z' group by time(1d)`,
    ),
  }
}

/** The same readings to and from InfluxDB; null where it is not installed. */
export async function measureInflux(ground: Ground): Promise<Rival | null> {
  const file = installed()
  if (file === null) return null
  const influx = await start(file, ground)
  try {
    return { ingest: await ingest(influx), read: await reads(influx) }
  } finally {
    await ended(influx.child, 'SIGTERM')
  }
}
