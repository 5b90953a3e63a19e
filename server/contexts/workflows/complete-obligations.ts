import { lockPlants } from '#contexts/plants'
import { tellCompleted } from './events.ts'
import { reconcilePlants, type ObligationsWork } from './reconcile-obligations.ts'

/**
 * Marks duties as done, and sets the next deadlines of their plants. What was withdrawn or is done already stays as it is.
 * Whoever calls it answers for the proof: a workflow that ended, or a person who says so.
 */
export async function completeObligations(work: ObligationsWork, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  // Plants before their rows, as everywhere: two who do it the other way round would wait for each other.
  const owners = await work.db
    .selectFrom('obligations')
    .select('plant_id')
    .distinct()
    .where('tenant_id', '=', work.tenantId)
    .where('id', 'in', ids)
    .execute()
  const plants = owners.map((row) => row.plant_id)
  if (plants.length === 0) return
  await lockPlants(work, plants)
  const rows = await work.db
    .updateTable('obligations')
    .set((eb) => ({
      status: 'completed',
      revision: eb('revision', '+', 1),
      updated_at: work.now.toISOString(),
      updated_by: work.actor.id,
    }))
    .where('tenant_id', '=', work.tenantId)
    .where('id', 'in', ids)
    .where('status', 'in', ['open', 'untracked'])
    .returning(['id', 'plant_id', 'obligation', 'period', 'due_date'])
    .execute()
  for (const { id, plant_id, ...after } of rows) {
    const entry = { action: 'obligations.completed', resource: 'obligation', resource_id: id, plant_id }
    work.record({ ...entry, after: { status: 'completed', ...after } }, tellCompleted({ id, plant_id, ...after }))
  }
  await reconcilePlants(work, plants)
}
