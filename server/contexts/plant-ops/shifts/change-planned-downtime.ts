import { sql } from 'kysely'
import type { Static } from 'typebox'
import { checkRevision } from '#platform/http/etag.ts'
import { changesOf } from '../changes.ts'
import { lockLine } from '../lines/get-line.ts'
import { readReason } from '../lines/read-reasons.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { asDowntimeRefusal, checkPeriod, DOWNTIME_STATES } from './create-planned-downtime.ts'
import { tellPlan } from './events.ts'
import { getPlannedDowntime } from './list-shifts.ts'
import { shiftRefusals } from './refusals.ts'
import type { PlannedDowntime, PlannedDowntimeChange } from './schemas.ts'

type Asked = { id: string; change: Static<typeof PlannedDowntimeChange>; revisions: readonly number[] | null }
const spanOf = ({ starts_at, ends_at }: { starts_at: string; ends_at: string }) => ({
  ...{ from: Date.parse(starts_at), to: Date.parse(ends_at) },
})

/** One that is over stays; of one that has begun the beginning stays, and it ends now at the earliest. */
function checkTimes(planned: PlannedDowntime, after: { starts_at: string; ends_at: string }, now: number): void {
  const [was, is] = [spanOf(planned), spanOf(after)]
  if (was.to <= now) throw shiftRefusals.refuse('planned_downtimes.over')
  const begun = was.from <= now
  if (begun && (is.from !== was.from || is.to < now)) throw shiftRefusals.refuse('planned_downtimes.begun')
  if (!begun || is.to !== was.to) checkPeriod(is.from, is.to, begun ? is.from : now)
}

/** Changes when and why a line is planned to stand; where it comes to lie in the past it restates what was closed. */
export async function changePlannedDowntime(
  work: FloorWork,
  { id, change, revisions }: Asked,
): Promise<PlannedDowntime> {
  const { line_id } = await getPlannedDowntime(work, id)
  const line = await lockLine(work, line_id)
  const planned = await getPlannedDowntime(work, id)
  checkRevision(planned, revisions)
  const changes = changesOf(planned, change)
  if (changes === null) return planned
  const after = { ...planned, ...change }
  checkTimes(planned, after, work.now.getTime())
  const reason_code = await readReason(work, after.reason_code, DOWNTIME_STATES)
  const [was, is] = [spanOf(planned), spanOf(after)]
  const span = { from: Math.min(was.from, is.from), to: Math.max(was.to, is.to) }
  const { starts_at, ends_at, note } = after
  await recordRestatements(work, { line, span, reason: 'planned_downtime', kinds: ['planned_downtimes'] }, () =>
    sql`
      update planned_downtimes set starts_at = ${starts_at}, ends_at = ${ends_at}, reason_code = ${reason_code}, note = ${note},
             revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
       where tenant_id = ${work.tenantId} and id = ${id}`
      .execute(work.db)
      .catch((error: unknown) => {
        throw asDowntimeRefusal(error)
      }),
  )
  const entry = { action: 'planned_downtimes.updated', resource: 'planned_downtime', resource_id: id }
  work.record({ ...entry, plant_id: planned.plant_id, ...changes }, tellPlan(planned, 'planned_downtimes'))
  return getPlannedDowntime(work, id)
}
