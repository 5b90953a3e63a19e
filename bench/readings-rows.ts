/** The same readings without any product, a row for each: COPY and INSERT in, plain statements out, over one connection of `pg`. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Ground } from './ground.ts'
import type { Rival } from './influx.ts'
import {
  costOf,
  readCost,
  REQUESTS,
  rowsOf,
  sizeOf,
  USUAL,
  valueAt,
  YEAR,
  type IngestCost,
  type ReadCost,
} from './readings-shapes.ts'

const TENANT = '018f0000-0000-7000-8000-000000000001'
const TABLE = `(tenant_id uuid, sensor_id uuid, ts timestamptz, value float8, quality smallint, score smallint default 0,
  primary key (tenant_id, sensor_id, ts))`

type Row = { id: string; ts: string; value: number }

const STORE: Record<string, (client: pg.Client, rows: readonly Row[]) => Promise<unknown>> = {
  COPY: (client, rows) => {
    const text = rows.map(({ id, ts, value }) => `${TENANT}\t${id}\t${ts}\t${value}\t192\n`).join('')
    const into = 'copy bench_readings (tenant_id, sensor_id, ts, value, quality) from stdin'
    return pipeline(Readable.from([text]), client.query(copyFrom(into)))
  },
  INSERT: (client, rows) =>
    client.query({
      name: 'bench_insert',
      text: `insert into bench_readings (tenant_id, sensor_id, ts, value, quality)
        select $1, *, 192 from unnest($2::uuid[], $3::timestamptz[], $4::float8[]) on conflict do nothing`,
      values: [TENANT, rows.map((one) => one.id), rows.map((one) => one.ts), rows.map((one) => one.value)],
    }),
}

const newTable = async (client: pg.Client, sensors: number): Promise<string[]> => {
  await client.query(`drop table if exists bench_readings; create table bench_readings ${TABLE}`)
  const { rows } = await client.query<{ id: string }>(
    'select gen_random_uuid() as id from generate_series(1, $1::int)',
    [sensors],
  )
  return rows.map(({ id }) => id)
}

async function ingest(ground: Ground, client: pg.Client, how: string): Promise<IngestCost> {
  const ids = await newTable(client, USUAL.sensors)
  const batches = Array.from({ length: Math.max(4, Math.ceil((REQUESTS * 4) / 3)) }, (_, turn) =>
    rowsOf(USUAL, turn).map(({ s, at, value }) => ({ id: ids[s]!, ts: new Date(at).toISOString(), value })),
  )
  const rows = batches.length * USUAL.sensors * USUAL.each
  const cost = await costOf(rows, { server: null, family: ground.postmaster }, async () => {
    for (const batch of batches) await STORE[how]!(client, batch)
  })
  return { ...cost, bytes: (await sizeOf(ground, ['bench_readings'])) / rows }
}

const RAW = `select ts, value, quality, score from bench_readings
  where tenant_id = $1 and sensor_id = $2 and ts >= '2025-06-01T00:00:00Z' order by ts limit 1000`
const DAYS = `select date_bin('1 day', ts, '2025-01-01T00:00:00Z') as ts, min(value), max(value), avg(value) as mean, count(*), (array_agg(value order by ts desc))[1] as last
  from bench_readings where tenant_id = $1 and sensor_id = $2 group by 1 order by 1`

async function reads(ground: Ground, client: pg.Client): Promise<Record<string, ReadCost>> {
  const ids = await newTable(client, YEAR.sensors)
  for (const [s, id] of ids.entries()) {
    const rows = Array.from({ length: YEAR.readings }, (_, n) => ({
      ...{ id, ts: new Date(YEAR.start + n * YEAR.stepMs).toISOString(), value: valueAt(s, n) },
    }))
    await STORE['COPY']!(client, rows)
  }
  await client.query('vacuum (analyze) bench_readings')
  const cost = (name: string, text: string) =>
    readCost({ server: null, family: ground.postmaster }, async (n) => {
      const { rows } = await client.query({ name, text, values: [TENANT, ids[n % ids.length]] })
      return JSON.stringify({ items: rows })
    })
  return {
    'a row per reading: 1,000 raw readings': await cost('bench_raw', RAW),
    'a row per reading: a year by day': await cost('bench_days', DAYS),
  }
}

export async function measureRows(ground: Ground): Promise<Rival> {
  const client = new pg.Client({ connectionString: ground.adminUrl })
  await client.connect()
  try {
    const costs: Rival['ingest'] = {}
    for (const how of Object.keys(STORE)) costs[`${how}, a row per reading`] = await ingest(ground, client, how)
    return { ingest: costs, read: await reads(ground, client) }
  } finally {
    await client.query('drop table if exists bench_readings')
    await client.end()
  }
}
