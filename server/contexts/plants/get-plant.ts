import { sql } from 'kysely'
import { plantRefusals } from './refusals.ts'
import { Plant } from './schemas.ts'
import type { PlantWork } from './tables.ts'

/** The columns of an answer as text: named once, because a builder that names thirty of them costs more than the query. */
export const plantColumnNames = Object.keys(Plant.properties)
  .map((name) => `p.${name}`)
  .join(', ')
// security-ok: the names of our own schema
export const plantColumns = sql.raw(plantColumnNames)

/** A live plant in scope. */
export async function getPlant({ db, tenantId }: PlantWork, id: string): Promise<Plant> {
  const { rows } = await sql<Plant>`
    select ${plantColumns} from plants p
     where p.tenant_id = ${tenantId} and p.id = ${id} and p.deleted_at is null`.execute(db)
  if (rows[0] === undefined) throw plantRefusals.refuse('plants.not_found')
  return rows[0]
}

/** The same, held until the transaction ends; with `hidden` also one that is hidden. */
export async function lockPlant({ db, tenantId }: PlantWork, id: string, hidden = false): Promise<Plant> {
  const { rows } = await sql<Plant>`
    select ${plantColumns} from plants p where p.tenant_id = ${tenantId} and p.id = ${id} for update`.execute(db)
  const [plant] = rows
  if (plant === undefined || (plant.deleted_at !== null && !hidden)) throw plantRefusals.refuse('plants.not_found')
  return plant
}
