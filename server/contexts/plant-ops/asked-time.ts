import { lineRefusals } from './lines/refusals.ts'

const DAY_MS = 86_400_000
/** How far back what is recorded of lines and batches can be corrected. */
export const LONGEST_BACK_DAYS = 62
/** Clocks differ: what is said to be this little ahead is now. */
const AHEAD_MS = 60_000

/** The instant that a request speaks of, epoch ms; now where it says none. Never in the future, nor before what can be corrected. */
export function askedInstant(at: string | undefined, now: Date, field = 'at'): number {
  if (at === undefined) return now.getTime()
  const instant = Date.parse(at)
  if (instant > now.getTime() + AHEAD_MS) {
    throw lineRefusals.refuse('plant_ops.in_future', { details: [{ field, message: 'is in the future' }] })
  }
  if (instant < now.getTime() - LONGEST_BACK_DAYS * DAY_MS) {
    const message = `is more than ${LONGEST_BACK_DAYS} days ago`
    throw lineRefusals.refuse('plant_ops.too_far_back', { details: [{ field, message }] })
  }
  return Math.min(instant, now.getTime())
}
