import { dayOf } from '../shifts/shift-times.ts'
import type { Span } from './spans.ts'

const DAY_MS = 86_400_000
const LONGEST_MS = 400 * DAY_MS
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/**
 * The period asked for: a day means the whole of it in the plant's zone, at the end too; a time is taken as it is. Without an end
 * it ends now, without a beginning it is the 24 hours before its end. Null where it does not begin before it ends, or is too long.
 */
export function oeePeriod(asked: { from?: string; to?: string }, zone: string, now: number): Span | null {
  // Zones had no offsets in whole minutes long ago, and after the last day that can be written there is no next one.
  if ([asked.from, asked.to].some((text) => text !== undefined && (text < '1970' || text > '9000'))) return null
  const at = (text: string, end: 'from' | 'to'): number => (isDay(text) ? dayOf(text, zone)[end] : Date.parse(text))
  const to = asked.to === undefined ? now : at(asked.to, 'to')
  const from = asked.from === undefined ? to - DAY_MS : at(asked.from, 'from')
  return from < to && to - from <= LONGEST_MS ? { from, to } : null
}
