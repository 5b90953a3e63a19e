import { sql } from 'kysely'
import { OF_LIVE_PLANT } from '../sensors/get-sensor.ts'
import type { ReadingWork } from '../tables.ts'
import type { Bucket } from './bucket.ts'
import { downsampled } from './downsample.ts'
import { readingsJson } from './list-readings.ts'
import { bucketsJson, MOST_UNPACKED, readKeptBuckets } from './read-buckets.ts'
import { HOUR_WEIGHT, keptJson, readHours, readKept, type Kept } from './read-kept.ts'
import { readSeries, type Period } from './read-series.ts'
import { readingRefusals } from './refusals.ts'
import { extremesOf } from './rollup.ts'
import { joined, NO_READINGS, within, type Series } from './series.ts'

export type Asked = { period: Period; bucket?: Bucket; points?: number; limit: number }

/** Those of these sensors that are there: live and in scope. */
async function liveSensors({ db, tenantId }: ReadingWork, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select s.id from sensors s where s.tenant_id = ${tenantId} and s.id = any (${ids}::uuid[]) and s.deleted_at is null
       and ${sql.raw(OF_LIVE_PLANT)}`.execute(db)
  const live = new Set(rows.map(({ id }) => id))
  return [...new Set(ids.map((id) => id.toLowerCase()))].filter((id) => live.has(id))
}

/** What would be unpacked; blocks at the edges count whole. */
async function countReadings(
  { db, tenantId }: ReadingWork,
  ids: readonly string[],
  { from, to }: Period,
): Promise<number> {
  const { rows } = await sql<{ readings: number }>`
    select ((select coalesce(sum(readings), 0) from reading_blocks
              where tenant_id = ${tenantId} and sensor_id = any (${ids}::uuid[]) and first_ms < ${to} and last_ms >= ${from})
          + (select coalesce(sum(hours), 0) * ${HOUR_WEIGHT}::integer from reading_rollups
              where tenant_id = ${tenantId} and sensor_id = any (${ids}::uuid[]) and first_ms < ${to} and last_ms >= ${from}))::float8 as readings`.execute(
    db,
  )
  return rows[0]!.readings
}

/** Of each sensor that is there, its readings in a period, as members of a JSON object: raw, summed up by bucket, or as many as a plot shows. */
export async function queryReadings(
  work: ReadingWork,
  ids: readonly string[],
  { period, bucket, points, limit }: Asked,
): Promise<Map<string, string>> {
  const live = await liveSensors(work, ids)
  if (bucket !== undefined) {
    const found = await readKeptBuckets(work, live, period, bucket)
    return answered(live, found, ({ buckets }) => bucketsJson(buckets))
  }
  if ((await countReadings(work, live, period)) > MOST_UNPACKED) {
    throw readingRefusals.refuse('plant_ops.period_not_usable', {
      details: [{ field: 'from', message: `the period holds more than ${MOST_UNPACKED} readings` }],
    })
  }
  const found = await readSeries(work, live, period)
  const seriesOf = (id: string): Series => found.get(id) ?? NO_READINGS
  if (points === undefined) {
    return answered(live, await readKept(work, live), (_kept, id) =>
      readingsJson(seriesOf(id), 0, Math.min(limit, seriesOf(id).length)),
    )
  }
  return answered(live, await readHours(work, live, period), ({ hours, raw_from_ms }, id) => {
    // What became hours since its readings were read above is not shown twice.
    const raw = within(seriesOf(id), raw_from_ms ?? period.from, period.to)
    const shown = downsampled(hours.length === 0 ? raw : joined([extremesOf(hours), raw]), points)
    return readingsJson(shown, 0, shown.length)
  })
}

const answered = <Of extends Kept>(
  live: readonly string[],
  found: ReadonlyMap<string, Of>,
  itemsOf: (of: Of, id: string) => string,
): Map<string, string> =>
  new Map(live.map((id) => [id, `"items":${itemsOf(found.get(id)!, id)},${keptJson(found.get(id)!)}`]))
