import { type RawBuilder, sql } from 'kysely'
import { OF_LIVE_PLANT } from '../sensors/get-sensor.ts'
import type { ReadingWork } from '../tables.ts'
import { instantText } from './instant-text.ts'
import { qualityOf, scoreOf } from './series.ts'

export type LatestFilter = { sensor_id?: string[]; plant_id?: string; line_id?: string; limit: number }

type Row = {
  sensor_id: string
  plant_id: string
  name: string
  unit: string
  last_ms: number | null
  last_value: number | null
  last_score: number | null
  last_mark: number | null
}

/** The newest reading of each sensor, from its row of state; null where there is none yet. */
export async function readLatest({ db, tenantId }: ReadingWork, filter: LatestFilter) {
  const terms: RawBuilder<unknown>[] = [
    sql`s.tenant_id = ${tenantId}`,
    sql`s.deleted_at is null`,
    sql.raw(OF_LIVE_PLANT),
  ]
  if (filter.sensor_id !== undefined) terms.push(sql`s.id = any (${filter.sensor_id}::uuid[])`)
  if (filter.plant_id !== undefined) terms.push(sql`s.plant_id = ${filter.plant_id}`)
  if (filter.line_id !== undefined) terms.push(sql`s.line_id = ${filter.line_id}`)
  const { rows } = await sql<Row>`
    select s.id as sensor_id, s.plant_id, s.name, s.unit, st.last_ms, st.last_value, st.last_score, st.last_mark
      from sensors s join sensor_states st on st.tenant_id = s.tenant_id and st.sensor_id = s.id
     where ${sql.join(terms, sql` and `)} order by s.name, s.id limit ${filter.limit}`.execute(db)
  return {
    items: rows.map(({ last_ms, last_value, last_score, last_mark, ...sensor }) => ({
      ...sensor,
      reading:
        last_ms === null
          ? null
          : {
              ts: instantText(last_ms),
              value: last_value!,
              quality: qualityOf(last_mark!),
              anomaly_score: scoreOf(last_score!),
            },
    })),
  }
}
