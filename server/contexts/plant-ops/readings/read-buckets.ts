import { CompiledQuery, sql } from 'kysely'
import { knownTimeZone, tenantTimeZone } from '#platform/tenancy/tenant-day.ts'
import type { ReadingWork } from '../tables.ts'
import { isOfHours, pieceOf, summaries, type Bucket, type Piece, type Summary, type WholePiece } from './bucket.ts'
import { unpackChunks } from './chunk.ts'
import { rounded } from './exact-sum.ts'
import { instantText } from './instant-text.ts'
import type { Period } from './read-series.ts'
import { HOUR_WEIGHT, type Kept } from './read-kept.ts'
import { readingRefusals } from './refusals.ts'
import { hoursWithin, unpackHours } from './rollup.ts'
import { within } from './series.ts'

/** Readings that one answer unpacks, and buckets that it has. */
export const MOST_UNPACKED = 4_000_000
const MOST_BUCKETS = 10_000

/** Whether a block lies in one bucket, so that its figures are enough. */
const IN_ONE = {
  fixed: `b.first_ms / $5::bigint = b.last_ms / $5::bigint`,
  local: `date_trunc($5, timezone($6, to_timestamp(b.first_ms / 1000.0))) = date_trunc($5, timezone($6, to_timestamp(b.last_ms / 1000.0)))`,
}
const UNITS = { '1d': 'day', '1mo': 'month', '1y': 'year' } as const

// Blocks, hours of which only figures are kept and, as the last, the tail, of each sensor in the order of time. One statement, so that
// no reading is in two of them or in none.
const readText = (kind: Bucket['kind']): string => `
  with blocks as (
    select b.*, ${IN_ONE[kind]} and b.first_ms >= $3 and b.last_ms < $4 and (b.good = 0 or b.sum is not null) as whole
      from unnest($2::uuid[]) as k(sensor_id)
      join reading_blocks b on b.tenant_id = $1 and b.sensor_id = k.sensor_id and b.first_ms < $4 and b.first_ms >= coalesce(
             (select max(x.first_ms) from reading_blocks x where x.tenant_id = $1 and x.sensor_id = k.sensor_id and x.first_ms <= $3), 0)
  ), rollups as (
    select r.* from unnest($2::uuid[]) as k(sensor_id)
      join reading_rollups r on r.tenant_id = $1 and r.sensor_id = k.sensor_id and r.first_ms < $4 and r.last_ms >= $3
  ), size as (
    select (select coalesce(sum(readings) filter (where not whole), 0) from blocks)
         + (select coalesce(sum(hours), 0) * ${HOUR_WEIGHT} from rollups) as unpacked
  )
  select b.sensor_id, b.first_ms, b.readings, b.good, b.min, b.max, b.sum, b.sum_low, b.last_value, size.unpacked::float8,
         case when not b.whole and size.unpacked <= ${MOST_UNPACKED} then b.data end as data,
         null::bytea as hours, null::bigint as raw_from_ms, null::bigint as kept_from_ms
    from blocks b, size
   union all
  select r.sensor_id, r.first_ms, 0, 0, null, null, null, null, null, size.unpacked::float8, null,
         case when size.unpacked <= ${MOST_UNPACKED} then r.data end, null, null
    from rollups r, size
   union all
  select st.sensor_id, 9007199254740991, 0, 0, null, null, null, null, null, size.unpacked::float8,
         case when st.last_ms >= $3 then st.tail else '' end, null, st.raw_from_ms, st.kept_from_ms
    from size, unnest($2::uuid[]) as k(sensor_id)
    join sensor_states st on st.tenant_id = $1 and st.sensor_id = k.sensor_id
   order by 1, 2`
const READ = { fixed: readText('fixed'), local: readText('local') }

type Row = WholePiece & Kept & { sensor_id: string; data: Buffer | null; hours: Buffer | null; unpacked: number }

const tooLong = (): Error =>
  readingRefusals.refuse('plant_ops.period_not_usable', {
    details: [{ field: 'bucket', message: 'is too short for this period' }],
  })

