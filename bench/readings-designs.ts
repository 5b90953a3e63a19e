/**
 * Ways to keep readings, each with the same readings through one connection of plain `pg`: what PostgreSQL and the client spend,
 * and what lies on disk. The bare statements alone: no HTTP, no policies, no scores. docs/adr/0010-readings.md draws on it.
 */
import pg from 'pg'
import { packChunk, unpackChunks } from '../server/contexts/plant-ops/readings/chunk.ts'
import { newSeries, type Series } from '../server/contexts/plant-ops/readings/series.ts'
import type { Ground } from './ground.ts'
import { cpuOfFamily } from './processes.ts'
import { table } from './table.ts'

const SENSORS = 200
const REQUESTS = 300
/** A sealed tail of so many bytes becomes a block. */
const TAIL = 1_200
/** What a detector keeps beside each sensor. */
const HOT = Buffer.alloc(400, 7)

type Design = {
  tables: string
  /** Stores one request. */
  store: (client: pg.Client, sensors: readonly string[], series: readonly Series[]) => Promise<unknown>
}
export type DesignCost = { postgres_us: number; client_us: number; bytes: number; wal_bytes: number }

const tenant = '018f0000-0000-7000-8000-000000000001'
const state = `
  create table bench_states (tenant_id uuid, sensor_id uuid, last_ms bigint, hot bytea, tail bytea, primary key (tenant_id, sensor_id))
    with (fillfactor = 40);
  insert into bench_states select '${tenant}', sensor_id, 0, null, '' from bench_sensors;`
const lock = `select sensor_id, last_ms, tail from bench_states where tenant_id = $1 and sensor_id = any ($2) order by sensor_id for update`

const flat = (sensors: readonly string[], series: readonly Series[]) => ({
  ids: series.flatMap(({ length }, i) => Array.from({ length }, () => sensors[i]!)),
  times: series.flatMap(({ at_ms }) => Array.from(at_ms, (at) => new Date(at).toISOString())),
  values: series.flatMap(({ value }) => [...value]),
})

/** In one transaction: the locked states, then what is stored beside the new ones. */
async function withStates(
  client: pg.Client,
  sensors: readonly string[],
  then: (states: Map<string, Buffer>) => { text: string; name: string; values: unknown[] },
): Promise<void> {
  await client.query('begin')
  const { rows } = await client.query<{ sensor_id: string; tail: Buffer }>({
    ...{ name: 'lock', text: lock },
    values: [tenant, sensors],
  })
  await client.query(then(new Map(rows.map((row) => [row.sensor_id, row.tail]))))
  await client.query('commit')
}

/** One binary parameter and places in it: an array of bytea would travel as hexadecimal text. */
function together(parts: readonly Buffer[]): [Buffer, number[], number[]] {
  let at = 1
  const places = parts.map((part) => (at += part.length) - part.length)
  return [Buffer.concat(parts), places, parts.map((part) => part.length)]
}

const designs: Record<string, Design> = {
  'a row per reading': {
    tables: `create table bench_rows (tenant_id uuid, sensor_id uuid, ts timestamptz, value float8, quality smallint default 192, score smallint default 0,
      primary key (tenant_id, sensor_id, ts));`,
    store: (client, sensors, series) => {
      const { ids, times, values } = flat(sensors, series)
      return client.query({
        name: 'rows',
        text: `insert into bench_rows (tenant_id, sensor_id, ts, value)
          select $1, * from unnest($2::uuid[], $3::timestamptz[], $4::float8[]) on conflict do nothing`,
        values: [tenant, ids, times, values],
      })
    },
  },
  'arrays, a row per sensor and request': {
    tables: `create table bench_arrays (tenant_id uuid, sensor_id uuid, first_ms bigint, ts bigint[], value float8[], primary key (tenant_id, sensor_id, first_ms));
      ${state}`,
    store: (client, sensors, series) =>
      withStates(client, sensors, () => ({
        name: 'arrays',
        text: `with up as (update bench_states s set last_ms = 1, hot = $5 where tenant_id = $1 and sensor_id = any ($2))
          insert into bench_arrays select $1, s, f, t::bigint[], v::float8[] from unnest($2::uuid[], $3::bigint[], $4::text[], $6::text[]) as x(s, f, t, v)`,
        values: [
          ...[tenant, sensors, series.map(({ at_ms }) => at_ms[0]), series.map(({ at_ms }) => `{${at_ms.join(',')}}`)],
          ...[HOT, series.map(({ value }) => `{${value.join(',')}}`)],
        ],
      })),
  },
  'chunks, a row per sensor and request': {
    tables: `create table bench_chunks (tenant_id uuid, sensor_id uuid, first_ms bigint, data bytea, primary key (tenant_id, sensor_id, first_ms));
      ${state}`,
    store: (client, sensors, series) =>
      withStates(client, sensors, () => ({
        name: 'chunks',
        text: `with up as (update bench_states s set last_ms = 1, hot = $5 where tenant_id = $1 and sensor_id = any ($2))
          insert into bench_chunks select $1, s, f, substr($4::bytea, p, n) from unnest($2::uuid[], $3::bigint[], $6::int[], $7::int[]) as x(s, f, p, n)`,
        values: (([data, places, lengths]) => [
          ...[tenant, sensors, series.map(({ at_ms }) => at_ms[0]), data, HOT, places, lengths],
        ])(together(series.map(packChunk))),
      })),
  },
  'a tail in the state, sealed into blocks': {
    tables: `create table bench_blocks (tenant_id uuid, sensor_id uuid, first_ms bigint, data bytea, primary key (tenant_id, sensor_id, first_ms));
      ${state}`,
    store: (client, sensors, series) =>
      withStates(client, sensors, (tails) => {
        const sealed: Buffer[] = []
        const sealedOf: string[] = []
        const sealedAt: number[] = []
        const next = sensors.map((sensor, i) => {
          const tail = Buffer.concat([tails.get(sensor)!, packChunk(series[i]!)])
          if (tail.length < TAIL) return tail
          const whole = unpackChunks(tail)
          sealed.push(packChunk(whole))
          sealedOf.push(sensor)
          sealedAt.push(whole.at_ms[0]!)
          return Buffer.alloc(0)
        })
        const [data, places, lengths] = together([...next, ...sealed])
        const n = sensors.length
        return {
          name: 'tail',
          text: `with up as (update bench_states s set last_ms = 1, hot = $5, tail = substr($4::bytea, p, n)
                    from unnest($2::uuid[], $3::int[], $6::int[]) as x(i, p, n) where tenant_id = $1 and sensor_id = i)
            insert into bench_blocks select $1, s, f, substr($4::bytea, p, n) from unnest($7::uuid[], $8::bigint[], $9::int[], $10::int[]) as x(s, f, p, n)`,
          values: [
            ...[tenant, sensors, places.slice(0, n), data, HOT, lengths.slice(0, n)],
            ...[sealedOf, sealedAt, places.slice(n), lengths.slice(n)],
          ],
        }
      }),
  },
}

