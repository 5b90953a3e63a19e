/** What an event costs: the writer of it, the sequencer that gives it its place, and whether history makes either slower. */
import { sql } from 'kysely'
import { Type } from 'typebox'
import type { Installation } from '#platform/database/installation.ts'
import { openInstallation } from '#platform/database/installation.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { eventKind, eventOf } from '#platform/events/event-kind.ts'
import { openLog } from '#platform/telemetry/log.ts'
import { readConfig } from '../server/config.ts'
import type { Ground } from './ground.ts'
import { cpuOfFamily } from './processes.ts'
import { median } from './table.ts'

const WORKS = 2_000
const WAITING = 100_000
/** BENCH_EVENTS=1000000 takes some minutes. */
const HISTORY = Number(process.env['BENCH_EVENTS'] ?? 300_000)

/** Per event or Work: CPU microseconds of Node.js and of PostgreSQL, and bytes of write-ahead log. */
type Cost = { node_us: number; postgres_us: number; wal_bytes: number }
export type EventCosts = {
  work: { bare: Cost; entry: Cost; entry_and_event: Cost }
  /** Places, and links of the chain where there is an entry. */
  sequencer: { event: Cost; entry: Cost }
  drained_per_s: number
  batch_of_5_ms: { young: number; old: number }
  batch_of_1000_ms: { young: number; old: number }
  history: number
}

const thing = eventKind({
  type: 'BenchChanged',
  topic: 'bench',
  permission: 'plants.read',
  data: Type.Object({ n: Type.Integer() }),
})

type Bench = { ground: Ground; installation: Installation; tenants: string[]; plants: string[] }

async function costOf(ground: Ground, count: number, use: () => Promise<unknown>): Promise<Cost> {
  const wal = async (): Promise<number> =>
    Number((await ground.admin.query(`select pg_current_wal_insert_lsn() - '0/0' as at`)).rows[0].at)
  // A checkpoint in the middle would count whole pages.
  await ground.admin.query('checkpoint')
  const [wal0, node0, postgres0] = [await wal(), process.cpuUsage(), cpuOfFamily(ground.postmaster)]
  await use()
  const { user, system } = process.cpuUsage(node0)
  const postgres_us = ((cpuOfFamily(ground.postmaster) - postgres0) * 1000) / count
  return { node_us: (user + system) / count, postgres_us, wal_bytes: ((await wal()) - wal0) / count }
}

type Leaves = (work: EdgeWork, n: number) => void
const entry = { action: 'bench.changed', resource: 'plant', after: { notes: 'n' } }
const leaves: Record<keyof EventCosts['work'], Leaves> = {
  bare: () => undefined,
  entry: (work) => work.record(entry),
  entry_and_event: (work, n) => work.record(entry, eventOf(thing, { subject: `plants/${n}` }, { n })),
}

/** One Work after the other: each changes a row. */
const works =
  ({ installation, tenants, plants }: Bench, leave: Leaves) =>
  async (): Promise<void> => {
    for (let n = 0; n < WORKS; n += 1) {
      const at = n % tenants.length
      await installation.database.write(systemScope(tenants[at]!, 'bench'), async (work) => {
        await sql`update plants set notes = ${`n${n}`} where id = ${plants[at]}`.execute(work.db)
        leave(work, n)
      })
    }
  }

const number = async ({ ground }: Bench, limit: number): Promise<number> =>
  Number((await ground.admin.query('select control.sequence_events($1) as n', [limit])).rows[0].n)

const drain = (bench: Bench, limit: number) => async (): Promise<void> => {
  while ((await number(bench, limit)) > 0);
}

const append = ({ ground, tenants }: Bench, count: number): Promise<unknown> =>
  ground.admin.query(
    `insert into control.events (tenant_id, time, type, subject, data)
     select ($1::uuid[])[1 + n % cardinality($1::uuid[])], now(), 'BenchChanged', 'plants/' || n % 1000, '{"n":1}'
       from generate_series(1, $2::int) n`,
    [tenants, count],
  )

