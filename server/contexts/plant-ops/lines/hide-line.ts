import { sql } from 'kysely'
import { checkRevision } from '#platform/http/etag.ts'
import type { FloorWork } from '../tables.ts'
import { tellLineDeleted } from './events.ts'
import { lockLine } from './get-line.ts'
import { lineRefusals } from './refusals.ts'

/** Hides a line on which no batch runs; what was recorded of it stays. */
export async function hideLine(
  work: FloorWork,
  { id, revisions }: { id: string; revisions: readonly number[] | null },
): Promise<void> {
  const line = await lockLine(work, id)
  checkRevision(line, revisions)
  const { rows: running } = await sql`
    select 1 from batches where tenant_id = ${work.tenantId} and line_id = ${id} and status in ('running', 'held')`.execute(
    work.db,
  )
  if (running.length > 0) throw lineRefusals.refuse('lines.busy')
  await sql`
    update lines set deleted_at = ${work.now}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'lines.deleted', resource: 'line', resource_id: id, plant_id: line.plant_id }
  work.record(entry, tellLineDeleted(line))
}
