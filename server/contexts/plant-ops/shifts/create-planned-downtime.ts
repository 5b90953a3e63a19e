import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { LONGEST_BACK_DAYS } from '../asked-time.ts'
import { lockLine } from '../lines/get-line.ts'
import { readReason } from '../lines/read-reasons.ts'
import { lineRefusals } from '../lines/refusals.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { tellPlan } from './events.ts'
import { getPlannedDowntime } from './list-shifts.ts'
import { shiftRefusals } from './refusals.ts'
import type { NewPlannedDowntime, PlannedDowntime } from './schemas.ts'

const DAY_MS = 86_400_000
const LONGEST_DAYS = 400

/** What a planned downtime can be the reason of. */
export const DOWNTIME_STATES = ['planned_stop', 'maintenance', 'cleaning', 'changeover'] as const

export const asDowntimeRefusal = (error: unknown): unknown =>
  violated(error) === 'planned_downtimes_no_overlap'
    ? shiftRefusals.refuse('planned_downtimes.overlap', { cause: error })
    : error

export function checkPeriod(from: number, to: number, now: number): void {
  if (!(from < to) || to - from > LONGEST_DAYS * DAY_MS) throw lineRefusals.refuse('plant_ops.period_not_usable')
  if (from < now - LONGEST_BACK_DAYS * DAY_MS) throw lineRefusals.refuse('plant_ops.too_far_back')
}

/** Plans that a line stands still; in the past it restates what was closed. */
export async function createPlannedDowntime(
  work: FloorWork,
  body: Static<typeof NewPlannedDowntime>,
): Promise<PlannedDowntime> {
  const span = { from: Date.parse(body.starts_at), to: Date.parse(body.ends_at) }
  checkPeriod(span.from, span.to, work.now.getTime())
  const line = await lockLine(work, body.line_id)
  const reason_code = await readReason(work, body.reason_code, DOWNTIME_STATES)
  const id = newId()
  const at = work.now.toISOString()
  const { starts_at, ends_at, note = null } = body
  const of = { tenant_id: work.tenantId, id, plant_id: line.plant_id, line_id: line.id }
  const stamps = { created_at: at, updated_at: at, created_by: work.actor.id, updated_by: work.actor.id }
  const planned = { starts_at, ends_at, reason_code: reason_code!, note }
  await recordRestatements(work, { line, span, reason: 'planned_downtime', kinds: ['planned_downtimes'] }, () =>
    work.db
      .insertInto('planned_downtimes')
      .values({ ...of, ...planned, ...stamps })
      .execute()
      .catch((error: unknown) => {
        throw asDowntimeRefusal(error)
      }),
  )
  const entry = { action: 'planned_downtimes.created', resource: 'planned_downtime', resource_id: id }
  work.record({ ...entry, plant_id: line.plant_id, after: planned }, tellPlan(of, 'planned_downtimes'))
  return getPlannedDowntime(work, id)
}

/** Takes back a planned downtime that is not over; what has passed of it stays planned. */
export async function cancelPlannedDowntime(work: FloorWork, id: string): Promise<void> {
  const planned = await getPlannedDowntime(work, id)
  await lockLine(work, planned.line_id)
  if (Date.parse(planned.ends_at) <= work.now.getTime()) throw shiftRefusals.refuse('planned_downtimes.over')
  const begun = Date.parse(planned.starts_at) < work.now.getTime()
  const cancelled = begun ? sql`ends_at = ${work.now}` : sql`cancelled_at = ${work.now}`
  await sql`update planned_downtimes set ${cancelled}, revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
             where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'planned_downtimes.cancelled', resource: 'planned_downtime', resource_id: id }
  work.record({ ...entry, plant_id: planned.plant_id }, tellPlan(planned, 'planned_downtimes'))
}
