import { randomInt } from 'node:crypto'
import { CompiledQuery, sql } from 'kysely'
import type { ReadingWork } from '../tables.ts'
import { blocksOf } from './block.ts'
import { packChunk, unpackChunks } from './chunk.ts'
import { HOUR_MS, hourOf, packHours, rollUp, type RolledHour } from './rollup.ts'
import { within, type Series } from './series.ts'
import { insertBlocks } from './write-states.ts'

/** Sensors that one transaction looks at, and of these how many it holds: what is sent to them waits that long. */
const SENSORS = 200
const HELD = 20
/** Blocks of a sensor that one transaction rolls up, or those of one hour where that has more. */
const BLOCKS = 64
/** Hours of a row: a month. */
const ROW_HOURS = 744
const DAY_MS = 86_400_000

type Seen = {
  sensor_id: string
  plant_id: string
  tail: Buffer
  /** What was read before is not to be kept one by one any more: a whole hour, never after the newest reading. Null: all is. */
  raw_until_ms: number | null
  /** What was read before is not to be kept at all any more. */
  kept_until_ms: number | null
  has_blocks: boolean
  has_rollups: boolean
}

// A sensor's own retention goes before the company's; what measures a quantity of its plant is kept: performance is made of each reading.
const LOOK = `
  with company as (
    select (configuration -> 'readings' ->> 'retention_days')::bigint as retention_days,
           (configuration -> 'readings' ->> 'rollup_days')::bigint as rollup_days
      from control.tenants where id = $1
  ), days as (
    select st.sensor_id, st.plant_id, st.tail, st.last_ms, c.rollup_days,
           case when s.quantity is null then coalesce(s.retention_days, c.retention_days) end as raw_days
      from company c, sensor_states st
      join sensors s on s.tenant_id = st.tenant_id and s.id = st.sensor_id
     where st.tenant_id = $1 and st.sensor_id > $3 and ($4::uuid[] is null or st.sensor_id = any ($4::uuid[]))
     order by st.sensor_id limit ${SENSORS}
  ), until as (
    select sensor_id, plant_id, case when raw_days is null then '' else tail end as tail,
           case when raw_days is not null then least($2::bigint - raw_days * ${DAY_MS}, last_ms) / ${HOUR_MS} * ${HOUR_MS} end as raw_until_ms,
           case when rollup_days is not null then $2::bigint - greatest(rollup_days, raw_days) * ${DAY_MS} end as kept_until_ms
      from days
  )
  select u.*,
         exists (select from reading_blocks b
                  where b.tenant_id = $1 and b.sensor_id = u.sensor_id and b.first_ms < u.raw_until_ms) as has_blocks,
         exists (select from reading_rollups r
                  where r.tenant_id = $1 and r.sensor_id = u.sensor_id and r.last_ms <= u.kept_until_ms - ${HOUR_MS}) as has_rollups
    from until u order by u.sensor_id`

async function look({ db, tenantId, now }: ReadingWork, after: string, ids: readonly string[] | null): Promise<Seen[]> {
  const wanted = ids === null ? null : `{${ids.join(',')}}`
  const { rows } = await db.executeQuery(CompiledQuery.raw(LOOK, [tenantId, now.getTime(), after, wanted]))
  return rows as Seen[]
}

function isDue({ tail, raw_until_ms, has_blocks, has_rollups }: Seen): boolean {
  if (has_blocks || has_rollups) return true
  return raw_until_ms !== null && tail.length > 0 && unpackChunks(tail).at_ms[0]! < raw_until_ms
}

/**
 * Rolls up what the next sensors after one do not keep one by one any more, and removes what they do not keep at all: all of it in this
 * transaction. Answers after which sensor to go on; null where there are no more.
 */
export async function sweepReadings(work: ReadingWork, after: string): Promise<string | null> {
  const { db, tenantId } = work
  const seen = await look(work, after, null)
  const due = seen.filter(isDue).map(({ sensor_id }) => sensor_id)
  const held = due.slice(0, HELD)
  let last = after
  if (held.length > 0) {
    await sql`
      select from sensor_states where tenant_id = ${tenantId} and sensor_id = any (${held}::uuid[])
       order by sensor_id for update`.execute(db)
    // What readings that came meanwhile have changed is seen from here on.
    for (const sensor of await look(work, after, held)) {
      const isDone = sensor.raw_until_ms === null || (await rollUpSensor(work, sensor, sensor.raw_until_ms))
      if (sensor.kept_until_ms !== null) await removeHours(work, sensor.sensor_id, sensor.kept_until_ms)
      // The same once more.
      if (!isDone) return last
      last = sensor.sensor_id
    }
  }
  if (due.length > HELD) return held.at(-1)!
  return seen.length < SENSORS ? null : seen.at(-1)!.sensor_id
}

