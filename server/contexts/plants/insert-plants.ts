import pg from 'pg'
import { sql } from 'kysely'
import { violated } from '#platform/database/database-refusals.ts'
import type { Change } from '#platform/database/work.ts'
import { newId } from '#platform/new-id.ts'
import { tellCreated } from './events.ts'
import { plantColumnNames } from './get-plant.ts'
import { plantRefusals } from './refusals.ts'
import { type Plant, PlantFields } from './schemas.ts'
import { searchTextOf } from './searchable.ts'
import type { PlantWork } from './tables.ts'

/** What the database refuses about a plant's row, said in this context's words. */
export function asPlantRefusal(error: unknown): unknown {
  if (violated(error) === 'plants_code') return plantRefusals.refuse('plants.code_taken', { cause: error })
  // 42501: the row is outside of the plants that the user sees, as any new one is.
  if (error instanceof pg.DatabaseError && error.code === '42501') {
    return plantRefusals.refuse('plants.outside_scope', { cause: error })
  }
  return error
}

/** Adds plants in one statement; the caller has asked for their places (`countPlacesLeft`) in the same Work. */
export async function insertPlants(work: PlantWork, plants: readonly PlantFields[]): Promise<string[]> {
  const made = plants.map((plant) => ({ ...plant, id: newId(), search_text: searchTextOf(plant) }))
  if (made.length === 0) return []
  await sql`
    insert into plants (tenant_id, id, name, code, type, status, power, power_kw, country, location, address,
           municipality, province, region, latitude, longitude, time_zone, tags, notes, search_text,
           created_at, updated_at, created_by, updated_by)
    select ${work.tenantId}::uuid, r.*, ${work.now}::timestamptz, ${work.now}::timestamptz, ${work.actor.id}::uuid, ${work.actor.id}::uuid
      from jsonb_to_recordset(${JSON.stringify(made)}::jsonb) as r(id uuid, name text, code text, type text, status text,
           power text, power_kw double precision, country text, location text, address text, municipality text,
           province text, region text, latitude double precision, longitude double precision, time_zone text,
           tags text[], notes text, search_text text)`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asPlantRefusal(error)
    })
  return made.map(({ id }) => id)
}

/** What the trail says of a new plant: what is known of it. */
export function known(plant: PlantFields): Record<string, unknown> {
  const said: Record<string, unknown> = {}
  for (const name of FIELDS) if (plant[name] !== null) said[name] = plant[name]
  return said
}

const FIELDS = Object.keys(PlantFields.properties) as readonly (keyof PlantFields)[]
const values = FIELDS.map((_, i) => `$${i + 6}`).join(', ')
/** Written once: a builder that puts thirty parameters together costs the server a twentieth of the request. */
const INSERT = `
  insert into plants as p (tenant_id, id, search_text, created_at, updated_at, created_by, updated_by, ${FIELDS.join(', ')})
  select $1, $2, $3, $4, $4, $5, $5, ${values} where places_left() > 0
  returning ${plantColumnNames}`

/** Adds one plant, in one round trip. */
export async function insertPlant(work: PlantWork, plant: PlantFields): Promise<Plant> {
  const id = newId()
  const at = work.now.toISOString()
  const change: Change<Plant> = {
    sql: INSERT,
    parameters: [work.tenantId, id, searchTextOf(plant), at, work.actor.id, ...FIELDS.map((field) => plant[field])],
  }
  const entry = { action: 'plants.created', resource: 'plant', resource_id: id, plant_id: id, after: known(plant) }
  const [made] = await work.finish(change, entry, tellCreated(id, plant)).catch((error: unknown) => {
    throw asPlantRefusal(error)
  })
  if (made === undefined) throw plantRefusals.refuse('plants.limit_reached')
  return made
}
