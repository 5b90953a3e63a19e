/**
 * `npm run bench [-- part …]`: parts are compare (or list, get, create), trips, alone, events, sign-in, jobs, live, anomalies, readings,
 * search, starts; all by default, and readings-designs where it is named.
 * BENCH_ROUNDS and BENCH_SECONDS shorten it, BENCH_REQUESTS the readings. The figures go to bench/results/latest.json.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { compare, comparisonTables, ratiosOf } from './compare.ts'
import { measureEvents, tellEvents } from './events.ts'
import { layGround, type Ground } from './ground.ts'
import { costsAlone } from './alone.ts'
import { measureJobs, type JobCost } from './jobs.ts'
import { measureLive, type LiveLatency } from './live.ts'
import { startLoad, startServer, type Load, type Operation } from './processes.ts'
import { measureDesigns, tellDesigns } from './readings-designs.ts'
import { measureReadings, tellReadings } from './readings.ts'
import { measureSearch, tellSearch } from './search.ts'
import { measureDetector, tellDetector } from './anomalies.ts'
import { countTrips } from './round-trips.ts'
import { measureSignIn, type Latency } from './sign-in.ts'
import { measureStarts } from './starts.ts'
import { spread, table } from './table.ts'

const asked = process.argv.slice(2)
const wants = (part: string): boolean => asked.length === 0 || asked.includes(part)
const operations = (['list', 'get', 'create'] as const).filter(
  (one): one is Operation => wants(one) || asked.includes('compare'),
)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const seconds = Number(process.env['BENCH_SECONDS'] ?? 4)
const results: Record<string, unknown> = {}
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** As in production, but for one thing: limits are counted and never reached. */
const OFFICINA = {
  OFFICINA_DEMO: 'off',
  PORT: '0',
  LOG_LEVEL: 'info',
  RATE_LIMIT_PER_MINUTE: '1000000000',
  RATE_LIMIT_PER_HOUR: '1000000000',
  RATE_LIMIT_READS_PER_MINUTE: '1000000000',
  RATE_LIMIT_SIGN_IN_PER_MINUTE: '1000000000',
}

const log = (ground: Ground, name: string): string => join(ground.home, `${name}.log`)
const officinaOn = (ground: Ground): Record<string, string> => ({
  ...OFFICINA,
  DATABASE_URL: ground.adminUrl,
  OFFICINA_HOME: ground.home,
})

