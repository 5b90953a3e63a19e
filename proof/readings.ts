import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { callerOf, signIn, type Call } from './api.ts'
import { type Child, startChild } from './children.ts'
import { ask, openPostgres, type Postgres } from './postgres.ts'
import { median, none, proof, type Finding, type Say } from './proof.ts'
import { countBack } from './readings-count.ts'
import { type Book, type Company, startLoad } from './readings-load.ts'

type Options = Readonly<Record<string, string>>
type Server = {
  readonly url: string
  /** Resolves when it is gone; it is started again at once, as whatever runs a service does. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}
type Ground = { postgres: Postgres; servers: Server[]; companies: Company[] }

/** A service that is not back after so long stays away. */
const BACK_WITHIN_MS = 90_000
/**
 * Forty-five of each way in: some 6,500 readings, which a single sensor has in a dozen blocks. From eight on they are merged, and of half as
 * many requests six have been seen.
 */
const LEAST_REQUESTS = 315
/** What comes in is sealed far below it, and late ones at most double that: a larger block was merged. */
const SEALED_BELOW = 1_000
const MERGED_WITHIN_MS = 120_000
const PASSWORD = 'Prova-di-tenuta-2026'

/** A server that keeps its address, however often it is killed. */
async function startServer(environment: Record<string, string>): Promise<Server> {
  let [url, stopping] = ['', false]
  let running: Child
  const hear = (line: string): void => void (url ||= /ready at (\S+)/.exec(line)?.[1] ?? '')
  const start = (): void => {
    const settings = { ...environment, PORT: url === '' ? '0' : new URL(url).port }
    running = startChild('server.ts', settings, hear, () => stopping || url === '' || start())
  }
  start()
  await running!.ready
  // What it says may come a moment after the word that it is ready.
  while (url === '') await sleep(10)
  return {
    url,
    kill: () => running.kill(),
    stop: async () => {
      stopping = true
      await running.ready.catch(() => undefined)
      await running.stop()
    },
  }
}

async function must<Body>(call: Call, method: string, path: string, body: object): Promise<Body> {
  const answer = await call<Body>(method, `/api/v1${path}`, body)
  if (answer === null || answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
  return answer.body
}

/** A company of its own, with a plant, sensors and the API key of its agents. */
async function makeCompany(url: string, n: number, sensors: number): Promise<Omit<Company, 'schema'>> {
  const email = `agent-${n}@proof.example`
  const person = { email, password: PASSWORD, name: 'Prova', surname: 'Tenuta', tenant_name: `Proof ${n}` }
  const { tenant_id } = await must<{ tenant_id: string }>(callerOf(url, ''), 'POST', '/auth/register', person)
  const call = callerOf(url, await signIn(url, email, PASSWORD))
  const plant = await must<{ id: string }>(call, 'POST', '/plants', {
    ...{ name: 'Proof', code: 'P', type: 'Wind', status: 'In Operation', power_kw: 1000 },
  })
  const made: Company['sensors'][number][] = []
  for (let s = 0; s < sensors; s += 1) {
    const source = `proof,sensor=${s} value`
    const wanted = { plant_id: plant.id, name: `Proof ${s}`, unit: '', source }
    made.push({ id: (await must<{ id: string }>(call, 'POST', '/plant-ops/sensors', wanted)).id, source })
  }
  const permissions = ['readings.write', 'readings.read']
  const { key } = await must<{ key: string }>(call, 'POST', '/api-keys', { name: 'Agents', permissions })
  return { id: tenant_id, key, sensors: made }
}

/** Companies of both kinds of isolation, each made by a server that makes this kind; then all servers on the same database. */
async function layGround(
  home: string,
  postgres: Postgres,
  running: Server[],
  { companies, sensors, servers }: Options,
): Promise<Ground> {
  const shared = { DATABASE_URL: postgres.url, OFFICINA_HOME: home, OFFICINA_DEMO: 'off', RATE_LIMIT: 'off' }
  const made: Omit<Company, 'schema'>[] = []
  const start = async (isolation: string): Promise<Server> => {
    const server = await startServer({ ...shared, TENANT_ISOLATION_MODE: isolation, LOG_LEVEL: 'fatal' })
    running.push(server)
    return server
  }
  for (const [kind, isolation] of ['shared', 'schema'].entries()) {
    const count = Math.ceil((Number(companies) - kind) / 2)
    if (count === 0) continue
    const { url } = await start(isolation)
    for (let n = 0; n < count; n += 1) made.push(await makeCompany(url, 2 * n + kind, Number(sensors)))
  }
  while (running.length < Number(servers)) await start('shared')
  const places = await ask<{ id: string; schema_name: string }>(
    postgres.url,
    'select id, schema_name from control.tenants',
  )
  const schemaOf = new Map(places.map(({ id, schema_name }) => [id, schema_name]))
  return {
    ...{ postgres, servers: running },
    companies: made.map((company) => ({ ...company, schema: schemaOf.get(company.id)! })),
  }
}

/** Has the product merge blocks now, and not at the next quarter of an hour. */
const mergeNow = (url: string): Promise<unknown> =>
  ask(
    url,
    `update control.schedules set last_due = now() - interval '16 minutes', look_at = now() where name = 'readings.merge'`,
  )

const SCHEDULED = `select count(*) as n from control.schedules where name = 'readings.merge'`
const MERGED = `select count(*) as n from control.jobs where kind = 'readings.merge' and state = 'completed'`
const UNMERGED = `
  select (select count(*) from control.jobs where kind = 'readings.merge' and finished_at is null)
       + (select count(*) from control.schedules where name = 'readings.merge' and look_at <= now()) as waiting`

async function isBack({ url }: Server): Promise<boolean> {
  for (const giveUp = Date.now() + BACK_WITHIN_MS; Date.now() < giveUp; await sleep(50)) {
    const answer = await callerOf(url, '')('GET', '/health/ready')
    if (answer?.status === 200) return true
  }
  return false
}

type Kills = { readonly done: Map<string, number>; readonly stayedAway: string[]; readonly away_ms: number[] }

/** Kills one or the other, waits until the service answers again, and goes on. */
async function killAtRandom(until: number, { postgres, servers }: Ground, { kills, pause }: Options): Promise<Kills> {
  const ways: Record<string, () => Promise<unknown>> = {
    server: () => servers[randomInt(servers.length)]!.kill(),
    postgresql: postgres.kill,
    all: () => Promise.all([postgres.kill(), ...servers.map(({ kill }) => kill())]),
    connection: () => postgres.killConnection('officina'),
  }
  const chosen = kills === 'off' ? [] : kills!.split(',')
  const done = new Map(chosen.map((name) => [name, 0]))
  const [stayedAway, away_ms]: [string[], number[]] = [[], []]
  while (Date.now() < until) {
    await sleep(randomInt(Number(pause) * 1_000, Number(pause) * 2_000))
    const name = chosen[randomInt(Math.max(1, chosen.length))]
    if (name !== undefined) {
      const killed = performance.now()
      // PostgreSQL may be recovering from the kill before.
      await ways[name]!().catch(() => undefined)
      done.set(name, done.get(name)! + 1)
      if ((await Promise.all(servers.map(isBack))).includes(false)) stayedAway.push(name)
      away_ms.push(Math.round(performance.now() - killed))
    }
    await mergeNow(postgres.url).catch(() => undefined)
  }
  return { done, stayedAway, away_ms }
}

/** The last merge; answers how many there were. */
async function mergeAll({ postgres: { url }, companies }: Ground): Promise<number> {
  const first = async <Row>(text: string): Promise<Row> => (await ask<Row>(url, text))[0]!
  const giveUp = Date.now() + MERGED_WITHIN_MS
  // A company has its schedules a minute after it was made, or after a start.
  while ((await first<{ n: number }>(SCHEDULED)).n < companies.length && Date.now() < giveUp) await sleep(100)
  await mergeNow(url)
  // One whose worker was killed is given to another after some twenty seconds.
  while ((await first<{ waiting: number }>(UNMERGED)).waiting > 0 && Date.now() < giveUp) await sleep(100)
  return (await first<{ n: number }>(MERGED)).n
}

/** Blocks of a sensor that reach into the next, and what is worth merging and was not. */
async function countBlocks({ postgres, companies }: Ground, merges: number): Promise<Finding[]> {
  const [overlapping, unmerged]: [unknown[], unknown[]] = [[], []]
  let [blocks, readings, largest] = [0, 0, 0]
  for (const { id, schema } of companies) {
    const kept = await ask<{ sensor_id: string; readings: number; overlaps: boolean }>(
      postgres.url,
      `select sensor_id, readings, last_ms >= lead(first_ms, 1, last_ms + 1) over (partition by sensor_id order by first_ms) as overlaps
         from ${schema}.reading_blocks where tenant_id = $1`,
      [id],
    )
    blocks += kept.length
    for (const block of kept) {
      readings += block.readings
      largest = Math.max(largest, block.readings)
    }
    overlapping.push(...kept.filter(({ overlaps }) => overlaps))
    const small = `select sensor_id from ${schema}.sensor_states where tenant_id = $1 and small_blocks >= 8`
    unmerged.push(...(await ask(postgres.url, small, [id])))
  }
  return [
    {
      promise: 'blocks were merged',
      found: `${merges} merges; ${blocks} blocks of ${Math.round(readings / blocks)} readings, at most ${largest}`,
      holds: largest > SEALED_BELOW,
    },
    none('blocks that overlap', overlapping, blocks),
    none('sensors with many small blocks after the merges', unmerged, merges),
  ]
}

const sumOf = (of: ReadonlyMap<string, number>): number => [...of.values()].reduce((sum, n) => sum + n, 0)
const counts = (of: ReadonlyMap<string, number>): string =>
  [...of].map(([name, times]) => `${name} ${times}`).join(', ') || 'nothing'

function tell({ ways, unknown, repeated, reads }: Book, { done, away_ms }: Kills, say: Say): void {
  say(`killed with -9: ${counts(done)}`)
  say(`until all answered again: ${median(away_ms)} ms (median), ${Math.max(0, ...away_ms)} ms at most`)
  say(`requests acknowledged: ${counts(ways)}`)
  say(`${unknown} requests had no answer, ${repeated} of them were sent again until they had; ${reads} reads meanwhile`)
}

async function onGround(ground: Ground, options: Options, say: Say): Promise<readonly Finding[]> {
  const { servers, companies } = ground
  const urls = servers.map(({ url }) => url)
  const count = { writers: Number(options['writers']), readers: Number(options['readers']) }
  const { book, stop } = startLoad(urls, companies, count)
  let kills: Kills
  try {
    kills = await killAtRandom(Date.now() + Number(options['seconds']) * 1_000, ground, options)
    // A slow machine must not prove less.
    while (sumOf(book.ways) < LEAST_REQUESTS && book.wrong.length === 0) await sleep(50)
  } finally {
    await stop()
  }
  const merges = await mergeAll(ground)
  tell(book, kills, say)
  const empty = [...book.ways].filter(([, times]) => times === 0)
  return [
    ...(await countBack(urls[0]!, companies, book, say)),
    none('answers that should not have been, while it went on', book.wrong, sumOf(book.ways) + book.reads),
    none('ways in that took nothing', empty, book.ways.size),
    none(
      'kills after which the service stayed away',
      kills.stayedAway,
      options['kills'] === 'off' ? 1 : sumOf(kills.done),
    ),
    ...(await countBlocks(ground, merges)),
  ]
}

export default proof({
  says: 'every reading that was acknowledged over HTTP is there once, with its value, whoever is killed while it is taken, sealed or merged',
  // kills: any of server (one of them), postgresql, all, connection (one process of PostgreSQL), or off; pause: seconds between two, up to twice that
  options: {
    ...{ seconds: '600', companies: '4', sensors: '6', servers: '2', writers: '6', readers: '2' },
    ...{ kills: 'server,postgresql,all,connection', pause: '3' },
  },
  run: async (options, say) => {
    const home = await mkdtemp(join(tmpdir(), 'officina-proof-'))
    const postgres = await openPostgres(home)
    const servers: Server[] = []
    try {
      return await onGround(await layGround(home, postgres, servers, options), options, say)
    } finally {
      await Promise.all(servers.map(({ stop }) => stop()))
      await postgres.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
})
