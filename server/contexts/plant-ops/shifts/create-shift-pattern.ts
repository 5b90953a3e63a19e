import { sql } from 'kysely'
import type { Static } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { LONGEST_BACK_DAYS } from '../asked-time.ts'
import { lockLine } from '../lines/get-line.ts'
import { plantZone, recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { tellPlan } from './events.ts'
import { getShiftPattern } from './list-shifts.ts'
import { shiftRefusals } from './refusals.ts'
import type { NewShiftPattern, ShiftPattern } from './schemas.ts'
import { dayAfter, type Instance, instancesOf, isTimeZone, overlappingDay } from './shift-times.ts'

const LONGEST_DAYS = 400
type Body = Static<typeof NewShiftPattern>

function problemsOf({ valid_from, valid_until, time_zone }: Body, now: Date) {
  const details: { field: string; message: string }[] = []
  const wrong = (field: string, message: string): void => void details.push({ field, message })
  if (valid_until < valid_from) wrong('valid_until', 'must not be before valid_from')
  else if (valid_until > dayAfter(valid_from, LONGEST_DAYS)) wrong('valid_until', `must be within ${LONGEST_DAYS} days`)
  const today = now.toISOString().slice(0, 10)
  if (valid_from < dayAfter(today, -LONGEST_BACK_DAYS)) wrong('valid_from', `must be within ${LONGEST_BACK_DAYS} days`)
  if (valid_from > dayAfter(today, 2 * LONGEST_DAYS)) wrong('valid_from', 'is too far in the future')
  if (time_zone !== undefined && !isTimeZone(time_zone)) {
    wrong('time_zone', 'must be a zone of the IANA database, such as Europe/Rome')
  }
  return details
}

async function insertShifts(work: FloorWork, pattern: Planned, instances: readonly Instance[]): Promise<void> {
  const rows = instances.map(({ local_date, from, to }) => ({
    ...{ id: newId(), local_date, starts_at: new Date(from).toISOString(), ends_at: new Date(to).toISOString() },
  }))
  await sql`
    insert into shifts (tenant_id, plant_id, line_id, pattern_id, name, id, local_date, starts_at, ends_at)
    select ${work.tenantId}::uuid, ${pattern.plant_id}::uuid, ${pattern.line_id}::uuid, ${pattern.id}::uuid, ${pattern.name}::text, r.*
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, local_date date, starts_at timestamptz, ends_at timestamptz)`
    .execute(work.db)
    .catch((error: unknown) => {
      if (violated(error) === 'shifts_no_overlap') throw shiftRefusals.refuse('shifts.overlap', { cause: error })
      throw error
    })
}
type Planned = { id: string; plant_id: string; line_id: string; name: string }

type LineOf = { id: string; plant_id: string }

/** Writes a pattern with all of its shifts; past ones restate what was closed. The line is locked by the caller. */
export async function insertPattern(
  work: FloorWork,
  line: LineOf,
  { body, replaces }: { body: Body; replaces: string | null },
): Promise<ShiftPattern> {
  const details = problemsOf(body, work.now)
  if (details.length > 0) throw shiftRefusals.refuse('shifts.invalid_pattern', { details })
  const time_zone = body.time_zone ?? (await plantZone(work, line.plant_id))
  const instances = instancesOf({ ...body, time_zone })
  if (instances.length === 0) throw shiftRefusals.refuse('shifts.none')
  const twice = overlappingDay(instances)
  if (twice !== null)
    throw shiftRefusals.refuse('shifts.overlap', { details: [{ field: 'ends', message: `of ${twice}` }] })
  const id = newId()
  const pattern = { ...body, id, plant_id: line.plant_id, time_zone, replaces }
  const at = work.now.toISOString()
  const stamps = { created_at: at, updated_at: at, created_by: work.actor.id, updated_by: work.actor.id }
  const span = { from: instances[0]!.from, to: instances.at(-1)!.to }
  await recordRestatements(work, { line, span, reason: 'shifts', kinds: ['shifts'] }, async () => {
    await work.db
      .insertInto('shift_patterns')
      .values({ tenant_id: work.tenantId, ...pattern, ...stamps })
      .execute()
    await insertShifts(work, pattern, instances)
  })
  return getShiftPattern(work, id)
}

/** Plans shifts by local times, with their instances. */
export async function createShiftPattern(work: FloorWork, body: Body): Promise<ShiftPattern> {
  const line = await lockLine(work, body.line_id)
  const made = await insertPattern(work, line, { body, replaces: null })
  const entry = { action: 'shifts.created', resource: 'shift_pattern', resource_id: made.id, plant_id: line.plant_id }
  const { time_zone, shifts } = made
  work.record({ ...entry, after: { ...body, time_zone, shifts } }, tellPlan(made, 'shifts'))
  return made
}

/** Ends a pattern: shifts that have not begun are taken away, those that have stay. */
export async function endShiftPattern(work: FloorWork, id: string): Promise<void> {
  const pattern = await getShiftPattern(work, id)
  await lockLine(work, pattern.line_id)
  await sql`update shifts set cancelled_at = ${work.now}
             where tenant_id = ${work.tenantId} and pattern_id = ${id} and starts_at > ${work.now} and cancelled_at is null`.execute(
    work.db,
  )
  await sql`update shift_patterns set revision = revision + 1, updated_at = ${work.now}, updated_by = ${work.actor.id}
             where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const entry = { action: 'shifts.ended', resource: 'shift_pattern', resource_id: id, plant_id: pattern.plant_id }
  work.record(entry, tellPlan(pattern, 'shifts'))
}
