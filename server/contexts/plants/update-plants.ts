import { sql } from 'kysely'
import { asPlantRefusal } from './insert-plants.ts'
import type { PlantFields } from './schemas.ts'
import { searchTextOf } from './searchable.ts'
import type { PlantWork } from './tables.ts'

/** Writes the fields of plants that are locked, in one statement. */
export async function updatePlants(work: PlantWork, plants: readonly (PlantFields & { id: string })[]): Promise<void> {
  if (plants.length === 0) return
  const json = JSON.stringify(plants.map((plant) => ({ ...plant, search_text: searchTextOf(plant) })))
  await sql`
    update plants p
       set name = r.name, code = r.code, type = r.type, status = r.status, power = r.power, power_kw = r.power_kw,
           country = r.country, location = r.location, address = r.address, municipality = r.municipality,
           province = r.province, region = r.region, latitude = r.latitude, longitude = r.longitude,
           time_zone = r.time_zone, tags = r.tags, notes = r.notes, search_text = r.search_text,
           revision = p.revision + 1, updated_at = ${work.now}::timestamptz, updated_by = ${work.actor.id}::uuid
      from jsonb_to_recordset(${json}::jsonb) as r(id uuid, name text, code text, type text, status text, power text,
           power_kw double precision, country text, location text, address text, municipality text, province text,
           region text, latitude double precision, longitude double precision, time_zone text, tags text[], notes text,
           search_text text)
     where p.tenant_id = ${work.tenantId} and p.id = r.id`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asPlantRefusal(error)
    })
}
