import { sql } from 'kysely'
import type { SensorWork } from '../tables.ts'
import { sensorRefusals } from './refusals.ts'
import { Sensor } from './schemas.ts'

// security-ok: the names of our own schema
export const sensorColumns = sql.raw(
  Object.keys(Sensor.properties)
    .map((name) => `s.${name}`)
    .join(', '),
)

/** A plant that is hidden hides its sensors, too. */
export const OF_LIVE_PLANT = `exists (select from plants p where p.tenant_id = s.tenant_id and p.id = s.plant_id and p.deleted_at is null)`
// security-ok: a text of our own
export const ofLivePlant = sql.raw(OF_LIVE_PLANT)

/** A live sensor in scope. */
export async function getSensor({ db, tenantId }: SensorWork, id: string): Promise<Sensor> {
  const { rows } = await sql<Sensor>`
    select ${sensorColumns} from sensors s
     where s.tenant_id = ${tenantId} and s.id = ${id} and s.deleted_at is null and ${ofLivePlant}`.execute(db)
  if (rows[0] === undefined) throw sensorRefusals.refuse('sensors.not_found')
  return rows[0]
}

/** The same, held until the transaction ends; a hidden one too where it is asked for. */
export async function lockSensor({ db, tenantId }: SensorWork, id: string, hiddenToo = false): Promise<Sensor> {
  const { rows } = await sql<Sensor>`
    select ${sensorColumns} from sensors s
     where s.tenant_id = ${tenantId} and s.id = ${id} and (s.deleted_at is null or ${hiddenToo}) and ${ofLivePlant}
       for update of s`.execute(db)
  if (rows[0] === undefined) throw sensorRefusals.refuse('sensors.not_found')
  return rows[0]
}
