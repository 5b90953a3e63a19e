import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { newId } from '#platform/new-id.ts'
import { readConfig } from '#config'
import { openInstallation } from '#platform/database/installation.ts'
import { createTenant } from '#platform/tenancy/create-tenant.ts'
import { startChild, type Child } from './children.ts'
import { BACKLOG, countEvents, EFFECTS, type Book } from './events-count.ts'
import { ask, openPostgres, type Postgres } from './postgres.ts'
import { proof, type Finding, type Say } from './proof.ts'

/** After the last kill, everything that was committed has its place and its effects within this. */
const DRAIN_MS = 180_000

type Ground = { home: string; postgres: Postgres; server: Record<string, string>; appUrl: string; aims: Aim[] }
type Aim = { tenant: string; plants: string[] }

/** Tenants of both kinds, with a few plants each. */
async function layGround(home: string, tenants: number, plants: number): Promise<Ground> {
  const postgres = await openPostgres(home)
  const server = { DATABASE_URL: postgres.url, OFFICINA_HOME: home, OFFICINA_DEMO: 'off', LOG_LEVEL: 'fatal' }
  const config = readConfig(server)
  const installation = await openInstallation(config, pino({ level: 'silent' }), { migrate: true })
  const aims: Aim[] = []
  for (let n = 0; n < tenants; n++) {
    const id = newId()
    const isolation = n % 2 === 0 ? ('shared' as const) : ('schema' as const)
    const tenant = { id, slug: `proof-${n}`, name: `Proof ${n}`, isolation, status: 'Active' as const }
    const { schema_name: schema } = await createTenant(installation.custody, tenant, (_custody, made) =>
      Promise.resolve(made),
    )
    const rows = await ask<{ id: string }>(
      postgres.url,
      `insert into ${schema}.plants (tenant_id, id, name, code, type, status, search_text)
       select $1, gen_random_uuid(), 'Proof', 'P' || n, 'Wind', 'In Operation', '' from generate_series(1, $2) n returning id`,
      [id, plants],
    )
    aims.push({ tenant: id, plants: rows.map((row) => row.id) })
  }
  await ask(postgres.url, EFFECTS)
  const appUrl = installation.urls.app
  await installation.close()
  return { home, postgres, server, appUrl, aims }
}

type Servers = { killOne: () => Promise<void>; stop: () => Promise<void> }

/** Processes of the product; one that ended is started again, as whatever runs a service does. */
function startServers(count: number, environment: Record<string, string>): Servers {
  let stopping = false
  const running: Child[] = []
  // What they say while PostgreSQL is down is no news.
  const start = (n: number): void => {
    running[n] = startChild(
      'events-server.ts',
      environment,
      () => undefined,
      () => stopping || start(n),
    )
  }
  for (let n = 0; n < count; n++) start(n)
  return {
    killOne: () => running[randomInt(count)]!.kill(),
    stop: async () => {
      stopping = true
      await Promise.all(running.map((child) => child.stop()))
    },
  }
}

async function killAtRandom(until: number, servers: Servers, { postgres }: Ground, say: Say): Promise<void> {
  const kills: [name: string, weight: number, kill: () => Promise<void>][] = [
    ['a process', 5, () => servers.killOne()],
    ['the connection that numbers events', 3, () => postgres.killConnection('officina custody')],
    ['a connection of the application', 1, () => postgres.killConnection('officina')],
    ['PostgreSQL', 2, () => postgres.kill()],
  ]
  const hat = kills.flatMap((kill) => Array.from({ length: kill[1] }, () => kill))
  const done = new Map<string, number>()
  while (Date.now() < until) {
    await sleep(randomInt(300, 1500))
    const [name, , kill] = hat[randomInt(hat.length)]!
    // PostgreSQL may be recovering from the kill before.
    await kill().catch(() => undefined)
    done.set(name, (done.get(name) ?? 0) + 1)
  }
  say(`killed with -9: ${[...done].map(([name, times]) => `${name} ${times} times`).join(', ')}`)
}

/** Resolves when nothing waits any more, or when it is time to count what is missing. */
async function drained({ postgres }: Ground): Promise<void> {
  for (const giveUp = Date.now() + DRAIN_MS; Date.now() < giveUp; await sleep(100)) {
    const rows = await ask<{ waiting: number }>(postgres.url, BACKLOG).catch(() => [])
    if (rows[0]?.waiting === 0) return
  }
}

/** What the writers wrote down, over all of them. */
async function readBooks(files: readonly string[]): Promise<Book> {
  const book: Book = { begun: new Set(), done: new Set(), undone: new Set() }
  for (const file of files) {
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const [what, token] = line.split(' ')
      if (token) book[what as keyof Book].add(token)
    }
  }
  return book
}

async function onGround(ground: Ground, options: Record<string, string>, say: Say): Promise<readonly Finding[]> {
  const servers = startServers(Number(options['servers']), ground.server)
  const books = Array.from({ length: Number(options['writers']) }, (_, n) => join(ground.home, `book-${n}`))
  const writing = { APP_URL: ground.appUrl, AIMS: JSON.stringify(ground.aims) }
  const writers = books.map((BOOK) => startChild('events-writer.ts', { ...writing, BOOK }, say))
  await Promise.all(writers.map(({ ready }) => ready))
  const until = Date.now() + Number(options['seconds']) * 1000
  if (options['kills'] === 'on') await killAtRandom(until, servers, ground, say)
  else await sleep(until - Date.now())
  await Promise.all(writers.map((writer) => writer.stop()))
  const stopped = performance.now()
  await drained(ground)
  say(`nothing waited any more ${((performance.now() - stopped) / 1000).toFixed(1)} s after the last write`)
  await servers.stop()
  return countEvents((text) => ask(ground.postgres.url, text), await readBooks(books), say)
}

export default proof({
  says: 'what was committed is told exactly once, in one order without gaps, whoever is killed meanwhile',
  options: { writers: '16', seconds: '60', servers: '3', tenants: '6', plants: '5', kills: 'on' },
  run: async (options, say) => {
    const home = await mkdtemp(join(tmpdir(), 'officina-proof-'))
    const ground = await layGround(home, Number(options.tenants), Number(options.plants))
    try {
      return await onGround(ground, options, say)
    } finally {
      await ground.postgres.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
})
