import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import { tellSensorCreated } from '../sensors/events.ts'
import type { ReadingWork } from '../tables.ts'
import { ingestReadings } from './ingest-readings.ts'
import { QUANTITIES, type PlantReading, type Quantity } from './plant-quantity.ts'
import type { ReadingColumns } from './reading-columns.ts'

const keyOf = (plantId: string, quantity: string): string => `${plantId} ${quantity}`

/**
 * Writes what was measured of plants as a whole and answers how many readings changed. Repeating one changes nothing; another value
 * or quality for the same time replaces it as a correction, and of two in one call the later stands.
 */
export async function importReadings(work: ReadingWork, readings: readonly PlantReading[]): Promise<number> {
  const last = new Map<string, PlantReading & { at: number }>()
  for (const reading of readings) {
    const at = Math.floor(Date.parse(reading.ts))
    last.set(`${keyOf(reading.plant_id, reading.quantity)} ${at}`, { ...reading, at })
  }
  const sensors = await sensorsOf(work, readings)
  const columns: ReadingColumns = { index: [], sensor: [], at_ms: [], value: [], quality: [] }
  for (const { plant_id, quantity, at, value, quality } of last.values()) {
    columns.index.push(columns.index.length)
    columns.sensor.push(sensors.get(keyOf(plant_id, quantity)) ?? '')
    columns.at_ms.push(at)
    columns.value.push(value)
    columns.quality.push(quality)
  }
  const { accepted, rejected } = await ingestReadings(work, columns, { correction: true })
  if (rejected.length > 0) throw new Error(`${rejected.length} readings cannot be imported: ${rejected[0]!.message}`)
  return accepted
}

/** The sensor of each quantity of these plants; made where there is none. */
async function sensorsOf(work: ReadingWork, readings: readonly PlantReading[]): Promise<Map<string, string>> {
  const wanted = new Map(readings.map(({ plant_id, quantity }) => [keyOf(plant_id, quantity), { plant_id, quantity }]))
  const found = await findSensors(work, [...wanted.values()])
  const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, one]) => one)
  if (missing.length === 0) return found
  await createSensors(work, missing)
  return findSensors(work, [...wanted.values()])
}

type Measured = { plant_id: string; quantity: Quantity }

async function findSensors({ db, tenantId }: ReadingWork, all: readonly Measured[]): Promise<Map<string, string>> {
  const { rows } = await sql<Measured & { id: string }>`
    select s.id, s.plant_id, s.quantity
      from unnest(${all.map((one) => one.plant_id)}::uuid[], ${all.map((one) => one.quantity)}::text[]) as w(plant_id, quantity)
      join sensors s on s.tenant_id = ${tenantId} and s.plant_id = w.plant_id and s.quantity = w.quantity and s.deleted_at is null`.execute(
    db,
  )
  return new Map(rows.map(({ id, plant_id, quantity }) => [keyOf(plant_id, quantity), id]))
}

async function createSensors(work: ReadingWork, missing: readonly Measured[]): Promise<void> {
  const { db, tenantId, now, actor } = work
  // In one order, so that two imports that begin at once wait for each other and never for a circle.
  const given = missing
    .toSorted((one, other) => (keyOf(one.plant_id, one.quantity) < keyOf(other.plant_id, other.quantity) ? -1 : 1))
    .map((one) => ({ ...one, ...QUANTITIES[one.quantity], id: newId() }))
  const { rows } = await sql<{ id: string; plant_id: string; name: string; unit: string; quantity: string }>`
    with made as (
      insert into sensors (tenant_id, id, plant_id, name, unit, kind, quantity, created_at, updated_at, created_by, updated_by)
      select ${tenantId}::uuid, g.id, g.plant_id, g.name, g.unit, g.kind, g.quantity, ${now}::timestamptz, ${now}::timestamptz,
             ${actor.id}::uuid, ${actor.id}::uuid
        from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as g(id uuid, plant_id uuid, name text, unit text, kind text, quantity text)
      on conflict do nothing
      returning id, plant_id, name, unit, quantity
    ), states as (
      insert into sensor_states (tenant_id, sensor_id, plant_id) select ${tenantId}::uuid, id, plant_id from made
    )
    select * from made`.execute(db)
  for (const { id, plant_id, name, unit, quantity } of rows) {
    const entry = { action: 'sensors.created', resource: 'sensor', resource_id: id, plant_id }
    work.record({ ...entry, after: { name, unit, quantity } }, tellSensorCreated({ id, plant_id, unit }))
  }
}