async function compareServers(ground: Ground, load: Load): Promise<void> {
  const nodeOptions = (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((one) => one !== '')
  const main = 'server/main.ts'
  const officina = await startServer('officina', main, officinaOn(ground), log(ground, 'officina'), nodeOptions)
  const bare = { BENCH_DATABASE_URL: ground.bareUrl, BENCH_TENANTS: ground.tenantsFile }
  const ceiling = await startServer('ceiling', 'bench/ceiling.ts', bare, log(ground, 'ceiling'))
  const comparison = await compare(load, officina, ceiling, ground, { rounds, seconds, operations })
  await Promise.all([officina.stop(), ceiling.stop()])
  results['compare'] = comparison
  results['ratios'] = Object.fromEntries(
    Object.entries(comparison).map(([name, { officina: ours, ceiling: bareOnes }]) => [name, ratiosOf(ours, bareOnes)]),
  )
  say(`\n${comparisonTables(comparison)}`)
}

async function signInPart(ground: Ground): Promise<void> {
  const officina = await startServer('officina', 'server/main.ts', officinaOn(ground), log(ground, 'sign-in'))
  const { sign_ins_per_s, alone, meanwhile } = (results['sign_in'] = await measureSignIn(ground, officina))
  await officina.stop()
  const row = (name: string, { p50_ms, p99_ms, max_ms }: Latency): string[] => [
    'GET /health/live',
    name,
    ...[p50_ms, p99_ms, max_ms].map((ms) => ms.toFixed(1)),
  ]
  const while8 = `during ${sign_ins_per_s.toFixed(0)} sign-ins a second, 8 at a time`
  say(`\n${table(['request', 'when', 'p50 ms', 'p99 ms', 'max ms'], [row('alone', alone), row(while8, meanwhile)])}`)
}

async function onGround(ground: Ground): Promise<void> {
  const load = await startLoad(ground.clients)
  if (operations.length > 0) await compareServers(ground, load)
  if (wants('trips')) {
    const trips = (results['trips'] = await countTrips(load, ground, OFFICINA))
    say(`\nRound trips to PostgreSQL per request: ${named(trips, 2)}`)
  }
  if (wants('alone')) say(`\nAlone, CPU µs: ${named((results['alone'] = await costsAlone(ground)), 1)}`)
  await load.stop()
  if (wants('events')) {
    const costs = await measureEvents(ground)
    results['events'] = costs
    say(`\n${tellEvents(costs)}`)
  }
  if (wants('sign-in')) await signInPart(ground)
  if (wants('jobs')) await jobsPart(ground)
  if (wants('live')) await livePart(ground)
  if (wants('readings')) await readingsPart(ground)
  if (wants('search')) say(`\n${tellSearch((results['search'] = await measureSearch(ground, officinaOn(ground))))}`)
  // Asked for by name: it decided a design and measures nothing of the product.
  if (asked.includes('readings-designs')) {
    const designs = (results['readings_designs'] = await measureDesigns(ground))
    say(`\n${tellDesigns(designs)}`)
  }
}

async function readingsPart(ground: Ground): Promise<void> {
  const officina = await startServer('officina', 'server/main.ts', officinaOn(ground), log(ground, 'readings'))
  try {
    const costs = (results['readings'] = await measureReadings(ground, officina))
    say(`\n${tellReadings(costs)}`)
  } finally {
    await officina.stop()
  }
}

/** Companies with a client each, and events a second over all of them. */
const LIVE = [
  [1, 10],
  [1, 1_000],
  [20, 1_000],
] as const

async function livePart(ground: Ground): Promise<void> {
  const officina = await startServer('officina', 'server/main.ts', officinaOn(ground), log(ground, 'live'))
  const all: LiveLatency[] = []
  for (const [companies, rate] of LIVE) all.push(await measureLive(ground, officina, companies, rate))
  await officina.stop()
  results['live'] = all
  const rows = all.map(({ companies, rate, events_per_s, lost, p50_ms, p99_ms, max_ms, cpu_us_per_event: cpu }) => [
    ...[`${companies} × 1 client`, `${rate} events/s`, events_per_s.toFixed(0), String(lost)],
    ...[p50_ms, p99_ms, max_ms].map((ms) => ms.toFixed(1)),
    ...[cpu.server, cpu.writer, cpu.postgres].map((us) => us.toFixed(0)),
  ])
  const columns = ['server µs', 'writer µs', 'PostgreSQL µs']
  say(
    `\nCommit to WebSocket client:\n${table(['companies', 'asked', 'written/s', 'lost', 'p50 ms', 'p99 ms', 'max ms', ...columns], rows)}`,
  )
}

async function jobsPart(ground: Ground): Promise<void> {
  const { enqueue, run, idle } = (results['jobs'] = await measureJobs(ground))
  const row = (name: string, cost: JobCost): string[] => [
    ...['a job', name, cost.node_us.toFixed(0), cost.postgres_us.toFixed(0), cost.wal_bytes.toFixed(0)],
    ...[cost.rows_inserted, cost.rows_updated, cost.rows_deleted, cost.per_s].map((figure) => figure.toFixed(1)),
  ]
  const head = ['what', 'step', 'Node µs', 'PostgreSQL µs', 'WAL bytes', 'inserted', 'updated', 'deleted', 'a second']
  say(`\n${table(head, [row('enqueue, 50 a transaction', enqueue), row('admit, run, settle', run)])}`)
  say(`An idle worker, thousandths of a core: ${named(idle, 1)}`)
}

const named = (figures: Record<string, number>, digits: number): string =>
  Object.entries(figures)
    .map(([name, figure]) => `${name} ${figure.toFixed(digits)}`)
    .join(', ')

const [cpu] = cpus()
const machine = {
  cpu: cpu?.model ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
  load_before: loadavg()[0],
}
say(
  `${machine.cores} × ${machine.cpu}, ${machine.memory_gib} GiB, Node.js ${machine.node}, load ${machine.load_before?.toFixed(1)}; ${rounds} rounds × ${seconds} s`,
)
if (
  operations.length > 0 ||
  ['trips', 'alone', 'events', 'sign-in', 'jobs', 'live', 'readings', 'search', 'readings-designs'].some(wants)
) {
  const ground = await layGround()
  try {
    await onGround(ground)
  } finally {
    await ground.close()
  }
}
if (wants('anomalies')) say(`\n${tellDetector((results['anomalies'] = measureDetector()))}`)
if (wants('starts')) {
  const { cold_s, warm_s } = (results['starts'] = await measureStarts())
  say(`\nnpm start to ready, s: cold ${spread(cold_s, 1)}, warm ${spread(warm_s, 1)}`)
}
const folder = join(import.meta.dirname, 'results')
await mkdir(folder, { recursive: true })
const file = { at: new Date().toISOString(), machine, rounds, seconds, ...results }
await writeFile(join(folder, 'latest.json'), `${JSON.stringify(file, null, 2)}\n`)
