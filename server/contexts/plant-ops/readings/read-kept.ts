import { CompiledQuery, sql } from 'kysely'
import { ofLivePlant } from '../sensors/get-sensor.ts'
import { sensorRefusals } from '../sensors/refusals.ts'
import type { ReadingWork } from '../tables.ts'
import { instantText } from './instant-text.ts'
import type { Period } from './read-series.ts'
import { hoursWithin, unpackHours, type RolledHour } from './rollup.ts'

/** From when on a sensor's readings are kept one by one, and from when on at all; null: nothing was removed. Epoch ms, whole hours. */
export type Kept = { raw_from_ms: number | null; kept_from_ms: number | null }

/** An hour takes about as many bytes and as long to unpack as so many readings. */
export const HOUR_WEIGHT = 4

const textOf = (at_ms: number | null): string => (at_ms === null ? 'null' : `"${instantText(at_ms)}"`)

/** As members of a JSON object. */
export const keptJson = ({ raw_from_ms, kept_from_ms }: Kept): string =>
  `"raw_from":${textOf(raw_from_ms)},"kept_from":${textOf(kept_from_ms)}`

/** What is kept of a sensor that is live and in scope. */
export async function keptOf({ db, tenantId }: ReadingWork, sensorId: string): Promise<Kept> {
  const { rows } = await sql<Kept>`
    select st.raw_from_ms, st.kept_from_ms
      from sensors s join sensor_states st on st.tenant_id = s.tenant_id and st.sensor_id = s.id
     where s.tenant_id = ${tenantId} and s.id = ${sensorId} and s.deleted_at is null and ${ofLivePlant}`.execute(db)
  if (rows[0] === undefined) throw sensorRefusals.refuse('sensors.not_found')
  return rows[0]
}

/** What is kept of each of these sensors. To be asked after the readings: then nothing that it denies was left out. */
export async function readKept({ db, tenantId }: ReadingWork, ids: readonly string[]): Promise<Map<string, Kept>> {
  const { rows } = await sql<Kept & { sensor_id: string }>`
    select sensor_id, raw_from_ms, kept_from_ms from sensor_states
     where tenant_id = ${tenantId} and sensor_id = any (${ids}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.sensor_id, row]))
}

const READ = `
  select r.sensor_id, r.first_ms, r.data, null::bigint as raw_from_ms, null::bigint as kept_from_ms
    from unnest($2::uuid[]) as k(sensor_id)
    join reading_rollups r on r.tenant_id = $1 and r.sensor_id = k.sensor_id and r.first_ms < $4 and r.last_ms >= $3
   union all
  select st.sensor_id, 9007199254740991, null, st.raw_from_ms, st.kept_from_ms
    from unnest($2::uuid[]) as k(sensor_id)
    join sensor_states st on st.tenant_id = $1 and st.sensor_id = k.sensor_id
   order by 1, 2`

type Row = Kept & { sensor_id: string; data: Buffer | null }

/** The same with the hours of a period of which only figures are kept. */
export async function readHours(
  { db, tenantId }: ReadingWork,
  ids: readonly string[],
  { from, to }: Period,
): Promise<Map<string, Kept & { hours: RolledHour[] }>> {
  const { rows } = await db.executeQuery(CompiledQuery.raw(READ, [tenantId, `{${ids.join(',')}}`, from, to]))
  const bySensor = Map.groupBy(rows as Row[], (row) => row.sensor_id)
  return new Map(
    Array.from(bySensor, ([id, own]) => {
      const { raw_from_ms, kept_from_ms } = own.at(-1)!
      const hours = own.flatMap(({ data }) => (data === null ? [] : hoursWithin(unpackHours(data), from, to)))
      return [id, { raw_from_ms, kept_from_ms, hours }]
    }),
  )
}
