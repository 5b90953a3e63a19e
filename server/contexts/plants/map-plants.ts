import { sql } from 'kysely'
import { plantConditions, type PlantFilter, searchJoin } from './plant-filter.ts'
import { searchable } from './searchable.ts'
import type { PlantWork } from './tables.ts'

/** More than a map can show; beyond it a box must be given. */
export const MAP_LIMIT = 20_000

/** The plants that have coordinates as a GeoJSON FeatureCollection (RFC 7946), written by the database. */
export async function mapPlants({ db, tenantId }: PlantWork, filter: PlantFilter): Promise<string> {
  if (filter.q !== undefined && searchable(filter.q) === '') return '{"type":"FeatureCollection","features":[]}'
  const { rows } = await sql<{ geojson: string }>`
    select json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(m.feature order by m.id), '[]'))::text as geojson
      from (select p.id, json_build_object('type', 'Feature', 'id', p.id,
                     'geometry', json_build_object('type', 'Point', 'coordinates', json_build_array(p.longitude, p.latitude)),
                     'properties', json_build_object('name', p.name, 'code', p.code, 'type', p.type, 'status', p.status,
                        'power_kw', p.power_kw, 'municipality', p.municipality, 'province', p.province, 'region', p.region,
                        'next_deadline', p.next_deadline, 'next_deadline_type', p.next_deadline_type)) as feature
              from plants p ${searchJoin(filter)}
             where p.latitude is not null and ${plantConditions(tenantId, filter)}
             order by p.id limit ${MAP_LIMIT}) m`.execute(db)
  return rows[0]!.geojson
}