/** Where this transaction ends: at a whole hour, so that none is rolled up twice. */
async function endOf({ db, tenantId }: ReadingWork, sensorId: string, until: number): Promise<number> {
  const { rows } = await sql<{ first_ms: number }>`
    select first_ms from reading_blocks where tenant_id = ${tenantId} and sensor_id = ${sensorId} and first_ms < ${until}
     order by first_ms limit ${BLOCKS + 1}`.execute(db)
  if (rows.length <= BLOCKS) return until
  return Math.min(until, Math.max(hourOf(rows.at(-1)!.first_ms), hourOf(rows[0]!.first_ms) + HOUR_MS))
}

/** Makes hours of the readings before a time and removes them; answers whether these were all. The caller holds the row of state. */
async function rollUpSensor(work: ReadingWork, sensor: Seen, until: number): Promise<boolean> {
  const { db, tenantId } = work
  const { sensor_id, plant_id } = sensor
  const end = await endOf(work, sensor_id, until)
  const { rows: blocks } = await sql<{ first_ms: number; data: Buffer }>`
    select first_ms, data from reading_blocks
     where tenant_id = ${tenantId} and sensor_id = ${sensor_id} and first_ms < ${end} order by first_ms`.execute(db)
  const hours: RolledHour[] = []
  const rest: Series[] = []
  for (const { data } of blocks) {
    const series = unpackChunks(data)
    rollUp(hours, within(series, 0, end))
    if (series.at_ms[series.length - 1]! >= end) rest.push(within(series, end, Number.POSITIVE_INFINITY))
  }
  const tail = unpackChunks(sensor.tail)
  rollUp(hours, within(tail, 0, end))
  if (hours.length === 0) return true
  await sql`
    delete from reading_blocks where tenant_id = ${tenantId} and sensor_id = ${sensor_id}
       and first_ms = any (${blocks.map(({ first_ms }) => first_ms)}::bigint[])`.execute(db)
  const left = rest.flatMap((series) => blocksOf(series)).map((block) => ({ ...block, sensor_id, plant_id }))
  if (left.length > 0) await insertBlocks(work, left)
  await insertHours(work, sensor, hours)
  const kept = within(tail, end, Number.POSITIVE_INFINITY)
  await writeState(work, sensor_id, hourOf(hours.at(-1)!.first_ms) + HOUR_MS, kept.length < tail.length ? kept : null)
  return end === until
}

async function insertHours(
  { db, tenantId }: ReadingWork,
  { sensor_id, plant_id }: Seen,
  hours: readonly RolledHour[],
): Promise<void> {
  for (let from = 0; from < hours.length; from += ROW_HOURS) {
    const row = hours.slice(from, from + ROW_HOURS)
    await sql`
      insert into reading_rollups (tenant_id, sensor_id, first_ms, last_ms, plant_id, hours, data)
      values (${tenantId}, ${sensor_id}, ${row[0]!.first_ms}, ${row.at(-1)!.first_ms}, ${plant_id}, ${row.length}, ${packHours(row)})`.execute(
      db,
    )
  }
}

/** From when on the readings are there and, where it has changed, what is left of the tail: other processes fetch it anew. */
async function writeState(
  { db, tenantId }: ReadingWork,
  sensorId: string,
  rawFrom: number,
  tail: Series | null,
): Promise<void> {
  const changed = tail === null ? null : tail.length === 0 ? Buffer.alloc(0) : packChunk(tail)
  await sql`
    update sensor_states
       set raw_from_ms = ${rawFrom}, tail = coalesce(${changed}, tail),
           stamp = case when ${changed}::bytea is null then stamp else ${randomInt(2 ** 48 - 1)} end
     where tenant_id = ${tenantId} and sensor_id = ${sensorId}`.execute(db)
}

/** Removes hours, row by row, and what corrections of their readings replaced. */
async function removeHours({ db, tenantId }: ReadingWork, sensorId: string, until: number): Promise<void> {
  await sql`
    with gone as (
      delete from reading_rollups where tenant_id = ${tenantId} and sensor_id = ${sensorId} and last_ms <= ${until - HOUR_MS}
      returning last_ms
    ), revisions as (
      delete from reading_revisions where tenant_id = ${tenantId} and sensor_id = ${sensorId}
         and at_ms < (select max(last_ms) + ${HOUR_MS} from gone)
    )
    update sensor_states set kept_from_ms = (select max(last_ms) + ${HOUR_MS} from gone)
     where tenant_id = ${tenantId} and sensor_id = ${sensorId} and exists (select from gone)`.execute(db)
}
