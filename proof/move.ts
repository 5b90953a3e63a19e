import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signIn } from './api.ts'
import { startChild, type Child } from './children.ts'
import { countTrail } from './events-count.ts'
import { startLoad, type Book } from './move-load.ts'
import { ask, openPostgres, type Postgres } from './postgres.ts'
import { median, none, proof, same, type Finding, type Say } from './proof.ts'

const OFFICINA = join(import.meta.dirname, '../cli/officina.ts')
const PASSWORD = 'officina-demo'
/** A move that is killed again and again must come through all the same. */
const MOST_TRIES = 50

type Ground = { postgres: Postgres; environment: Record<string, string>; server: Child; url: string; tenant: string }
type Options = Readonly<Record<string, string>>

async function layGround(home: string, readings: number): Promise<Ground> {
  const postgres = await openPostgres(home)
  const environment = { DATABASE_URL: postgres.url, OFFICINA_HOME: home, RATE_LIMIT: 'off', LOG_LEVEL: 'fatal' }
  let url = ''
  const hear = (line: string): void => void (url ||= /ready at (\S+)/.exec(line)?.[1] ?? '')
  const server = startChild('server.ts', { ...environment, OFFICINA_DEMO: 'on', PORT: '0' }, hear)
  await server.ready
  const [demo] = await ask<{ id: string }>(
    postgres.url,
    `update control.tenants set max_plants = 1000000 where slug = 'demo' returning id`,
  )
  await ask(
    postgres.url,
    `insert into shared.reading_revisions (tenant_id, sensor_id, plant_id, at_ms, revision, value, score, mark, replaced_at)
     select s.tenant_id, s.id, s.plant_id, n * 60000::bigint, 1, n, 0, 1, now()
       from (select * from shared.sensors where tenant_id = $1 order by id limit 1) s, generate_series(1, $2::int) n`,
    [demo!.id, readings],
  )
  return { postgres, environment, server, url, tenant: demo!.id }
}

type Ending = { code: number | null; said: string }

/** `officina tenant move`; killed with -9 after so many milliseconds where they are given. */
async function officinaMove({ environment }: Ground, to: string, killAfter: number | null): Promise<Ending> {
  const args = [OFFICINA, 'tenant', 'move', 'demo', '--to', to, '--json']
  const env = { PATH: process.env['PATH'], ...environment } as Record<string, string>
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  const killing = killAfter === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(killing)
  return { code, said }
}

type Journey = { pauses: number[]; killed: number; wrong: string[] }

/** To the other place; tried again until it lives there. */
async function moveOnce(ground: Ground, to: string, { kills, times }: Options, journey: Journey): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const kill = kills !== 'off' && tries < Number(times) ? randomInt(300, 2_500) : null
    const killsAll = kills === 'all' && randomInt(4) === 0
    const [{ code, said }] = await Promise.all([
      officinaMove(ground, to, kill),
      killsAll && sleep(randomInt(2_000)).then(() => ground.postgres.kill()),
    ])
    if (code === 0) {
      const { pause_ms } = JSON.parse(said) as { pause_ms: number }
      return void journey.pauses.push(pause_ms)
    }
    // Killed after the switch, and cleared away by nobody yet or by the server already.
    if (code === 5 && said.includes('already_there')) return
    if (code === null) journey.killed += 1
    // The connection of a mover that was killed goes on until its statement ends.
    else if (code !== 7 && !said.includes('under_way')) return void journey.wrong.push(`exit ${code}: ${said}`)
    await sleep(100)
  }
  journey.wrong.push(`it never came to live in ${to}`)
}

const OTHER_SCHEMAS = `select nspname as place from pg_namespace where nspname ~ '^t_' and nspname <> $1`
const LEFT_IN_SHARED = [
  'plants',
  'plant_registries',
  'obligations',
  'sensors',
  'sensor_states',
  'reading_blocks',
  'reading_revisions',
  'audit',
]
  .map((table) => `select '${table}' as place from shared.${table} where tenant_id = $1`)
  .join(' union all ')

/** The demonstration's line goes on meanwhile, and an entry is chained a moment after its commit. */
async function settledTrail({ postgres }: Ground): Promise<Finding[]> {
  for (const giveUp = Date.now() + 30_000; ; await sleep(100)) {
    const findings = await countTrail((text) => ask(postgres.url, text))
    if (findings.every(({ holds }) => holds) || Date.now() > giveUp) return findings
  }
}

