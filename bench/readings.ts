/**
 * Readings in and out: Officina over HTTP with scores, policies and durable commits, beside bare COPY of the same rows, a row per
 * reading over plain `pg`, and InfluxDB where `influxd` is installed. All in one run; CPU of server and database together.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground } from './ground.ts'
import { measureInflux } from './influx.ts'
import type { Server } from './processes.ts'
import { measureRows } from './readings-rows.ts'
import {
  ask,
  costOf,
  drive,
  readCost,
  REQUESTS,
  rowsOf,
  sizeOf,
  START,
  TENANTS,
  USUAL,
  valueAt,
  YEAR,
  type IngestCost,
  type ReadCost,
  type Shape,
} from './readings-shapes.ts'
import { table } from './table.ts'

export type ReadingCosts = {
  ingest: Record<string, IngestCost>
  read: Record<string, ReadCost>
  influx: 'measured' | 'not installed'
}
type Aim = { token: string; sensors: string[] }
/** How rows of one request become its body. */
type Format = { type: string; query: string; write: (rows: ReturnType<typeof rowsOf>, aim: Aim) => string }

const BULK = '/api/v1/plant-ops/sensors/readings/bulk'
const TABLES = ['shared.reading_blocks', 'shared.sensor_states']
const MERGED_WITHIN_MS = 120_000

const sourceOf = (s: number): string => `bench,sensor=s${s}`
const FORMATS = {
  JSON: {
    ...{ type: 'application/json', query: '' },
    write: (rows, { sensors }) =>
      JSON.stringify({
        readings: rows.map(({ s, at, value }) => ({ sensor_id: sensors[s], ts: new Date(at).toISOString(), value })),
      }),
  },
  NDJSON: {
    ...{ type: 'application/x-ndjson', query: '' },
    write: (rows, { sensors }) =>
      rows
        .map(({ s, at, value }) => JSON.stringify({ sensor_id: sensors[s], ts: new Date(at).toISOString(), value }))
        .join('\n'),
  },
  CSV: {
    ...{ type: 'text/csv', query: '' },
    write: (rows, { sensors }) =>
      `sensor_id,ts,value\n${rows.map(({ s, at, value }) => `${sensors[s]},${new Date(at).toISOString()},${value}`).join('\n')}`,
  },
  'line protocol': {
    ...{ type: 'text/plain', query: '?precision=ms' },
    write: (rows) => rows.map(({ s, at, value }) => `${sourceOf(s)} value=${value} ${at}`).join('\n'),
  },
} as const satisfies Record<string, Format>

/** New sensors in a plant of each tenant, with the keys of line protocol; those of the run before lose theirs. */
async function makeSensors({ admin, clients }: Ground, each: number): Promise<Aim[]> {
  const aims: Aim[] = []
  await admin.query('update shared.sensors set source = null where source is not null')
  for (const { token, plants } of clients.slice(0, TENANTS)) {
    const { rows } = await admin.query<{ id: string; source: string }>(
      `with made as (
         insert into shared.sensors (tenant_id, id, plant_id, name, unit, min, max, source)
         select p.tenant_id, gen_random_uuid(), p.id, 'Bench ' || n, 'Cel', -50, 500, 'bench,sensor=s' || n || ' value'
           from shared.plants p, generate_series(0, $2::int - 1) n
          where p.id = $1 returning tenant_id, id, plant_id, source),
       states as (insert into shared.sensor_states (tenant_id, sensor_id, plant_id) select tenant_id, id, plant_id from made)
       select id, source from made`,
      [plants[0], each],
    )
    const bySource = new Map(rows.map(({ id, source }) => [source, id]))
    aims.push({ token, sensors: rows.map((_row, s) => bySource.get(`${sourceOf(s)} value`)!) })
  }
  return aims
}

async function ingest(
  ground: Ground,
  server: Server,
  shape: Shape,
  requests: number,
  format: Format,
): Promise<IngestCost> {
  const aims = await makeSensors(ground, shape.sensors)
  const bodies = aims.map((aim) =>
    Array.from({ length: requests }, (_, turn) => format.write(rowsOf(shape, turn), aim)),
  )
  const post = ({ token }: Aim, body: string) =>
    ask(server.port, 'POST', `${BULK}${format.query}`, token, body, format.type)
  const warm = Math.floor(requests / 4)
  const some = (from: number, to?: number) => bodies.map((all) => all.slice(from, to))
  await drive(aims, some(0, warm), post)
  const before = await sizeOf(ground, TABLES)
  const rows = aims.length * (requests - warm) * shape.each * shape.sensors
  const pids = { server: server.pid, family: ground.postmaster }
  const cost = await costOf(rows, pids, () => drive(aims, some(warm), post))
  const counted = await ground.admin.query<{ n: string }>(
    'select count(*) as n from shared.sensor_states where sensor_id = any ($2) and last_ms = $1',
    [START + (requests * shape.each - 1) * shape.stepMs, aims.flatMap(({ sensors }) => sensors)],
  )
  if (Number(counted.rows[0]!.n) < aims.length * shape.sensors) throw new Error('Not every sensor has its last reading')
  return { ...cost, bytes: ((await sizeOf(ground, TABLES)) - before) / rows }
}

const UNMERGED = `
  select (select count(*) from control.jobs where kind = 'readings.merge' and finished_at is null)
       + (select count(*) from control.schedules where name = 'readings.merge' and look_at <= now()) as waiting`

