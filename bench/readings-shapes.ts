/** What the benches of readings share: the readings themselves, who sends them and what that costs. */
import { Agent, request as send } from 'node:http'
import type { Ground } from './ground.ts'
import { cpuOf, cpuOfFamily } from './processes.ts'

export const TENANTS = 8
/** Of each tenant; the first quarter warms up. */
export const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 150)
export const START = Date.UTC(2026, 0, 1)
/** A year of quarter-hours of a few sensors: what reads are asked of. */
export const YEAR = { sensors: 4, readings: 35_040, start: Date.UTC(2025, 0, 1), stepMs: 900_000 }
/** How often a read is asked; half as often before that, to warm up. */
const READS = Math.max(20, Math.ceil((REQUESTS * 4) / 3))

/** CPU per reading of whoever takes it in and of the database beneath; null where it was not measured. */
export type IngestCost = {
  rows_per_cpu_s: number
  server_us: number
  database_us: number
  rows_per_s: number
  bytes: number | null
}
/** CPU and time per answer. */
export type ReadCost = { server_ms: number; database_ms: number; ms: number }
/** Whose CPU it is: null for the server is this process, null for the family is nobody. */
export type Pids = { server: number | null; family: number | null }
/** Rows of one request; the n-th request to the same sensors follows the one before in time. */
export type Shape = { sensors: number; each: number; stepMs: number }
export const USUAL: Shape = { sensors: 20, each: 50, stepMs: 1000 }

const agent = new Agent({ keepAlive: true, maxSockets: TENANTS })

/** One request; any other answer than 2xx throws. */
export function ask(
  port: number,
  method: string,
  path: string,
  token: string | null,
  body?: string,
  type = 'application/json',
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    }
    const request = send({ port, host: '127.0.0.1', method, path, agent, headers }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => {
        const whole = Buffer.concat(pieces)
        if (answer.statusCode! < 300) resolve(whole)
        else reject(new Error(`${answer.statusCode}: ${whole.toString().slice(0, 300)}`))
      })
      answer.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** A slow wave with noise, one decimal, as a sensor of temperature or power sends it. */
export const valueAt = (seed: number, n: number): number =>
  Math.round((50 + seed + 20 * Math.sin(n / 600) + Math.random()) * 10) / 10

/** The rows of one request: places of sensor and time, and the value. */
export function rowsOf({ sensors, each, stepMs }: Shape, turn: number): { s: number; at: number; value: number }[] {
  return Array.from({ length: sensors * each }, (_, i) => {
    const s = Math.floor(i / each)
    const n = turn * each + (i % each)
    return { s, at: START + n * stepMs, value: valueAt(s, n) }
  })
}

/** All requests of each caller, each after the one before it, all callers at once. */
export async function drive<Aim>(
  aims: readonly Aim[],
  bodies: readonly string[][],
  post: (aim: Aim, body: string) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    aims.map(async (aim, i) => {
      for (const body of bodies[i]!) await post(aim, body)
    }),
  )
}

function cpu({ server, family }: Pids): [server: number, database: number] {
  const { user, system } = process.cpuUsage()
  return [server === null ? (user + system) / 1000 : cpuOf(server), family === null ? 0 : cpuOfFamily(family)]
}

export async function costOf(rows: number, pids: Pids, run: () => Promise<unknown>): Promise<IngestCost> {
  const [server0, database0] = cpu(pids)
  const started = performance.now()
  await run()
  const took = (performance.now() - started) / 1000
  const [server1, database1] = cpu(pids)
  const [server, database] = [server1 - server0, database1 - database0]
  return {
    rows_per_cpu_s: (rows * 1000) / (server + database),
    server_us: (server * 1000) / rows,
    database_us: (database * 1000) / rows,
    rows_per_s: rows / took,
    bytes: null,
  }
}

/** `read` is asked with 0, 1, 2 …, one after the other. */
export async function readCost(pids: Pids, read: (n: number) => Promise<unknown>): Promise<ReadCost> {
  for (let n = 0; n < READS / 2; n += 1) await read(n)
  const [server0, database0] = cpu(pids)
  const started = performance.now()
  for (let n = 0; n < READS; n += 1) await read(n)
  const ms = (performance.now() - started) / READS
  const [server1, database1] = cpu(pids)
  return { server_ms: (server1 - server0) / READS, database_ms: (database1 - database0) / READS, ms }
}

/** Bytes on disk of tables with their indexes. */
export async function sizeOf({ admin }: Ground, tables: readonly string[]): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    'select sum(pg_total_relation_size(t::regclass)) as bytes from unnest($1::text[]) t',
    [tables],
  )
  return Number(rows[0]!.bytes)
}
