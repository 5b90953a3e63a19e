import { CompiledQuery, sql } from 'kysely'
import { Id, Shape } from '#platform/http/shapes.ts'
import { job, jobKind, type Job } from '#platform/jobs/job-kind.ts'
import { schedule, type Schedule } from '#platform/jobs/schedule.ts'
import type { ReadingWork } from '../tables.ts'
import { BLOCK_READINGS, blocksOf } from './block.ts'
import { unpackChunks } from './chunk.ts'
import { joined } from './series.ts'
import { sweepReadings } from './sweep-readings.ts'
import { insertBlocks } from './write-states.ts'

/** So many small blocks of a sensor are worth merging. */
const WORTH = 8
/** A block with fewer readings is small: two of them fit into one. */
const SMALL = BLOCK_READINGS / 2
/** Sensors per transaction: what is sent to them waits that long. */
const BATCH = 20
const FIRST = '00000000-0000-0000-0000-000000000000'

type Small = { first_ms: number; readings: number; data: Buffer; run: number }

// Only neighbours can be merged: between two of a run lies no other block.
const RUNS = `
  select first_ms, readings, data, run
    from (select first_ms, readings, data, readings < ${SMALL} as small,
                 row_number() over (order by first_ms) - row_number() over (partition by readings < ${SMALL} order by first_ms) as run
            from reading_blocks where tenant_id = $1 and sensor_id = $2) b
   where small order by first_ms limit 512`

/** Puts small neighbours of one sensor together; the caller holds its row of state. */
async function mergeSensor(work: ReadingWork, sensor: { sensor_id: string; plant_id: string }): Promise<void> {
  const { db, tenantId } = work
  const { rows } = await db.executeQuery(CompiledQuery.raw(RUNS, [tenantId, sensor.sensor_id]))
  for (const run of Map.groupBy(rows as Small[], (row) => row.run).values()) {
    if (run.length < 2) continue
    const whole = joined(run.map(({ data }) => unpackChunks(data)))
    await sql`
      delete from reading_blocks where tenant_id = ${tenantId} and sensor_id = ${sensor.sensor_id}
         and first_ms = any (${run.map(({ first_ms }) => first_ms)}::bigint[])`.execute(db)
    await insertBlocks(
      work,
      blocksOf(whole).map((block) => ({ ...block, ...sensor })),
    )
  }
}

/** Merges the blocks of the next sensors after one; answers the last of them, or null where there are no more. */
export async function mergeBlocks(work: ReadingWork, after: string): Promise<string | null> {
  const { db, tenantId } = work
  const { rows } = await sql<{ sensor_id: string; plant_id: string }>`
    select sensor_id, plant_id from sensor_states
     where tenant_id = ${tenantId} and sensor_id > ${after} and small_blocks >= ${WORTH}
     order by sensor_id limit ${BATCH} for update`.execute(db)
  for (const sensor of rows) await mergeSensor(work, sensor)
  if (rows.length > 0) {
    await sql`
      update sensor_states set small_blocks = 0
       where tenant_id = ${tenantId} and sensor_id = any (${rows.map((row) => row.sensor_id)}::uuid[])`.execute(db)
  }
  return rows.length < BATCH ? null : rows.at(-1)!.sensor_id
}

const mergeKind = jobKind({
  name: 'readings.merge',
  input: Shape({ after: Id }),
  limits: { seconds: 120, concurrency: 2, priority: -20 },
})

const sweepKind = jobKind({
  name: 'readings.sweep',
  input: Shape({ after: Id }),
  limits: { seconds: 120, concurrency: 2, priority: -20 },
})

/** Kinds of job of this folder. */
export const readingJobs: readonly Job[] = [
  job(mergeKind, {
    run: async (work, { after }) => {
      const last = await mergeBlocks(work, after)
      return last === null ? undefined : { next: { after: last } }
    },
  }),
  job(sweepKind, {
    run: async (work, { after }) => {
      const last = await sweepReadings(work, after)
      return last === null ? undefined : { next: { after: last } }
    },
  }),
]

/** What came since the last time is put in order four times an hour; what is not kept any more goes at night. */
export const readingSchedules: readonly Schedule[] = [
  schedule({
    ...{ name: 'readings.merge', cron: '3,18,33,48 * * * *', zone: 'tenant', per: 'tenant', catchUp: 'one' },
    ...{ kind: mergeKind, input: () => ({ after: FIRST }) },
  }),
  schedule({
    ...{ name: 'readings.sweep', cron: '25 1 * * *', zone: 'tenant', per: 'tenant', catchUp: 'one' },
    ...{ kind: sweepKind, input: () => ({ after: FIRST }) },
  }),
]
