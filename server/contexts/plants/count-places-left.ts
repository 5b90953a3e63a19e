import { sql } from 'kysely'
import type { PlantWork } from './tables.ts'

/** How many more plants the plan allows; nobody else can take them before this Work ends. */
export async function countPlacesLeft({ db }: PlantWork): Promise<number> {
  const { rows } = await sql<{ free: number }>`select places_left() as free`.execute(db)
  return rows[0]!.free
}
