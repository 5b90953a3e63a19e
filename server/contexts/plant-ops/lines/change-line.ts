import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { changesOf } from '../changes.ts'
import type { FloorWork } from '../tables.ts'
import { asLineRefusal } from './create-line.ts'
import { tellLineUpdated } from './events.ts'
import { lineColumns, lockLine } from './get-line.ts'
import type { LineChange, ProductionLine } from './schemas.ts'

type Asked = { id: string; change: Static<typeof LineChange>; revisions: readonly number[] | null }

/** Changes what a line is called and its ideal cycle time; its plant is for good. */
export async function changeLine(work: FloorWork, { id, change, revisions }: Asked): Promise<ProductionLine> {
  const before = await lockLine(work, id)
  checkRevision(before, revisions)
  const changes = changesOf(before, change)
  if (changes === null) return before
  const after = { ...before, ...change }
  const { rows } = await sql<ProductionLine>`
    update lines l set name = ${after.name}, code = ${after.code}, description = ${after.description},
           ideal_cycle_time_s = ${after.ideal_cycle_time_s}, revision = l.revision + 1, updated_at = ${work.now},
           updated_by = ${work.actor.id}
     where l.tenant_id = ${work.tenantId} and l.id = ${id} returning ${lineColumns}`
    .execute(work.db)
    .catch((error: unknown) => {
      throw asLineRefusal(error)
    })
  const entry = { action: 'lines.updated', resource: 'line', resource_id: id, plant_id: before.plant_id }
  work.record({ ...entry, ...changes }, tellLineUpdated(before, changes.after))
  return rows[0]!
}