async function batchMs(bench: Bench, size: number): Promise<number> {
  const took: number[] = []
  for (let turn = 0; turn < 15; turn += 1) {
    await append(bench, size)
    const start = performance.now()
    await number(bench, 1_000)
    took.push(performance.now() - start)
  }
  return median(took)
}

async function workCosts(bench: Bench): Promise<Pick<EventCosts, 'work' | 'sequencer'>> {
  const work = {} as EventCosts['work']
  const sequencer: Partial<Record<keyof EventCosts['work'], Cost>> = {}
  for (const warm of [true, false]) {
    for (const [name, leave] of Object.entries(leaves) as [keyof EventCosts['work'], Leaves][]) {
      const cost = await costOf(bench.ground, WORKS, works(bench, leave))
      const numbering = await costOf(bench.ground, WORKS, drain(bench, 50))
      if (warm) continue
      work[name] = cost
      sequencer[name] = numbering
    }
  }
  await append(bench, WORKS)
  const event = await costOf(bench.ground, WORKS, drain(bench, 50))
  return { work, sequencer: { event, entry: sequencer.entry! } }
}

async function measure(bench: Bench): Promise<EventCosts> {
  const costs = await workCosts(bench)
  const young = { of5: await batchMs(bench, 5), of1000: await batchMs(bench, 1_000) }
  for (let done = 0; done < HISTORY; done += 20_000) {
    await append(bench, 20_000)
    await drain(bench, 20_000)()
  }
  await bench.ground.admin.query('analyze control.events, control.event_positions')
  const old = { of5: await batchMs(bench, 5), of1000: await batchMs(bench, 1_000) }
  await append(bench, WAITING)
  const start = performance.now()
  await drain(bench, 1_000)()
  return {
    ...costs,
    drained_per_s: WAITING / ((performance.now() - start) / 1000),
    batch_of_5_ms: { young: young.of5, old: old.of5 },
    batch_of_1000_ms: { young: young.of1000, old: old.of1000 },
    history: HISTORY,
  }
}

/** On the ground of the bench, with no server beside it: the sequencer is called by hand. */
export async function measureEvents(ground: Ground): Promise<EventCosts> {
  const config = readConfig({ DATABASE_URL: ground.adminUrl, OFFICINA_HOME: ground.home, LOG_LEVEL: 'silent' })
  const installation = await openInstallation(config, openLog(config), { migrate: false })
  try {
    const { rows } = await ground.admin.query<{ tenant: string; plant: string }>(
      'select tenant_id as tenant, min(id::text) as plant from shared.plants group by tenant_id limit 20',
    )
    const bench = { ground, installation, tenants: rows.map((row) => row.tenant), plants: rows.map((row) => row.plant) }
    await drain(bench, 1_000)()
    return await measure(bench)
  } finally {
    await installation.close()
  }
}

/** As lines for people. */
export function tellEvents({ work, sequencer, ...rest }: EventCosts): string {
  const line = (name: string, { node_us, postgres_us, wal_bytes }: Cost): string =>
    `  ${name.padEnd(34)} Node.js ${node_us.toFixed(0)} µs, PostgreSQL ${postgres_us.toFixed(0)} µs, log ${wal_bytes.toFixed(0)} B`
  const { drained_per_s, batch_of_5_ms: five, batch_of_1000_ms: many, history } = rest
  return [
    'What an event costs:',
    line('a Work that changes a row', work.bare),
    line('… and leaves an entry', work.entry),
    line('… and is told as an event', work.entry_and_event),
    line('the sequencer, an event', sequencer.event),
    line('the sequencer, an entry (chained)', sequencer.entry),
    `  ${WAITING} waiting: ${drained_per_s.toFixed(0)} a second`,
    `  a batch of 5: ${five.young.toFixed(1)} ms with little history, ${five.old.toFixed(1)} ms with ${history} events`,
    `  a batch of 1000: ${many.young.toFixed(1)} ms with little history, ${many.old.toFixed(1)} ms with ${history} events`,
  ].join('\n')
}
