import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { lockPlant } from '../get-plant.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { tellStoppageCreated } from './events.ts'
import { refuseOverlap, stoppageColumns } from './get-stoppage.ts'
import type { NewStoppage, Stoppage } from './schemas.ts'
import { checkStoppage, stoppageFieldsOf } from './stoppage.ts'

/** Declares a stoppage of a plant, past, present or planned. */
export async function createStoppage(
  work: PlantWork,
  plant_id: string,
  body: Static<typeof NewStoppage>,
): Promise<Stoppage> {
  await lockPlant(work, plant_id)
  const said = { ends_at: null, curtailed_to_kw: null, note: null, ...body }
  const { fields, problems } = checkStoppage(said, work.now)
  if (problems.length > 0) throw plantRefusals.refuse('plants.invalid', { details: [...problems] })
  const id = newId()
  await refuseOverlap(work, { id, plant_id, ...fields })
  const { tenantId, now, actor } = work
  const { rows } = await sql<Stoppage>`
    insert into plant_stoppages as s (tenant_id, id, plant_id, category, starts_at, ends_at, curtailed_to_kw, cause, note,
           created_at, updated_at, created_by, updated_by)
    values (${tenantId}, ${id}, ${plant_id}, ${fields.category}, ${fields.starts_at}, ${fields.ends_at},
            ${fields.curtailed_to_kw}, ${fields.cause}, ${fields.note}, ${now}, ${now}, ${actor.id}, ${actor.id})
    returning ${stoppageColumns}`.execute(work.db)
  const stoppage = rows[0]!
  const entry = { action: 'stoppages.created', resource: 'plant_stoppage', resource_id: id, plant_id }
  work.record({ ...entry, after: stoppageFieldsOf(stoppage) }, tellStoppageCreated(stoppage))
  return stoppage
}
