import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { ReadingWork } from '../tables.ts'
import { tellSensorCreated } from '../sensors/events.ts'
import type { Source } from './source-key.ts'

/** New sensors of one request: a feed that names its sources by the hour shall not fill the list in a minute. */
export const MOST_NEW = 200

type Place = { id: string; code: string }

/** Whether the company lets feeds make sensors. */
async function mayCreate({ db, tenantId }: ReadingWork): Promise<boolean> {
  const { rows } = await sql<{ allowed: boolean }>`
    select coalesce((configuration -> 'ingest' ->> 'create_sensors')::boolean, false) as allowed
      from control.tenants where id = ${tenantId}`.execute(db)
  return rows[0]?.allowed ?? false
}

/** The plants that the sources name by code or id; and the only one that the caller sees, for those that name none. */
async function findPlaces({ db, tenantId }: ReadingWork, names: readonly string[]) {
  const named = await sql<Place>`
    select id, code from plants where tenant_id = ${tenantId} and deleted_at is null
       and (code = any(${names}::text[]) or id::text = any(${names}::text[]))`.execute(db)
  const some = await sql<Place>`
    select id, code from plants where tenant_id = ${tenantId} and deleted_at is null order by id limit 2`.execute(db)
  const only = some.rows.length === 1 ? some.rows[0]!.id : null
  const byName = new Map(named.rows.flatMap(({ id, code }) => [[code, id] as const, [id, id] as const]))
  return (plant: string | null): string | null => (plant === null ? only : (byName.get(plant) ?? null))
}

/**
 * Makes sensors for sources that have none, where the company allows it: in the plant that the source names, else in the only one
 * that the caller sees. What cannot be placed, or belongs to somebody else already, is left out.
 */
export async function createSources(work: ReadingWork, sources: readonly Source[]): Promise<void> {
  if (sources.length === 0 || !(await mayCreate(work))) return
  const placeOf = await findPlaces(work, [...new Set(sources.flatMap(({ plant }) => plant ?? []))])
  const placed = sources
    .map(({ key, plant }) => ({ id: newId(), key, plant_id: placeOf(plant) }))
    .filter(({ plant_id }) => plant_id !== null)
    // In one order, so that two feeds that begin at once wait for each other and never for a circle.
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .slice(0, MOST_NEW)
  if (placed.length === 0) return
  const { db, tenantId, now, actor } = work
  const { rows } = await sql<{ id: string; plant_id: string; source: string }>`
    with made as (
      insert into sensors (tenant_id, id, plant_id, name, unit, source, created_at, updated_at, created_by, updated_by)
      select ${tenantId}::uuid, id, plant_id, left(source, 200), '', source, ${now}::timestamptz, ${now}::timestamptz,
             ${actor.id}::uuid, ${actor.id}::uuid
        from unnest(${placed.map(({ id }) => id)}::uuid[], ${placed.map(({ plant_id }) => plant_id)}::uuid[],
                    ${placed.map(({ key }) => key)}::text[]) as given(id, plant_id, source)
      on conflict do nothing
      returning id, plant_id, source
    ), states as (
      insert into sensor_states (tenant_id, sensor_id, plant_id) select ${tenantId}::uuid, id, plant_id from made
    )
    select id, plant_id, source from made`.execute(db)
  for (const { id, plant_id, source } of rows) {
    const entry = { action: 'sensors.created', resource: 'sensor', resource_id: id, plant_id }
    const after = { name: source.slice(0, 200), unit: '', source, plant_id }
    work.record({ ...entry, after }, tellSensorCreated({ id, plant_id, unit: '' }))
  }
}
