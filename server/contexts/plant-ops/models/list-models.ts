import { sql } from 'kysely'
import { page, type Page } from '#platform/http/shapes.ts'
import { getSensor } from '../sensors/get-sensor.ts'
import type { ModelWork } from '../tables.ts'
import { explainModel } from './model-words.ts'
import { modelRefusals } from './refusals.ts'
import type { SensorModel } from './schemas.ts'
import type { Report } from './trial.ts'

type Row = Omit<SensorModel, 'explanation_it' | 'explanation_en' | 'report'> & { report: Report | null }

// A training whose job has died or was cancelled decided nothing, and nobody wrote so: it may still be tried anew. Written revisions
// are odd; the even ones say that.
const COLUMNS = sql`
  m.id, m.sensor_id, m.plant_id, m.version, case when d.dead then 'rejected' else m.status end as status,
  case when d.dead then 'not_finished' else m.reason end as reason, m.unit, m.asked_from, m.asked_to, m.job_id, m.report,
  m.revision + case when d.dead then 1 else 0 end as revision, m.created_at, m.updated_at, m.created_by, m.updated_by`
const FROM = sql`
  sensor_models m cross join lateral (
    select m.status = 'challenger' and not exists (
             select from control.jobs j where j.tenant_id = m.tenant_id and j.id = m.job_id
                and j.state in ('delayed', 'waiting', 'admitted')) as dead) d`

const inWords = (row: Row): SensorModel => ({
  ...row,
  explanation_it: explainModel('it', row),
  explanation_en: explainModel('en', row),
})

/** The versions of a live sensor in scope, the newest first. */
export async function listModels(
  work: ModelWork,
  sensorId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<Page<SensorModel>> {
  const { db, tenantId } = work
  await getSensor(work, sensorId)
  const { rows } = await sql<Row & { total: number }>`
    select counted.total, paged.*
      from (select count(*)::integer as total from sensor_models where tenant_id = ${tenantId} and sensor_id = ${sensorId}) counted
      left join (select ${COLUMNS} from ${FROM} where m.tenant_id = ${tenantId} and m.sensor_id = ${sensorId}
                  order by m.version desc limit ${limit} offset ${offset}) paged on true`.execute(db)
  const found = rows.filter(({ id }) => id !== null).map(({ total: _total, ...row }) => inWords(row))
  return page(found, rows[0]?.total ?? 0, { limit, offset })
}

/** One version of a live sensor in scope. */
export async function getModel(work: ModelWork, sensorId: string, id: string): Promise<SensorModel> {
  const { db, tenantId } = work
  await getSensor(work, sensorId)
  const { rows } = await sql<Row>`
    select ${COLUMNS} from ${FROM} where m.tenant_id = ${tenantId} and m.sensor_id = ${sensorId} and m.id = ${id}`.execute(
    db,
  )
  if (rows[0] === undefined) throw modelRefusals.refuse('sensor_models.not_found')
  return inWords(rows[0])
}
