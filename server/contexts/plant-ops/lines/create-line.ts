import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { plantsExist } from '#contexts/plants'
import { violated } from '#platform/database/database-refusals.ts'
import type { FloorWork } from '../tables.ts'
import { tellLineCreated } from './events.ts'
import { lineColumns } from './get-line.ts'
import { lineRefusals } from './refusals.ts'
import type { NewLine, ProductionLine } from './schemas.ts'

export const asLineRefusal = (error: unknown): unknown =>
  violated(error) === 'lines_code' ? lineRefusals.refuse('lines.code_taken', { cause: error }) : error

/** Adds a line; it is idle from now on, until somebody says otherwise. */
export async function createLine(work: FloorWork, body: Static<typeof NewLine>): Promise<ProductionLine> {
  const { plant_id, name, code, description = null, ideal_cycle_time_s = null } = body
  if (!(await plantsExist(work, [plant_id]))) throw lineRefusals.refuse('lines.plant_not_found')
  const id = newId()
  const { tenantId, now, actor } = work
  const { rows } = await sql<ProductionLine>`
    insert into lines as l (tenant_id, id, plant_id, name, code, description, ideal_cycle_time_s, status, status_since,
           created_at, updated_at, created_by, updated_by)
    values (${tenantId}, ${id}, ${plant_id}, ${name}, ${code}, ${description}, ${ideal_cycle_time_s}, 'idle', ${now},
           ${now}, ${now}, ${actor.id}, ${actor.id})
    returning ${lineColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asLineRefusal(error)
    })
  const at = now.toISOString()
  await work.db
    .insertInto('line_states')
    .values({
      ...{ tenant_id: tenantId, id: newId(), plant_id, line_id: id, status: 'idle', starts_at: at },
      ...{ recorded_at: at, recorded_by: actor.id },
    })
    .execute()
  const line = rows[0]!
  const entry = { action: 'lines.created', resource: 'line', resource_id: id, plant_id: line.plant_id }
  work.record({ ...entry, after: { name, code, description, ideal_cycle_time_s } }, tellLineCreated(line))
  return line
}
