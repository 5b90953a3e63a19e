import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { plantRefusals } from '../refusals.ts'
import type { PlantWork } from '../tables.ts'
import { tellStoppageUpdated } from './events.ts'
import { lockStoppage, refuseOverlap, stoppageColumns } from './get-stoppage.ts'
import type { Stoppage, StoppageChange } from './schemas.ts'
import { checkStoppage, stoppageChanges } from './stoppage.ts'

type Asked = {
  plantId: string
  id: string
  change: Static<typeof StoppageChange>
  revisions: readonly number[] | null
}

/** Changes what was declared; figures of that time are worked out anew when they are asked for. */
export async function changeStoppage(work: PlantWork, { plantId, id, change, revisions }: Asked): Promise<Stoppage> {
  const before = await lockStoppage(work, plantId, id)
  checkRevision(before, revisions)
  const { fields, problems } = checkStoppage({ ...before, ...change }, work.now)
  if (problems.length > 0) throw plantRefusals.refuse('plants.invalid', { details: [...problems] })
  const changes = stoppageChanges(before, fields)
  if (changes === null) return before
  await refuseOverlap(work, { ...fields, id: before.id, plant_id: before.plant_id })
  const { rows } = await sql<Stoppage>`
    update plant_stoppages s
       set category = ${fields.category}, starts_at = ${fields.starts_at}, ends_at = ${fields.ends_at},
           curtailed_to_kw = ${fields.curtailed_to_kw}, cause = ${fields.cause}, note = ${fields.note},
           revision = s.revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where s.tenant_id = ${work.tenantId} and s.id = ${before.id} returning ${stoppageColumns}`.execute(work.db)
  const entry = { action: 'stoppages.updated', resource: 'plant_stoppage', resource_id: before.id }
  work.record({ ...entry, plant_id: before.plant_id, ...changes }, tellStoppageUpdated(before, changes.after))
  return rows[0]!
}