/** What merging blocks costs more, and what lies on disk after it: blocks, states and indexes, by all readings there are. */
async function merge({ admin, postmaster, ...ground }: Ground, server: Server): Promise<IngestCost | null> {
  await admin.query(
    `update control.schedules set last_due = now() - interval '16 minutes', look_at = now() where name = 'readings.merge'`,
  )
  const { rows } = await admin.query<{ n: string }>('select sum(readings) as n from shared.reading_blocks')
  const count = Number(rows[0]!.n)
  // A run too short to seal one.
  if (count === 0) return null
  const cost = await costOf(count, { server: server.pid, family: postmaster }, async () => {
    for (const giveUp = Date.now() + MERGED_WITHIN_MS; Date.now() < giveUp; await sleep(200)) {
      const left = await admin.query<{ waiting: string }>(UNMERGED)
      if (Number(left.rows[0]!.waiting) === 0) return
    }
    throw new Error('Blocks are not merged yet')
  })
  // What the small blocks leave is room for the next ones; the bench has no next ones.
  await admin.query('vacuum full shared.reading_blocks')
  return { ...cost, bytes: (await sizeOf({ admin, postmaster, ...ground }, TABLES)) / count }
}

async function reads(ground: Ground, server: Server): Promise<Record<string, ReadCost>> {
  const [aim] = await makeSensors(ground, YEAR.sensors)
  const { token, sensors } = aim!
  const each = 1_460
  for (let turn = 0; turn * each < YEAR.readings; turn += 1) {
    const readings = sensors.flatMap((sensor_id, s) =>
      Array.from({ length: each }, (_n, i) => {
        const n = turn * each + i
        return { sensor_id, ts: new Date(YEAR.start + n * YEAR.stepMs).toISOString(), value: valueAt(s, n) }
      }),
    )
    await ask(server.port, 'POST', BULK, token, JSON.stringify({ readings }))
  }
  const of = (query: string) => sensors.map((id) => `/plant-ops/sensors/${id}/readings?${query}`)
  const all: Record<string, readonly string[]> = {
    '1,000 raw readings': of('from=2025-06-01T00:00:00Z&limit=1000'),
    'a year by day': of('bucket=1d'),
    'a year by month': of('bucket=1mo'),
    'a year for a plot of 800 points': of('points=800'),
    'newest of 20 sensors': ['/plant-ops/sensors/readings/latest?limit=20'],
  }
  const pids = { server: server.pid, family: ground.postmaster }
  const costs: Record<string, ReadCost> = {}
  for (const [name, paths] of Object.entries(all)) {
    costs[`officina: ${name}`] = await readCost(pids, (n) =>
      ask(server.port, 'GET', `/api/v1${paths[n % paths.length]}`, token),
    )
  }
  return costs
}

export async function measureReadings(ground: Ground, server: Server): Promise<ReadingCosts> {
  const officina = (shape: Shape, requests: number, format: keyof typeof FORMATS = 'JSON') =>
    ingest(ground, server, shape, requests, FORMATS[format])
  const costs: ReadingCosts['ingest'] = {}
  // The compiler has seen the code before anything is counted.
  await officina(USUAL, Math.ceil(REQUESTS / 2))
  costs['officina, 20 sensors × 50, JSON'] = await officina(USUAL, REQUESTS)
  const rows = await measureRows(ground)
  Object.assign(costs, rows.ingest)
  const influx = await measureInflux(ground)
  Object.assign(costs, influx?.ingest)
  for (const format of ['NDJSON', 'CSV', 'line protocol'] as const)
    costs[`officina, 20 sensors × 50, ${format}`] = await officina(USUAL, REQUESTS, format)
  costs['officina, 20 sensors × 50, JSON again'] = await officina(USUAL, REQUESTS)
  const merging = await merge(ground, server)
  if (merging !== null) costs['officina, merging its blocks'] = merging
  const few = { each: 1, stepMs: 60_000 }
  costs['officina, 1,000 sensors × 1, JSON'] = await officina({ ...few, sensors: 1000 }, Math.ceil(REQUESTS / 7))
  costs['officina, 1 sensor × 1, JSON'] = await officina({ ...few, sensors: 1 }, REQUESTS * 3)
  const read = { ...(await reads(ground, server)), ...rows.read, ...influx?.read }
  return { ingest: costs, read, influx: influx === null ? 'not installed' : 'measured' }
}

export function tellReadings({ ingest: costs, read, influx }: ReadingCosts): string {
  const rows = Object.entries(costs).map(([name, cost]) => [
    ...['readings in', name, cost.rows_per_cpu_s.toFixed(0)],
    ...[cost.server_us, cost.database_us].map((us) => us.toFixed(2)),
    ...[cost.rows_per_s.toFixed(0), cost.bytes?.toFixed(1) ?? ''],
  ])
  const out = Object.entries(read).map(([name, { server_ms, database_ms, ms }]) => [
    ...['readings out', name, ...[server_ms, database_ms, server_ms + database_ms, ms].map((one) => one.toFixed(2))],
  ])
  const head = ['what', 'how', 'readings/CPU-s', 'server µs', 'database µs', 'readings/s', 'bytes']
  const missing =
    influx === 'measured' ? '' : '\n\nInfluxDB is not installed (Debian: apt-get install influxdb), and was left out.'
  return `${table(head, rows)}\n\n${table(['what', 'how', 'server CPU ms', 'database CPU ms', 'both', 'ms'], out)}${missing}`
}