/** A second apart, one decimal, as a sensor of temperature or power sends them. */
function seriesAt(from: number, length: number, seed: number): Series {
  const series = newSeries(length)
  for (let i = 0; i < length; i += 1) {
    series.at_ms[i] = from + i * 1000
    series.value[i] = Math.round((50 + 20 * Math.sin((from / 1000 + i + seed) / 600) + Math.random()) * 10) / 10
    series.mark[i] = 1
  }
  return series
}

async function measure(ground: Ground, design: Design, perSensor: number, sensorsEach: number): Promise<DesignCost> {
  const client = new pg.Client({ connectionString: ground.adminUrl })
  await client.connect()
  await client.query(`drop schema if exists readings_bench cascade; create schema readings_bench; set search_path = readings_bench;
    create table bench_sensors as select gen_random_uuid() as sensor_id from generate_series(1, ${SENSORS}); ${design.tables} checkpoint`)
  const { rows } = await client.query<{ sensor_id: string }>('select sensor_id from bench_sensors order by 1')
  const requests = Array.from({ length: REQUESTS }, (_, n) => {
    const first = (n * sensorsEach) % SENSORS
    const sensors = rows.slice(first, first + sensorsEach).map((row) => row.sensor_id)
    const from = 1_700_000_000_000 + Math.floor((n * sensorsEach) / SENSORS) * perSensor * 1000
    return { sensors, series: sensors.map((_s, i) => seriesAt(from, perSensor, i)) }
  })
  const count = (REQUESTS - 20) * perSensor * sensorsEach
  for (const { sensors, series } of requests.slice(0, 20)) await design.store(client, sensors, series)
  const wal = async () => Number((await client.query(`select pg_current_wal_insert_lsn() - '0/0' as at`)).rows[0].at)
  const [wal0, node0, postgres0] = [await wal(), process.cpuUsage(), cpuOfFamily(ground.postmaster)]
  for (const { sensors, series } of requests.slice(20)) await design.store(client, sensors, series)
  const { user, system } = process.cpuUsage(node0)
  const postgres_us = ((cpuOfFamily(ground.postmaster) - postgres0) * 1000) / count
  const wal_bytes = ((await wal()) - wal0) / count
  const size = await client.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) as bytes from pg_class where relkind = 'r' and relnamespace = 'readings_bench'::regnamespace
        and relname <> 'bench_sensors'`,
  )
  await client.query('drop schema readings_bench cascade')
  await client.end()
  const bytes = Number(size.rows[0]!.bytes) / (count + 20 * perSensor * sensorsEach)
  return { postgres_us, client_us: (user + system) / count, bytes, wal_bytes }
}

/** Readings per sensor and sensors per request. */
const SHAPES = [
  [50, 20],
  [1, 200],
] as const

export async function measureDesigns(ground: Ground): Promise<Record<string, DesignCost>> {
  const costs: Record<string, DesignCost> = {}
  for (const [each, sensors] of SHAPES) {
    for (const [name, design] of Object.entries(designs)) {
      costs[`${sensors} sensors × ${each}: ${name}`] = await measure(ground, design, each, sensors)
    }
  }
  return costs
}

export const tellDesigns = (costs: Readonly<Record<string, DesignCost>>): string =>
  table(
    ['shape', 'design', 'PostgreSQL µs', 'client µs', 'bytes', 'WAL bytes'],
    Object.entries(costs).map(([name, cost]) => [
      ...name.split(': '),
      ...[cost.postgres_us, cost.client_us, cost.bytes, cost.wal_bytes].map((figure) => figure.toFixed(1)),
    ]),
  )
