import type { Static } from 'typebox'
import { askedInstant } from '../asked-time.ts'
import { recordRestatements } from '../oee/record-restatements.ts'
import type { FloorWork } from '../tables.ts'
import { tellLineDowntime, tellLineStatus } from './events.ts'
import { getLine, lockLine } from './get-line.ts'
import { readReason } from './read-reasons.ts'
import type { ProductionLine, StatusChange } from './schemas.ts'
import { readStateAt, readStateSpan, writeLineState } from './write-line-state.ts'

/** Sets the state of a line from now on, or corrects what was said of the past. */
export async function setLineStatus(
  work: FloorWork,
  id: string,
  { status, reason_code: asked, note = null, at: when }: Static<typeof StatusChange>,
): Promise<ProductionLine> {
  const at = askedInstant(when, work.now)
  const line = await lockLine(work, id)
  const reason_code = await readReason(work, asked, [status])
  const before = await readStateAt(work, line, at)
  if (before?.status === status && before.reason_code === reason_code && before.note === note) return line
  const { from, to } = await readStateSpan(work, line, at)
  // A failure belongs to where it began: that it is over is news of a day that may be closed.
  const span = { from: before?.status === 'down' ? Math.min(from, Date.parse(before.starts_at)) : from, to }
  const state = { at, status, reason_code, note, source: 'person' } as const
  await recordRestatements(work, { line, span, reason: 'line_status', kinds: ['states'] }, () =>
    writeLineState(work, line, state),
  )
  const said = { status, reason_code, note, at: new Date(at).toISOString() }
  const was = before && { status: before.status, reason_code: before.reason_code, note: before.note }
  const entry = { action: 'lines.status_set', resource: 'line', resource_id: id, plant_id: line.plant_id }
  work.record({ ...entry, before: was, after: said }, tellLineStatus(line, said))
  if (status === 'down') work.announce(tellLineDowntime(line, said))
  return getLine(work, id)
}
