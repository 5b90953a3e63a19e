import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import type { SensorWork } from '../tables.ts'
import { ofLivePlant, sensorColumns } from './get-sensor.ts'
import type { Sensor } from './schemas.ts'

export const SENSOR_SORTS = ['name', 'kind', 'unit', 'created_at'] as const
export type SensorFilter = {
  limit: number
  offset: number
  sort?: string
  q?: string
  plant_id?: string
  line_id?: string
  kind?: string
  source?: string
}

/** Live sensors in scope; `q` is found in name, kind and source, whatever the case. */
export async function listSensors({ db, tenantId }: SensorWork, filter: SensorFilter): Promise<Page<Sensor>> {
  const terms: RawBuilder<unknown>[] = [sql`s.tenant_id = ${tenantId}`, sql`s.deleted_at is null`, ofLivePlant]
  if (filter.plant_id !== undefined) terms.push(sql`s.plant_id = ${filter.plant_id}`)
  if (filter.line_id !== undefined) terms.push(sql`s.line_id = ${filter.line_id}`)
  if (filter.kind !== undefined) terms.push(sql`s.kind = ${filter.kind}`)
  if (filter.source !== undefined) terms.push(sql`s.source = ${filter.source}`)
  if (filter.q !== undefined) {
    terms.push(sql`strpos(lower(concat_ws(' ', s.name, s.kind, s.source)), lower(${filter.q})) > 0`)
  }
  const where = sql.join(terms, sql` and `)
  const order = sortTerms(filter.sort, 'name').map(
    // security-ok: one of two words
    ({ field, direction }) => sql`${sql.ref(`s.${field}`)} ${sql.raw(direction)}`,
  )
  const count = sql<{ total: number }>`select count(*)::integer as total from sensors s where ${where}`
  const { rows } = await sql<Sensor & { total: number }>`
    select ${sensorColumns}, (${count}) as total from sensors s where ${where}
     order by ${sql.join([...order, sql`s.id`])} limit ${filter.limit} offset ${filter.offset}`.execute(db)
  const total = rows[0]?.total ?? (filter.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows, total, filter)
}