type Row = { id: string; notes: string | null }

async function count(
  ground: Ground,
  book: Book,
  journey: Journey,
  moves: number,
  readings: number,
): Promise<Finding[]> {
  const query = <T>(text: string, values: unknown[] = []): Promise<T[]> => ask<T>(ground.postgres.url, text, values)
  const [place] = await query<{ schema_name: string; moving: boolean }>(
    `select schema_name, moving from control.tenants where id = $1`,
    [ground.tenant],
  )
  const schema = place!.schema_name
  const plants = await query<Row>(`select id, notes from ${schema}.plants where tenant_id = $1`, [ground.tenant])
  const byId = new Map(plants.map((row) => [row.id, row]))
  const trail = await query<{ notes: string }>(
    `select after ->> 'notes' as notes from ${schema}.audit where tenant_id = $1 and after ? 'notes'`,
    [ground.tenant],
  )
  const told = new Set(trail.map(({ notes }) => notes))
  const [kept] = await query<{ n: number }>(
    `select count(*) as n from ${schema}.reading_revisions where tenant_id = $1`,
    [ground.tenant],
  )
  const left = [
    ...(await query(OTHER_SCHEMAS, [schema])),
    ...(schema === 'shared' ? [] : await query(LEFT_IN_SHARED, [ground.tenant])),
  ]
  const stale = [...book.notes].filter(([id, { last, perhaps }]) => {
    const now = byId.get(id)?.notes ?? ''
    return now !== last && !perhaps.has(now)
  })
  return [
    none('every move came through', journey.wrong, moves),
    none(
      'every plant that was acknowledged is there',
      [...book.made].filter((id) => !byId.has(id)),
      book.made.size,
    ),
    none('each has the last note that was acknowledged', stale, book.notes.size),
    none(
      'every change is in the trail',
      [...book.acknowledged].filter((text) => !told.has(text)),
      book.acknowledged.size,
    ),
    none('reads always answered, and found everything', book.wrong, book.reads),
    same('earlier values of readings', kept!.n, readings),
    none('nothing is left in the place where it does not live', left, book.made.size),
    { promise: 'no move is left unfinished', found: String(place!.moving), holds: !place!.moving },
    ...(await settledTrail(ground)),
  ]
}

async function onGround(ground: Ground, options: Options, say: Say): Promise<readonly Finding[]> {
  const [moves, readings] = [Number(options['moves']), Number(options['readings'])]
  const token = await signIn(ground.url, 'admin@demo.example', PASSWORD)
  const load = startLoad(ground.url, token, {
    writers: Number(options['writers']),
    readers: Number(options['readers']),
  })
  const journey: Journey = { pauses: [], killed: 0, wrong: [] }
  try {
    for (let n = 0; n < moves; n += 1) {
      await moveOnce(ground, n % 2 === 0 ? 'schema' : 'shared', options, journey)
      say(
        `${n + 1} moves; ${load.book.acknowledged.size} changes, ${load.book.reads} reads; writers waited ${journey.pauses.at(-1)} ms`,
      )
    }
    // A mover that was killed after the switch: what it has left goes with the next one.
    const [left] = await ask<{ isolation: string; moving: boolean }>(
      ground.postgres.url,
      `select isolation, moving from control.tenants where slug = 'demo'`,
    )
    if (left!.moving) await officinaMove(ground, left!.isolation, null)
  } finally {
    await load.stop()
  }
  const { refused, unknown } = load.book
  say(`writers were refused ${refused} times, ${unknown} answers got lost; movers killed: ${journey.killed}`)
  say(`writers waited ${median(journey.pauses)} ms (median), ${Math.max(...journey.pauses)} ms at most`)
  return count(ground, load.book, journey, moves, readings)
}

export default proof({
  says: 'a company that is moved there and back under load loses nothing, and its readers notice nothing, whoever is killed',
  // kills: off, mover, all (PostgreSQL too); times: how often a mover is killed before one may come through
  options: { moves: '40', writers: '6', readers: '2', readings: '100000', kills: 'mover', times: '3' },
  run: async (options, say) => {
    const home = await mkdtemp(join(tmpdir(), 'officina-proof-'))
    const ground = await layGround(home, Number(options.readings))
    try {
      return await onGround(ground, options, say)
    } finally {
      await ground.server.stop()
      await ground.postgres.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
})
