import { sql } from 'kysely'
import type { Static } from 'typebox'
import { dayIn } from '#platform/tenancy/tenant-day.ts'
import { lockLine } from '../lines/get-line.ts'
import type { FloorWork } from '../tables.ts'
import { insertPattern } from './create-shift-pattern.ts'
import { tellPlan } from './events.ts'
import { getShiftPattern } from './list-shifts.ts'
import { shiftRefusals } from './refusals.ts'
import type { ShiftPattern, ShiftPatternChange } from './schemas.ts'
import { dayAfter } from './shift-times.ts'

function wrong(message: string): never {
  throw shiftRefusals.refuse('shifts.invalid_pattern', { details: [{ field: 'from', message }] })
}

function checkFirstDay(pattern: ShiftPattern, from: string, now: Date): void {
  if (from <= dayIn(pattern.time_zone, now)) wrong('must be after today: what has begun stays')
  if (from <= pattern.valid_from) wrong('must be after the first day of the pattern: end it and plan another')
  if (from > pattern.valid_until) wrong('must not be after the last day of the pattern')
}

/**
 * Goes on otherwise from a local day on: the pattern ends the day before, a new one that names it begins, in one transaction. Shifts
 * before that day stay what they are.
 */
export async function changeShiftPattern(
  work: FloorWork,
  id: string,
  { from, ...change }: Static<typeof ShiftPatternChange>,
): Promise<ShiftPattern> {
  const { line_id } = await getShiftPattern(work, id)
  const line = await lockLine(work, line_id)
  const old = await getShiftPattern(work, id)
  checkFirstDay(old, from, work.now)
  const { numAffectedRows } = await sql`
    update shifts set cancelled_at = ${work.now}
     where tenant_id = ${work.tenantId} and pattern_id = ${id} and local_date >= ${from} and cancelled_at is null`.execute(
    work.db,
  )
  if (numAffectedRows === 0n) throw shiftRefusals.refuse('shifts.over')
  await sql`
    update shift_patterns set valid_until = ${dayAfter(from, -1)}, revision = revision + 1, updated_at = ${work.now},
           updated_by = ${work.actor.id}
     where tenant_id = ${work.tenantId} and id = ${id}`.execute(work.db)
  const { name, days, starts, ends, time_zone, valid_until } = old
  const body = { line_id, name, days, starts, ends, time_zone, valid_until, ...change, valid_from: from }
  const made = await insertPattern(work, line, { body, replaces: id })
  const entry = { action: 'shifts.changed', resource: 'shift_pattern', resource_id: made.id, plant_id: line.plant_id }
  work.record({ ...entry, before: { id, valid_until }, after: body }, tellPlan(made, 'shifts'))
  return made
}
