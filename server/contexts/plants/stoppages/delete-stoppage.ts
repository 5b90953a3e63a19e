import { checkRevision } from '#platform/http/etag.ts'
import type { PlantWork } from '../tables.ts'
import { tellStoppageDeleted } from './events.ts'
import { lockStoppage } from './get-stoppage.ts'
import { stoppageFieldsOf } from './stoppage.ts'

type Target = { plantId: string; id: string; revisions: readonly number[] | null }

/** Takes a declaration back, as if it had never been made; the trail keeps what it said. */
export async function deleteStoppage(work: PlantWork, { plantId, id, revisions }: Target): Promise<void> {
  const before = await lockStoppage(work, plantId, id)
  checkRevision(before, revisions)
  await work.db
    .deleteFrom('plant_stoppages')
    .where('tenant_id', '=', work.tenantId)
    .where('id', '=', before.id)
    .execute()
  const entry = { action: 'stoppages.deleted', resource: 'plant_stoppage', resource_id: before.id }
  work.record({ ...entry, plant_id: before.plant_id, before: stoppageFieldsOf(before) }, tellStoppageDeleted(before))
}
