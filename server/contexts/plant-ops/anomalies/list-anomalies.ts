import { type RawBuilder, sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { sortTerms } from '#platform/http/sort.ts'
import { knownTimeZone } from '#platform/tenancy/tenant-day.ts'
import { OF_LIVE_PLANT } from '../sensors/get-sensor.ts'
import type { AnomalyWork } from '../tables.ts'
import type { Cause } from './causes.ts'
import { explain } from './explanation.ts'
import { anomalyRefusals } from './refusals.ts'
import type { Anomaly } from './schemas.ts'

export const ANOMALY_SORTS = ['started_at', 'last_at', 'peak_score'] as const
export type AnomalyFilter = {
  limit: number
  offset: number
  sort?: string
  status?: Anomaly['status']
  acknowledged?: boolean
  shelved?: boolean
  sensor_id?: string
  plant_id?: string
}

type Row = Omit<Anomaly, 'explanation_it' | 'explanation_en' | 'causes'> & {
  causes: readonly Cause[]
  zone: string | null
}

const statusAt = (now: Date) => sql`
  case when a.active_until <= ${now} then 'cleared' when a.acknowledged_at is null then 'active' else 'acknowledged' end`

/** A shelf ends by the clock; who tells so comes a moment later. */
const whileShelved = (now: Date, column: string) => {
  // security-ok: the name of a column, from this file
  const name = sql.raw(column)
  return sql`case when a.shelved_until > ${now} then a.${name} end as ${name}`
}

const columnsAt = (now: Date) => sql`
  a.id, a.sensor_id, s.name as sensor_name, s.unit, a.plant_id, ${statusAt(now)} as status, a.started_at, a.last_at,
  extract(epoch from a.last_at - a.started_at)::float8 as duration_s, a.readings, a.occurrences, a.peak_score, a.peak_at,
  a.peak_value, a.causes, a.silent_since, ${whileShelved(now, 'shelved_until')}, ${whileShelved(now, 'shelved_at')},
  ${whileShelved(now, 'shelved_by')}, ${whileShelved(now, 'shelve_reason')}, a.acknowledged_at, a.acknowledged_by, a.note,
  coalesce((select p.time_zone from plants p where p.tenant_id = a.tenant_id and p.id = a.plant_id),
           (select t.configuration ->> 'time_zone' from control.tenants t where t.id = a.tenant_id)) as zone,
  a.revision + case when a.active_until <= ${now} then 1 else 0 end + case when a.shelved_until <= ${now} then 2 else 0 end as revision, a.created_at, a.updated_at`

// security-ok: a text of our own
const FROM = sql.raw(`anomalies a join sensors s on s.tenant_id = a.tenant_id and s.id = a.sensor_id
  and s.deleted_at is null and ${OF_LIVE_PLANT}`)

const inWords = ({ causes, zone, ...row }: Row): Anomaly => {
  const since = row.silent_since === null ? null : new Date(row.silent_since)
  const facts = { unit: row.unit, causes, since, zone: knownTimeZone(zone) }
  return { ...row, causes: [...causes], explanation_it: explain('it', facts), explanation_en: explain('en', facts) }
}

/** Alarms of live sensors in scope, the newest first. */
export async function listAnomalies({ db, tenantId, now }: AnomalyWork, filter: AnomalyFilter): Promise<Page<Anomaly>> {
  const terms: RawBuilder<unknown>[] = [sql`a.tenant_id = ${tenantId}`]
  if (filter.status !== undefined) terms.push(sql`${statusAt(now)} = ${filter.status}`)
  if (filter.acknowledged !== undefined) terms.push(sql`(a.acknowledged_at is not null) = ${filter.acknowledged}`)
  if (filter.shelved !== undefined) {
    terms.push(sql`coalesce(a.shelved_until > ${now}, false) = ${filter.shelved}`)
  }
  if (filter.sensor_id !== undefined) terms.push(sql`a.sensor_id = ${filter.sensor_id}`)
  if (filter.plant_id !== undefined) terms.push(sql`a.plant_id = ${filter.plant_id}`)
  const where = sql.join(terms, sql` and `)
  const order = sortTerms(filter.sort, '-started_at').map(
    // security-ok: one of two words
    ({ field, direction }) => sql`${sql.ref(`a.${field}`)} ${sql.raw(direction)}`,
  )
  const count = sql<{ total: number }>`select count(*)::integer as total from ${FROM} where ${where}`
  const { rows } = await sql<Row & { total: number }>`
    select ${columnsAt(now)}, (${count}) as total from ${FROM} where ${where}
     order by ${sql.join([...order, sql`a.id`])} limit ${filter.limit} offset ${filter.offset}`.execute(db)
  const total = rows[0]?.total ?? (filter.offset === 0 ? 0 : (await count.execute(db)).rows[0]!.total)
  return page(rows.map(inWords), total, filter)
}

/** One alarm of a live sensor in scope. */
export async function getAnomaly({ db, tenantId, now }: AnomalyWork, id: string): Promise<Anomaly> {
  const { rows } = await sql<Row>`
    select ${columnsAt(now)} from ${FROM} where a.tenant_id = ${tenantId} and a.id = ${id}`.execute(db)
  if (rows[0] === undefined) throw anomalyRefusals.refuse('anomalies.not_found')
  return inWords(rows[0])
}