type Summed = Kept & { buckets: Summary[] }

/**
 * The readings of these sensors by bucket. What is kept by the hour alone counts in the buckets that are made of whole hours, each hour
 * in the period that it begins in; other buckets begin with the first whole one of what is kept one by one.
 */
export async function readKeptBuckets(
  work: ReadingWork,
  sensorIds: readonly string[],
  period: Period,
  bucket: Bucket,
): Promise<Map<string, Summed>> {
  const zone = bucket.kind === 'local' ? await zoneOf(work, sensorIds) : 'UTC'
  const how = bucket.kind === 'fixed' ? [bucket.ms] : [UNITS[bucket.step], zone]
  const { rows } = await work.db.executeQuery(
    CompiledQuery.raw(READ[bucket.kind], [
      ...[work.tenantId, `{${sensorIds.join(',')}}`, period.from, period.to],
      ...how,
    ]),
  )
  if (((rows as Row[])[0]?.unpacked ?? 0) > MOST_UNPACKED) throw tooLong()
  const bySensor = Map.groupBy(rows as Row[], (row) => row.sensor_id)
  return new Map(Array.from(bySensor, ([id, own]) => [id, summedUp(own, period, bucket, zone)]))
}

/** The same of sensors whose readings all stay; one without any is not among them. */
export async function readBuckets(...asked: Parameters<typeof readKeptBuckets>): Promise<Map<string, Summary[]>> {
  const found = await readKeptBuckets(...asked)
  return new Map([...found].flatMap(([id, { buckets }]) => (buckets.length === 0 ? [] : [[id, buckets]])))
}

function summedUp(rows: readonly Row[], { from, to }: Period, bucket: Bucket, zone: string): Summed {
  const { raw_from_ms, kept_from_ms } = rows.at(-1)!
  const hours = rows.flatMap((row) => (row.hours === null ? [] : hoursWithin(unpackHours(row.hours), from, to)))
  const whole = hours.length === 0 || isOfHours(bucket, zone, hours[0]!.first_ms, raw_from_ms!)
  const raw = rows
    .filter((row) => row.hours === null)
    .map((row): Piece => (row.data === null ? row : within(unpackChunks(row.data), from, to)))
    .filter((piece) => !('at_ms' in piece) || piece.length > 0)
  const summed = summaries(whole ? [...hours.map(pieceOf), ...raw] : raw, bucket, zone, MOST_BUCKETS)
  if (summed === null) throw tooLong()
  const buckets = whole ? summed : summed.filter(({ ts }) => ts >= raw_from_ms!)
  return { buckets, raw_from_ms, kept_from_ms }
}

/** Days are those of the plant; of several plants' sensors, those of the tenant, unless all say the same. */
async function zoneOf(work: ReadingWork, sensorIds: readonly string[]): Promise<string> {
  const { rows } = await sql<{ time_zone: string | null }>`
    select distinct p.time_zone from sensors s join plants p on p.tenant_id = s.tenant_id and p.id = s.plant_id
     where s.tenant_id = ${work.tenantId} and s.id = any (${sensorIds}::uuid[])`.execute(work.db)
  const [only] = rows
  return rows.length === 1 && only?.time_zone ? knownTimeZone(only.time_zone) : tenantTimeZone(work)
}

/** Summaries as JSON, by hand as readings are. */
export function bucketsJson(all: readonly Summary[]): string {
  let text = '['
  for (const [i, { ts, min, max, count, last, excluded, ...total }] of all.entries()) {
    const sum = rounded(total)
    const mean = count === 0 || !Number.isFinite(sum) ? null : sum / count
    text += `${i > 0 ? ',' : ''}{"ts":"${instantText(ts)}","min":${min},"max":${max},"mean":${mean},"count":${count},"last":${last}`
    if (excluded > 0) text += `,"excluded":${excluded}`
    text += '}'
  }
  return `${text}]`
}
