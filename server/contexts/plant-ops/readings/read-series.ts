import { CompiledQuery } from 'kysely'
import type { ReadingWork } from '../tables.ts'
import { unpackChunks } from './chunk.ts'
import { joined, NO_READINGS, within, type Series } from './series.ts'

/** Times in epoch milliseconds; `to` is not included. */
export type Period = { from: number; to: number }

/** Everything there is: RFC 3339 has four digits of year. */
export const ALWAYS: Period = { from: 0, to: 253_402_300_800_000 }

/** Blocks and, as the last, the tail, of each sensor in the order of time. One statement, so that no reading is in both or in neither. */
const READ = `
  select b.sensor_id, b.first_ms, b.data
    from unnest($2::uuid[]) as k(sensor_id)
    join reading_blocks b on b.tenant_id = $1 and b.sensor_id = k.sensor_id and b.first_ms < $4 and b.first_ms >= coalesce(
           (select max(x.first_ms) from reading_blocks x where x.tenant_id = $1 and x.sensor_id = k.sensor_id and x.first_ms <= $3), 0)
   union all
  select st.sensor_id, 9007199254740991, st.tail
    from unnest($2::uuid[]) as k(sensor_id)
    join sensor_states st on st.tenant_id = $1 and st.sensor_id = k.sensor_id
   where st.last_ms >= $3
   order by 1, 2`

type Row = { sensor_id: string; first_ms: number; data: Buffer }

/** The readings of these sensors in a period; a sensor without any is not among them. */
export async function readSeries(
  { db, tenantId }: ReadingWork,
  sensorIds: readonly string[],
  { from, to }: Period,
): Promise<Map<string, Series>> {
  const { rows } = await db.executeQuery(CompiledQuery.raw(READ, [tenantId, `{${sensorIds.join(',')}}`, from, to]))
  const found = new Map<string, Series>()
  for (const [id, blocks] of Map.groupBy(rows as Row[], (row) => row.sensor_id)) {
    const parts = blocks.map(({ data }) => within(unpackChunks(data), from, to)).filter(({ length }) => length > 0)
    if (parts.length > 0) found.set(id, joined(parts))
  }
  return found
}

// As many blocks as hold what is asked for beyond the first, of which a part may lie before the period. The bytes of others are not
// touched: they lie beside the table.
const PAGE = `
  select x.first_ms, x.data, x.seen
    from (select h.first_ms, h.data, count(*) over () as seen,
                 sum(h.readings) over (order by h.first_ms) - h.readings - first_value(h.readings) over (order by h.first_ms) as before
            from (select b.first_ms, b.readings, b.data
                    from reading_blocks b
                   where b.tenant_id = $1 and b.sensor_id = $2 and b.first_ms < $4 and b.first_ms >= coalesce(
                         (select max(x.first_ms) from reading_blocks x where x.tenant_id = $1 and x.sensor_id = $2 and x.first_ms <= $3), 0)
                   order by b.first_ms limit $5) h) x
   where x.before < $6
   union all
  select 9007199254740991, st.tail, 0 from sensor_states st where st.tenant_id = $1 and st.sensor_id = $2 and st.last_ms >= $3
   order by 1`

/** The first so many readings of a sensor in a period. */
export async function readPage(
  { db, tenantId }: ReadingWork,
  sensorId: string,
  { from, to }: Period,
  limit: number,
): Promise<Series> {
  for (let most = 64; ; most *= 8) {
    const { rows } = await db.executeQuery(CompiledQuery.raw(PAGE, [tenantId, sensorId, from, to, most, limit]))
    const blocks = rows as (Omit<Row, 'sensor_id'> & { seen: number })[]
    // Where there may be more blocks than were looked at, the tail does not follow them.
    const isCut = blocks[0]?.seen === most
    const usable = isCut ? blocks.filter(({ seen }) => seen > 0) : blocks
    const parts = usable.map(({ data }) => within(unpackChunks(data), from, to)).filter(({ length }) => length > 0)
    const series = parts.length === 0 ? NO_READINGS : joined(parts)
    if (!isCut || series.length >= limit) return series
  }
}
